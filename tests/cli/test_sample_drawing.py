"""Drawing and dealing: balanced over speakers, the same by seed, a tenth heard twice."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.drawing import DOUBLED_EVERY, deal, draw


def people(sizes):
    """Utterances by group, one number of utterances per speaker."""
    speakers, groups = {}, {}
    for group, held in sizes.items():
        for number, count in enumerate(held):
            groups[f"{group}-{number}"] = group
            speakers |= {f"{group}-{number}-{k}": f"{group}-{number}" for k in range(count)}
    return speakers, groups


SIZES = {"east": [50, 1, 3, 7], "west": [2] * 30, "south": [4]}


@given(st.integers(1, 80), st.integers(0, 50))
def test_no_speaker_gives_another_utterance_before_every_one_gave_as_many(per_group, seed):
    speakers, groups = people(SIZES)
    for part in draw(speakers, groups, list(SIZES), per_group, seed):
        given_by = Counter(speakers[u] for u in part.utterance_ids)
        held = dict(zip((f"{part.group}-{k}" for k in range(99)), SIZES[part.group], strict=False))
        most = max(given_by.values())
        assert all(given_by[s] >= min(most - 1, count) for s, count in held.items())
        assert len(part.utterance_ids) == len(set(part.utterance_ids)) == min(per_group, sum(held.values()))
        assert (part.speakers, part.available, part.available_speakers) == (
            len(given_by), sum(held.values()), len(held)
        )  # fmt: skip


def test_a_draw_depends_on_the_seed_and_the_group_alone():
    speakers, groups = people(SIZES)
    alone = draw(speakers, groups, ["west"], 10, seed=3)
    backwards = dict(reversed(speakers.items()))
    assert draw(backwards, groups, ["east", "west"], 10, seed=3)[1] == alone[0]
    assert draw(speakers, groups, ["west"], 10, seed=4) != alone


@pytest.mark.parametrize("transcribers", [1, 2, 3, 5])
@pytest.mark.parametrize("per_group", [1, 3, 40])
def test_everything_drawn_is_heard_and_a_tenth_of_it_twice(transcribers, per_group):
    speakers, groups = people({"east": [1] * 40, "west": [1] * 40})
    drawn = draw(speakers, groups, ["east", "west"], per_group, seed=1)
    rows = deal(drawn, transcribers, seed=1)
    assert rows == deal(drawn, transcribers, seed=1)
    total = 2 * per_group
    twice = [row.utterance_id for row in rows if row.turn == 2]
    assert sorted(row.utterance_id for row in rows if row.turn == 1) == sorted(
        u for part in drawn for u in part.utterance_ids
    )
    assert len(twice) == len(set(twice))
    assert max(1, total // DOUBLED_EVERY) <= len(twice) <= -(-total // DOUBLED_EVERY)
    assert [row.item for row in rows] == [f"item-{n:04d}" for n in range(1, len(rows) + 1)]
    if transcribers > 1:
        assert len({(row.sheet, row.utterance_id) for row in rows}) == len(rows)


@pytest.mark.parametrize("transcribers", [2, 3, 4])
def test_every_transcriber_hears_about_as_many_of_each_group(transcribers):
    speakers, groups = people({"east": [1] * 60, "west": [1] * 30})
    rows = deal(draw(speakers, groups, ["east", "west"], 50, seed=2), transcribers, seed=2)
    loads = Counter((row.sheet, groups[speakers[row.utterance_id]]) for row in rows)
    for group in ("east", "west"):
        own = [loads[sheet, group] for sheet in range(1, transcribers + 1)]
        assert max(own) - min(own) <= 1


@pytest.mark.parametrize("per_group", [1, 5, 37, 38])
def test_one_transcriber_hears_the_doubled_ones_half_a_sheet_apart(per_group):
    speakers, groups = people({"east": [1] * 40})
    rows = deal(draw(speakers, groups, ["east"], per_group, seed=5), 1, seed=5)
    places = {}
    for place, row in enumerate(rows):
        places.setdefault(row.utterance_id, []).append((place, row.turn))
    doubled = [held for held in places.values() if len(held) == 2]
    assert doubled
    for (first, turn), (second, again) in doubled:
        assert (turn, again, second - first) == (1, 2, len(rows) // 2)


def test_the_order_of_a_sheet_tells_nothing_of_the_groups():
    speakers, groups = people({"east": [1] * 40, "west": [1] * 40})
    rows = deal(draw(speakers, groups, ["east", "west"], 40, seed=1), 1, seed=1)
    order = [groups[speakers[row.utterance_id]] for row in rows]
    changes = sum(one != other for one, other in pairwise(order))
    assert changes > len(rows) // 3

"""The calls of a run, walked again through other services: rates by group, and the change that narrows a gap most."""

import dataclasses
import random
import statistics

import pyarrow as pa
import pytest
from calling import TEXTS, PlainCall, heard, lasting, offered, small, spoken

from callgap.call_records import WHAT_IF
from callgap.corpus import Attribute
from callgap.fairness import membership
from callgap.fairness.evidence import Evidence
from callgap.ivr import changes, walk
from callgap.ivr.callers import numbers_said
from callgap.records import HYPOTHESES, SCORES, table
from callgap.report.what_if import what_if_view
from callgap.report.what_if_words import CAUTION, KEYS
from callgap.what_if import ENDPOINTS, OTHER_CALLS, what_if_rows

POLICY = {"minimum_speakers": {"disadvantaged": 10}}


def seen(graph, utterances, hypotheses):
    """What an evaluation hands over, with nothing in it that what-if does not look at."""
    tables = utterances, hypotheses, lasting(utterances)
    evidence = Evidence(
        utterances=utterances, heard=hypotheses, probes=HYPOTHESES.empty_table(), scores=SCORES.empty_table(),
        outcomes=walk(graph, *tables), covariates=tables[2], normalizer="none", human=graph.human, phrases={},
        system="planted", condition="identity", membership={"accent": membership(utterances, "accent")},
    )  # fmt: skip
    return evidence, tables


def compared_with(reference):
    return {"accent": Attribute(label_source="assigned", reference=reference, description="")}


def rows_of(graph, utterances, hear, reference="a"):
    hypotheses = heard(graph, utterances, hear)
    evidence, tables = seen(graph, utterances, hypotheses)
    return table(what_if_rows(evidence, compared_with(reference), graph, tables), WHAT_IF).to_pylist()


def told(rows, faults=()):
    return what_if_view({"what_if": rows, "policy": POLICY, "faults": faults}, "accent", "p", plots=False)


def picked(rows, **keys):
    found = [row for row in rows if all(row[key] == value for key, value in keys.items())]
    assert len(found) == 1
    return found[0]


def by_hand(graph, utterances, hypotheses):
    """By speaker and endpoint the mean over the calls, one call at a time."""
    takes = {}
    for row in utterances.to_pylist():
        takes.setdefault(row["speaker_id"], {}).setdefault(row["intent"], []).append(row["utterance_id"])
    texts = {(r["utterance_id"], r["grammar_id"]): (r["text"], r["confidence"]) for r in hypotheses.to_pylist()}
    counts, ends = {"bill": 4, "card": 2, "agent": 2}, {"bill": "paid", "card": "desk", "agent": "agent"}
    numbers = numbers_said(graph, "number", "bill", 4)
    found = {}
    for speaker, said in takes.items():
        calls = [
            PlainCall(graph, kind, said, texts, repeat, tuple(numbers[repeat % 4])).follow()
            for kind, count in counts.items()
            for repeat in range(count)
        ]
        reached = [call.path[-1] if call.path[-1] not in graph.nodes else None for call in calls]
        right = [at == ends[call.kind] for at, call in zip(reached, calls, strict=True)]
        numbered = [call for call in calls if "number" in call.path and call.kind == "bill"]
        found[speaker] = {
            "not_completed": [not r or call.wrong_number for r, call in zip(right, calls, strict=True)],
            "misrouted": [at not in (None, "agent") and not r for at, r in zip(reached, right, strict=True)],
            "wrong_number": [call.wrong_number for call in numbered],
            "seconds_per_call": [call.seconds for call in calls],
        }
    return {
        speaker: {name: statistics.fmean(values) if values else None for name, values in of.items()}
        for speaker, of in found.items()
    }


def mean(hand, endpoint, groups):
    values = [of[endpoint] for speaker, of in hand.items() if speaker[0] in groups and of[endpoint] is not None]
    return statistics.fmean(values) if len(values) > 1 else None


@pytest.mark.parametrize("reference", ["a", "everyone else"])
def test_rates_of_every_change_are_those_of_calls_that_are_walked_by_hand(reference):
    draw = random.Random(11)
    graph = small(attempts=2, confirm_below=0.4, reject_below=0.1)
    utterances = spoken({"a": 3, "b": 2, "c": 2})

    def hear(row, grammar):
        text = draw.choice([*TEXTS.values(), "", "mumble"]) if draw.random() < 0.3 else row["text"]
        return text, draw.random()

    hypotheses = heard(graph, utterances, hear)
    evidence, tables = seen(graph, utterances, hypotheses)
    rows = what_if_rows(evidence, compared_with(reference), graph, tables)
    rows = table(rows, WHAT_IF).to_pylist()
    # What the plain walk knows: thresholds and attempts of the whole service, keys at the main menu alone.
    compared = 0
    for change in changes(graph, hypotheses):
        if change.name not in ("attempts", "reject_below", "confirm_below") or change.value == "never":
            continue
        hand = by_hand(change.graph, utterances, hypotheses)
        for endpoint in ENDPOINTS:
            for group in "abc":
                row = picked(rows, group=group, change=change.name, value=change.value, endpoint=endpoint)
                rest = {"a", "b", "c"} - {group}
                expected = mean(hand, endpoint, {group}), mean(hand, endpoint, rest)
                assert row["rate"] == (None if expected[0] is None else pytest.approx(expected[0]))
                if group == reference:
                    assert row["difference"] is None
                    continue
                assert row["others_rate"] == (None if expected[1] is None else pytest.approx(expected[1]))
                against = mean(hand, endpoint, {"a"}) if reference == "a" else expected[1]
                assert row["difference"] == (
                    None if None in (expected[0], against) else pytest.approx(expected[0] - against)
                )
                compared += 1
    assert compared > 100


CARD = {"card": dataclasses.replace(small().calls["card"])}


def without_keys(graph):
    """The main menu alone, with nothing that could be typed."""
    main = graph.nodes["main"]
    answers = tuple(dataclasses.replace(answer, key=None) for answer in main.answers if answer.goto == "desk")
    return {"main": dataclasses.replace(main, answers=answers)}


ALONE = {"ends": {name: end for name, end in small().ends.items() if name != "paid"}, "calls": CARD}
ALONE |= {"always": tuple(dataclasses.replace(answer, key=None) for answer in small().always), "calls_per_speaker": 1}
ALONE |= {"nodes": without_keys(small())}


def fails_first(row, grammar):
    """Of group b, what is wanted is understood from the third take of a call on; they have one take of each number."""
    late = row["accent"] == "b" and row["intent"] in ("bill", "card", "agent") and row["take"] in (0, 1)
    return "" if late else row["text"]


def test_one_more_attempt_that_closes_a_gap_is_found_and_costs_the_others_nothing():
    graph = small(**(ALONE | {"attempts": 2}))
    view = told(rows_of(graph, spoken({"a": 10, "b": 10}), fails_first))
    assert (view.best.change, view.best.value) == ("attempts", "3")
    assert view.best.gap("b") == 0
    assert "allowing 3 attempts at every node narrows it most: no gap is left" in view.sentences[1]
    assert "the group does better (100.0% → 0.0%)" in view.sentences[1]
    assert "0.0% → 0.0% do not reach what they asked for" in view.sentences[2]
    assert view.sentences[-1] == CAUTION


def test_a_threshold_that_narrows_a_gap_by_harming_everyone_else_says_so():
    """What a says is understood with little confidence; what b says is not understood at all."""
    graph = small(**ALONE)

    def hear(row, grammar):
        return ("", 0.9) if row["accent"] == "b" else (row["text"], 0.2)

    view = told(rows_of(graph, spoken({"a": 10, "b": 10}), hear))
    assert view.best.change == "reject_below"
    assert 0.2 < float(view.best.value) <= 0.9
    assert "only because a callers do worse (0.0% → 100.0%)" in view.sentences[1]
    assert "Everyone else, before and after: 0.0% → 100.0% do not reach what they asked for" in view.sentences[2]
    assert "No change narrows it without the group or everyone else missing more often" in view.sentences[3]


def test_beside_a_change_that_harms_stands_the_best_of_those_that_do_not():
    """A threshold levels all down; one more attempt helps half of the calls of b."""
    graph = small(**(ALONE | {"attempts": 2, "calls_per_speaker": 2}))

    def hear(row, grammar):
        if row["accent"] == "a":
            return row["text"], 0.2
        return ("", 0.9) if int(row["speaker_id"][1:]) % 2 or row["take"] < 2 else (row["text"], 0.9)

    view = told(rows_of(graph, spoken({"a": 10, "b": 10}, takes=4), hear))
    assert view.best.change == "reject_below"
    assert "Of the changes after which neither the group nor everyone else misses more often" in view.sentences[3]
    assert "allowing 4 attempts" in view.sentences[3] or "allowing 3 attempts" in view.sentences[3]


def test_a_perfect_recognizer_leaves_no_gap_and_no_change_is_recommended():
    graph = small(keys=offered())
    rows = rows_of(graph, spoken({"a": 10, "b": 10}), lambda row, _: (row["text"], 0.9))
    base = [row for row in rows if row["is_base"] and row["endpoint"] == "not_completed"]
    assert {row["rate"] for row in base} == {0.0}
    view = told(rows)
    assert view.best is None
    assert view.sentences == (
        "No group misses what it asked for more often than a callers: there is no gap for a change to narrow.",
    )


def test_a_gap_that_nothing_narrows_is_told_and_nothing_is_recommended():
    """Of group b nothing is ever understood, and there are no keys."""
    view = told(
        rows_of(small(**ALONE), spoken({"a": 10, "b": 10}), lambda r, _: "" if r["accent"] == "b" else r["text"])
    )
    assert view.best is None
    assert view.sentences[1].endswith("single changes narrows it.")


def test_keys_close_any_gap_of_recognition_and_it_is_said_what_that_assumes():
    graph = small(calls={"card": small().calls["card"], "bill": small().calls["bill"]})
    view = told(rows_of(graph, spoken({"a": 10, "b": 10}), lambda r, _: "" if r["accent"] == "b" else r["text"]))
    assert view.best.change == "keys"
    assert KEYS in view.sentences


def test_too_few_speakers_are_told_and_nothing_is_recommended():
    view = told(rows_of(small(), spoken({"a": 10, "b": 9}), fails_first))
    assert view.best is None
    assert view.sentences[0].startswith("No group has 10 speakers beside 10 of its reference: too few")
    assert view.trials


def test_a_rate_needs_two_speakers():
    rows = rows_of(small(), spoken({"a": 2, "b": 1}), lambda row, _: row["text"])
    own = picked(rows, group="b", change="attempts", value="3", endpoint="misrouted")
    assert (own["speakers"], own["rate"], own["difference"]) == (1, None, None)
    assert picked(rows, group="a", change="attempts", value="3", endpoint="misrouted")["rate"] == 0.0


def test_calls_with_a_lost_text_count_for_nobody():
    def lost(row, grammar):
        return "missing" if row["speaker_id"] == "b0" and row["intent"] == "card" else row["text"]

    rows = rows_of(small(), spoken({"a": 2, "b": 2}), lost)
    assert picked(rows, group="b", change="attempts", value="3", endpoint="not_completed")["rate"] == 0.0


def test_a_change_that_makes_other_calls_is_left_out_with_the_reason():
    """Who never said yes cannot make a call that is asked back; without the question they could."""
    graph = small()
    utterances = spoken({"a": 2, "b": 2})
    mute = [not (row["speaker_id"] == "b0" and row["intent"] == "yes") for row in utterances.to_pylist()]
    rows = rows_of(graph, utterances.filter(pa.array(mute)), lambda row, _: row["text"])
    left = [row for row in rows if row["left_out"]]
    assert [(row["change"], row["value"], row["left_out"]) for row in left] == [("confirm_below", "never", OTHER_CALLS)]
    assert told(rows).left_out == (f"never asking for confirmation ({OTHER_CALLS})",)


def test_groups_whose_figures_may_not_be_published_are_not_shown():
    rows = rows_of(small(), spoken({"a": 10, "b": 10, "c": 10}), fails_first)
    fault = {"attribute": "accent", "group": "b", "fault": "x", "detail": "x", "consequence": "not published"}
    assert told(rows).group == "b"
    assert told(rows, [fault]).group == "c"
    assert all(group != "b" for trial in told(rows, [fault]).trials for group, _ in trial.rows)


def test_a_service_that_is_no_graph_is_not_walked_again():
    graph = small()
    evidence, tables = seen(graph, *(lambda u: (u, heard(graph, u)))(spoken({"a": 2})))
    assert what_if_rows(evidence, {}, object(), tables) == []
    assert what_if_view({"policy": POLICY}, "accent", "p", plots=False) is None


def test_the_drawing_shows_every_change_and_each_group_by_its_part():
    rows = rows_of(small(keys=offered()), spoken({name: 10 for name in "abcdefghijklm"}), fails_first)
    view = what_if_view({"what_if": rows, "policy": POLICY}, "accent", "p", plots=True)
    assert view.others == 11
    for drawing in (view.wide, view.narrow):
        assert drawing.startswith("<svg")
        assert all(title in drawing for title in ("Attempts", "Confirmation", "Telephone keys", "Grammar"))
        # One line for each group in each of the four panels, confidences being none.
        assert drawing.count("var(--few)") >= 4 * 11
        assert "#0" not in drawing

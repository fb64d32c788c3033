"""Authentication accepts whom the records say was heard, no sooner and nobody else."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import PEOPLE, dialogue, right, write_evi

from callgap.corpus.evi import EviCorpus
from callgap.errors import InputError
from callgap.ivr import Authentication
from callgap.records import HYPOTHESES, table

ITEMS = ("postcode", "name", "dob")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("evi")


def calls(folder, heard, ask="item", **options):
    """Outcomes of one dialogue of the caller with record r1, by the item that a call begins with."""
    write_evi(folder, [dialogue("d", "s", "r1", heard)])
    said = EviCorpus(root=folder).utterances()
    rows = [
        {"utterance_id": u, "grammar_id": "open", "text": "", "status": "ok", "n_best": heard.get((item, take), [])}
        for u, item, take in zip(*(said[name].to_pylist() for name in ("utterance_id", "item", "take")), strict=True)
    ]
    service = Authentication(file=folder / "records.en.csv", ask=ask, **options)
    found = service.outcomes(said, table(rows, HYPOTHESES)).to_pylist()
    return {said["item"].to_pylist()[said["utterance_id"].to_pylist().index(row["call_id"])]: row for row in found}


@pytest.mark.parametrize("attempt", [0, 1, 2])
def test_an_item_heard_right_is_accepted_at_that_attempt(folder, attempt):
    for row in calls(folder, right("r1", attempt)).values():
        assert (row["outcome"], row["reached"], row["turns"]) == ("routed", "own record", attempt + 1)
        assert row["reprompts"] == attempt


def test_nothing_heard_ends_nowhere_after_the_last_attempt(folder):
    for row in calls(folder, {}).values():
        assert (row["outcome"], row["reached"], row["turns"]) == ("not_understood", None, 3)


def test_the_item_of_another_is_taken_for_the_caller_and_ends_the_attempts(folder):
    for row in calls(folder, right("r2") | right("r1", 1)).values():
        assert (row["outcome"], row["reached"], row["turns"]) == ("misrouted", "another record", 1)


def test_alternatives_are_tried_in_order_and_no_deeper_than_allowed(folder):
    heard = {("name", 0): ["nobody", "ann lee", "bo hart"], ("dob", 0): ["7 march 1950"]}
    found = calls(folder, heard)
    assert found["name"]["outcome"] == found["dob"]["outcome"] == "routed"
    assert calls(folder, heard, alternatives=1)["name"]["outcome"] == "not_understood"


def test_attempts_beyond_those_allowed_are_never_heard(folder):
    assert calls(folder, right("r1", 2), attempts=2)["dob"]["outcome"] == "not_understood"


def test_a_record_needs_all_three_items_and_they_may_come_at_different_attempts(folder):
    (row,) = calls(folder, right("r1"), "record").values()
    assert (row["outcome"], row["turns"]) == ("routed", 1)
    parts = {("postcode", 0): ["AB1 2CD"], ("name", 1): ["ann lee"], ("dob", 2): ["7 march 1950"]}
    (row,) = calls(folder, parts, "record").values()
    assert (row["outcome"], row["turns"]) == ("routed", 3)
    mixed = right("r1") | {("dob", 0): [PEOPLE["r2"][2]]}
    (row,) = calls(folder, mixed, "record").values()
    assert row["outcome"] == "not_understood"


def test_of_two_records_that_were_heard_whole_the_better_ranked_is_taken(folder):
    both = {key: [*right("r2")[key], *right("r1")[key]] for key in right("r1")}
    (row,) = calls(folder, both, "record").values()
    assert row["reached"] == "another record"
    swapped = {key: both[key][::-1] for key in both}
    (row,) = calls(folder, swapped, "record").values()
    assert row["reached"] == "own record"


SAID = st.sampled_from([None, *PEOPLE])


@settings(max_examples=40)
@given(heard=st.dictionaries(st.tuples(st.sampled_from(ITEMS), st.integers(0, 2)), st.lists(SAID, max_size=3)))
def test_outcomes_are_those_of_a_plain_search(folder, heard):
    lists = {
        (item, take): [PEOPLE[r][ITEMS.index(item)] if r else "please wait now" for r in of]
        for (item, take), of in heard.items()
    }
    found = calls(folder, lists)
    for item in ITEMS:
        first = next(((t + 1, r) for t in range(3) for r in heard.get((item, t), []) if r), (3, None))
        reached = {None: None, "r1": "own record"}.get(first[1], "another record")
        assert (found[item]["turns"], found[item]["reached"]) == (first[0], reached)
    (row,) = calls(folder, lists, "record").values()
    whole = None
    for take in range(3):
        known = [{r for t in range(take + 1) for r in heard.get((item, t), []) if r} for item in ITEMS]
        if whole is None and (matching := set.intersection(*known)):
            whole = take + 1, matching
    assert row["turns"] == (whole[0] if whole else 3)
    assert (row["reached"] is None) == (whole is None)
    if whole:
        assert row["reached"] == "own record" if whole[1] == {"r1"} else True
        assert row["reached"] == "another record" if "r1" not in whole[1] else True


def test_a_turn_that_the_recognizer_owes_makes_the_call_lost(folder):
    write_evi(folder, [dialogue("d", "s", "r1", right("r1"))])
    said = EviCorpus(root=folder).utterances()
    rows = [
        {"utterance_id": u, "grammar_id": "open", "status": "missing" if n == 4 else "ok", "n_best": []}
        for n, u in enumerate(said["utterance_id"].to_pylist())
    ]
    service = Authentication(file=folder / "records.en.csv")
    ended = service.outcomes(said, table(rows, HYPOTHESES))["outcome"].to_pylist()
    assert ended == ["not_understood", "lost", "not_understood"]


def test_records_that_cannot_be_read_are_refused_without_quoting_them(tmp_path):
    write_evi(tmp_path, [dialogue("d", "s", "r1", {})])
    path = tmp_path / "records.en.csv"
    path.write_text(path.read_text().replace("1972-10-07", "1972-20-07"))
    with pytest.raises(InputError, match=r"records\.en\.csv: the dob of the record 'r2' cannot be read") as refusal:
        Authentication(file=path).check()
    assert "1972" not in str(refusal.value)
    path.write_text("scenario_id,name,dob\nr1,a,1950-01-01\n")
    with pytest.raises(InputError, match="the column 'postcode' is missing"):
        Authentication(file=path).check()
    with pytest.raises(InputError, match=r"ivr\.file: found nothing"):
        Authentication().check()


def test_an_empty_table_of_utterances_makes_no_call(folder):
    write_evi(folder, [dialogue("d", "s", "r1", {})])
    said = EviCorpus(root=folder).utterances()
    found = Authentication(file=folder / "records.en.csv").outcomes(said, pa.Table.from_pylist([], HYPOTHESES))
    assert found.num_rows == 0

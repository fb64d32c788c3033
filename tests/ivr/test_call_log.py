"""Outcomes looked up in a log of calls."""

import pytest
from logged import CALLS, call_rows, write_calls

from callgap.errors import InputError
from callgap.ivr import CallLog
from callgap.records import HYPOTHESES, table, utterances_schema

ROWS = list(call_rows())
WHOLE = {"key": "call_id", "attempts": "attempts", "seconds": "seconds"}


def utterances(rows, fault=None, prompt=None):
    said = [
        {
            "utterance_id": r["call_id"],
            "speaker_id": r["caller"],
            "intent": r["expected"],
            "slots": [],
            "prompt_id": prompt,
        }
        for r in rows
    ]
    return table([row | {"fault": fault} for row in said], utterances_schema([]))


def hypotheses(rows, status="ok"):
    return table([{"utterance_id": r["call_id"], "grammar_id": "open", "status": status} for r in rows], HYPOTHESES)


def outcomes(path, rows=ROWS, status="ok", **options):
    service = CallLog(file=path, **{**WHOLE, **options})
    return service.outcomes(utterances(rows), hypotheses(rows, status)).to_pylist()


def test_every_call_ends_as_the_log_says(tmp_path):
    found = outcomes(write_calls(tmp_path / "calls.csv"), human="agent")
    assert [row["call_id"] for row in found] == [row["call_id"] for row in ROWS]
    for row, logged in zip(found, ROWS, strict=True):
        reached = logged["reached"] or None
        assert (row["expected"], row["reached"]) == (logged["expected"], reached)
        assert (row["turns"], row["reprompts"]) == (int(logged["attempts"]), int(logged["attempts"]) - 1)
        assert row["seconds"] == float(logged["seconds"])
        wanted = "not_understood" if reached is None else "human" if reached == "agent" else None
        assert row["outcome"] == (wanted or ("routed" if reached == logged["expected"] else "misrouted"))


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "nan", "none", " none ", "NULL", "None"])
def test_cells_that_state_no_destination_are_nowhere(tmp_path, cell):
    (row,) = outcomes(write_calls(tmp_path / "calls.csv", [ROWS[0] | {"reached": cell}]), ROWS[:1])
    assert (row["reached"], row["outcome"]) == (None, "not_understood")


def test_what_is_not_logged_is_null_and_not_zero(tmp_path):
    path = write_calls(tmp_path / "calls.csv", columns=CALLS[:5])
    for row in outcomes(path, attempts=None, seconds=None):
        assert row["turns"] is row["reprompts"] is row["seconds"] is None
    path = write_calls(tmp_path / "empty.csv", [ROWS[0] | {"attempts": "", "seconds": ""}])
    assert outcomes(path, ROWS[:1])[0]["turns"] is None


def test_rows_without_an_id_are_known_by_their_number(tmp_path):
    path = write_calls(tmp_path / "calls.csv", columns=CALLS[1:])
    rows = [row | {"call_id": f"row-{n:06d}"} for n, row in enumerate(ROWS, start=1)]
    found = outcomes(path, rows, key=None)
    assert [row["reached"] or "" for row in found] == [row["reached"] for row in ROWS]


def test_all_calls_with_one_prompt_can_share_an_end(tmp_path):
    (tmp_path / "ends.csv").write_text("prompt,scenario,action\np,alarm,set\n")
    service = CallLog(file=tmp_path / "ends.csv", key="prompt", by="prompt_id", reached=("scenario", "action"))
    found = service.outcomes(utterances(ROWS[:3], prompt="p"), hypotheses(ROWS[:3])).to_pylist()
    assert [row["reached"] for row in found] == ["alarm_set"] * 3


def test_calls_that_are_excluded_begin_none_and_those_without_a_row_are_lost(tmp_path):
    path = write_calls(tmp_path / "calls.csv", ROWS[:4])
    assert outcomes(path, ROWS[:4], status="excluded") == []
    assert {row["outcome"] for row in outcomes(path, ROWS[:4], status="missing")} == {"lost"}
    assert [row["outcome"] for row in outcomes(path, ROWS[:6])][4:] == ["lost", "lost"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("attempts", cell) for cell in ("0", "1.5", "two", "-1", "inf")),
        *(("seconds", cell) for cell in ("-3", "0:20", "inf", "1e12")),
    ],
)
def test_a_number_that_is_none_is_refused_with_its_row_and_column(tmp_path, column, cell):
    path = write_calls(tmp_path / "calls.csv", [*ROWS[:2], ROWS[2] | {column: cell}])
    with pytest.raises(InputError, match=rf"row 3.*column '{column}': found '{cell}'; accepted: .* or nothing"):
        CallLog(file=path, **WHOLE).check()


def test_a_log_that_is_not_there_or_lacks_a_column_or_names_a_call_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        CallLog(file=tmp_path / "none.csv").check()
    with pytest.raises(InputError, match=r"ivr\.file: found nothing"):
        CallLog().check()
    path = write_calls(tmp_path / "calls.csv", [ROWS[0], ROWS[1], ROWS[0]])
    with pytest.raises(InputError, match=r"row 3.*'c1' stands in 'call_id' more than once"):
        CallLog(file=path, **WHOLE).check()
    with pytest.raises(InputError, match=r"there is no column 'end'; .*reached"):
        CallLog(file=path, key="call_id", reached=("end",)).check()

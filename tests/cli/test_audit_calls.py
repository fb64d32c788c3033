"""Logs of calls: audited by their columns, without one text."""

import csv
import json

import pandas as pd
import pytest
from logged import CALLS, call_rows, write_calls
from runs import callgap

ROWS = list(call_rows())
NORTH = ["--reference-group", "north"]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calls")
    write_calls(folder / "calls.csv", ROWS)
    done = callgap("audit", "calls.csv", "--human", "agent", *NORTH, cwd=folder)
    return folder / "audit-calls", done.stdout


def rows_of(run, table):
    return pd.read_csv(run / f"{table}.csv", keep_default_na=False, dtype=str)


def refused(folder, *arguments):
    done = callgap("audit", *arguments, cwd=folder, check=False)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not list(folder.glob("audit-*"))
    return done.stderr


def test_what_was_found_is_said_first(audited):
    _, said = audited
    assert "calls: 96 of calls.csv, for expected, ended at reached" in said
    assert "ended where no call was for: hours" in said
    assert "groups: accent (against north)" in said


def test_shares_are_compared_and_judged_and_means_are_compared(audited):
    folder, _ = audited
    contrasts = rows_of(folder / "calls", "contrasts").set_index("endpoint")
    frame = pd.DataFrame(ROWS)
    for endpoint, wrong in (
        ("not_completed", frame["reached"] != frame["expected"]),
        ("misrouted", (frame["reached"] != frame["expected"]) & (frame["reached"] != "")),
    ):
        rates = wrong.groupby([frame["accent"], frame["caller"]]).mean().groupby("accent").mean()
        assert float(contrasts.loc[endpoint, "group_rate"]) == pytest.approx(rates["south"])
        assert float(contrasts.loc[endpoint, "difference"]) == pytest.approx(rates["south"] - rates["north"])
        assert contrasts.loc[endpoint, "verdict"]
    calls = rows_of(folder / "calls", "calls").set_index(["group", "endpoint"])
    for endpoint, value in (
        ("seconds_per_call", frame["seconds"].astype(float)),
        ("reprompts_per_call", frame["attempts"].astype(int) - 1),
    ):
        means = value.groupby([frame["accent"], frame["caller"]]).mean().groupby("accent").mean()
        row = calls.loc[("south", endpoint)]
        assert float(row["difference"]) == pytest.approx(means["south"] - means["north"])
        assert float(row["difference_lower"]) < float(row["difference"]) < float(row["difference_upper"])


def test_no_word_is_counted_anywhere_and_the_report_shows_the_calls(audited):
    folder, _ = audited
    groups = rows_of(folder / "calls", "groups")
    assert set(groups["wer"]) == set(groups["cer"]) == {""}
    assert set(groups["words"]) == {"0"}
    assert "Seconds per call" in (folder / "report.html").read_text()
    assert "What became of the calls" in (folder / "report.md").read_text()


def test_an_audited_log_can_be_scored_shown_gated_and_published(audited, tmp_path):
    folder, _ = audited
    before = (folder / "calls" / "calls.csv").read_bytes()
    callgap("score", folder / "calls", cwd=tmp_path)
    assert (folder / "calls" / "calls.csv").read_bytes() == before
    shown = callgap("show", folder / "calls", ROWS[0]["call_id"], cwd=tmp_path).stdout
    assert f"call: asked for {ROWS[0]['expected']}, reached {ROWS[0]['reached'] or 'nothing'}" in shown
    assert callgap("gate", folder, cwd=tmp_path, check=False).exit_code in (0, 1, 3)
    callgap("publish", folder / "calls", "--to", "calls", cwd=tmp_path)
    published = tmp_path / "results" / "calls"
    assert (published / "calls.csv").read_bytes() == before
    callers = {row["caller"] for row in ROWS}
    for file in published.iterdir():
        text = file.read_text(encoding="utf-8")
        assert str(folder) not in text
        assert not any(f'"{caller}"' in text for caller in callers), file.name


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_counts(audited, tmp_path, ending):
    folder, _ = audited
    path = tmp_path / f"calls.{ending}"
    if ending == "tsv":
        write_calls(path, ROWS, delimiter="\t")
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        pd.DataFrame(ROWS).to_parquet(path)
    callgap("audit", path.name, "--human", "agent", *NORTH, cwd=tmp_path)
    for table in ("calls", "contrasts"):
        made = rows_of(tmp_path / "audit-calls" / "calls", table)
        pd.testing.assert_frame_equal(made, rows_of(folder / "calls", table))


def test_columns_of_other_names_are_named_and_ids_and_numbers_may_lack(tmp_path):
    names = {"caller": "who", "accent": "spoken", "expected": "for", "reached": "got"}
    rows = [{names.get(k, k): v for k, v in row.items() if k in names} for row in ROWS]
    write_calls(tmp_path / "log.csv", rows, columns=[*names.values()])
    options = ["--speaker", "who", "--group", "spoken", "--expected", "for", "--reached", "got", *NORTH]
    done = callgap("audit", "log.csv", *options, cwd=tmp_path)
    assert "not logged: attempts, seconds" in done.stdout
    endpoints = set(rows_of(tmp_path / "audit-log" / "log", "calls")["endpoint"])
    assert endpoints == {"not_completed", "misrouted", "not_understood"}


def test_callers_may_be_described_in_a_table_of_their_own_and_two_logs_are_two_systems(tmp_path):
    without = [name for name in CALLS if name != "accent"]
    write_calls(tmp_path / "old.csv", ROWS, columns=without)
    write_calls(tmp_path / "new.csv", [row | {"reached": row["expected"]} for row in ROWS], columns=without)
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["caller", "accent"])
        writer.writerows(sorted({(row["caller"], row["accent"]) for row in ROWS}))
    callgap("audit", "old.csv", "new.csv", "people.csv", *NORTH, cwd=tmp_path)
    made = {name: rows_of(tmp_path / "audit-old" / name, "contrasts") for name in ("old", "new")}
    assert float(made["new"]["group_rate"].max()) == 0
    assert float(made["old"]["group_rate"].max()) > 0


def test_a_perfect_service_shows_no_gap_and_is_not_called_within_the_margin(tmp_path):
    write_calls(tmp_path / "calls.csv", [row | {"reached": row["expected"]} for row in ROWS])
    callgap("audit", "calls.csv", *NORTH, cwd=tmp_path)
    contrasts = rows_of(tmp_path / "audit-calls" / "calls", "contrasts")
    assert set(contrasts["difference"].astype(float)) == {0.0}
    assert (contrasts["difference_upper"].astype(float) > 0).all()
    assert not set(contrasts["verdict"]) & {"within margin", "disadvantaged"}


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"seconds": "long"}, [], "row 1.*column 'seconds': found 'long'; accepted: seconds from 0 on"),
        ({"attempts": "0"}, [], "row 1.*column 'attempts': found '0'; accepted: a whole number of attempts"),
        ({"attempts": "1e9"}, [], "column 'attempts': found '1e9'; .*from 1 on, up to 1,000, or nothing"),
        ({"seconds": "-1"}, [], "column 'seconds': found '-1'; accepted: seconds from 0 on, up to 1,000,000"),
        ({"seconds": "1_0"}, [], "column 'seconds': found '1_0'; accepted: seconds"),
        ({"call_id": ROWS[1]["call_id"]}, [], "rows 1 and 2: both are the utterance"),
        ({"expected": ROWS[0]["expected"].upper()}, [], "found the destinations .* and .*; accepted: each under one"),
        ({}, ["--human", "agnet"], "--human: found 'agnet', where no call ended; did you mean 'agent'"),
        ({}, ["--expected", "reached", "--reached", "reached"], "--expected and --reached both name 'reached'"),
        ({}, ["--reached", "gone"], "--reached: no file has the column 'gone'"),
        ({}, ["--normalizer", "basic"], "--normalizer basic: .*holds calls and no texts"),
        ({}, ["--reference-group", "west"], "found 'west', which no speaker belongs to"),
    ],
)
def test_a_log_with_a_fault_is_refused_before_anything_is_written(tmp_path, change, options, said):
    write_calls(tmp_path / "calls.csv", [ROWS[0] | change, *ROWS[1:]])
    assert pd.Series([refused(tmp_path, "calls.csv", *options)]).str.contains(said, regex=True).all()


def test_logs_that_fit_nothing_are_refused(tmp_path):
    write_calls(tmp_path / "calls.csv", [row | {"reached": row["reached"].upper()} for row in ROWS])
    assert "no call ended where any was for" in refused(tmp_path, "calls.csv")
    write_calls(tmp_path / "calls.csv", ROWS, columns=[name for name in CALLS if name != "caller"])
    assert "has no column for the caller; name it with --speaker" in refused(tmp_path, "calls.csv")
    write_calls(tmp_path / "calls.csv", ROWS, columns=[name for name in CALLS if name != "accent"])
    assert "no file has a column to group callers by" in refused(tmp_path, "calls.csv")
    for lacking in ("expected", "reached"):
        write_calls(tmp_path / "calls.csv", ROWS, columns=[name for name in CALLS if name != lacking])
        assert "calls.csv says not both what was called for and what was reached; name the columns with" in refused(
            tmp_path, "calls.csv"
        )
    assert "says not both what was called for and what was reached" in refused(
        tmp_path, "calls.csv", "--expected", "expected"
    )
    write_calls(tmp_path / "calls.csv", ROWS)
    (tmp_path / "notes.csv").write_text("note\nx\n")
    assert "notes.csv plays no part beside logs of calls" in refused(tmp_path, "calls.csv", "notes.csv")


def test_two_columns_for_one_part_are_no_choice_of_ours(tmp_path):
    rows = [row | {"destination": row["reached"]} for row in ROWS]
    write_calls(tmp_path / "calls.csv", rows, columns=[*CALLS, "destination"])
    assert "both 'reached' and 'destination' may be the reached; say which with --reached" in refused(
        tmp_path, "calls.csv"
    )


def test_a_caller_in_two_groups_is_left_out_and_counted(tmp_path):
    other = {"north": "south", "south": "north"}
    first = ROWS[0] | {"accent": other[ROWS[0]["accent"]]}
    write_calls(tmp_path / "calls.csv", [first, *ROWS[1:]])
    callgap("audit", "calls.csv", *NORTH, cwd=tmp_path)
    groups = rows_of(tmp_path / "audit-calls" / "calls", "groups").set_index("group")["speakers"].astype(int)
    assert groups["contradictory"] == 1
    assert groups["north"] + groups["south"] == groups["everyone"] - 1


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_log_in_another_encoding_is_refused_and_a_byte_order_mark_is_none(tmp_path, encoding):
    rows = [row | {"accent": "né" if row["accent"] == "south" else row["accent"]} for row in ROWS]
    text = write_calls(tmp_path / "calls.csv", rows).read_text(encoding="utf-8")
    (tmp_path / "calls.csv").write_bytes(text.encode(encoding))
    assert "the bytes are not UTF-8; save the file as UTF-8" in refused(tmp_path, "calls.csv")
    (tmp_path / "calls.csv").write_bytes(text.encode("utf-8-sig"))
    assert "calls: 96 of calls.csv" in callgap("audit", "calls.csv", *NORTH, cwd=tmp_path).stdout

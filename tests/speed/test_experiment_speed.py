"""The time of a whole table: what is timed, that a wrong table is not, and that data may be absent."""

import csv
import subprocess
from pathlib import Path

import pytest
from runs import callgap

from callgap import speed, table_speed
from callgap.corpus.table import TableCorpus
from callgap.records import UTTERANCES
from callgap_kernels.speed.measure import WrongResultError

SAID = "good morning to all of you"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A sweep over what a recognizer wrote of 24 speakers, done in this process."""
    rows = [
        {"utterance_id": f"u{k}", "speaker_id": f"s{k}", "accent": "xy"[k % 2], "text": SAID, "heard": heard}
        for k, heard in enumerate([SAID, "good evening to all", "good morning"] * 8)
    ]
    with (tmp_path / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLGAP_DEVICE", "cpu")
    monkeypatch.setattr(table_speed, "command_s", command_s)
    monkeypatch.setattr(table_speed, "in_new_process", lambda work, runs, times: work(runs, times))
    file = str(tmp_path / "calls.csv")
    return [
        *("corpus=table", f"corpus.file={file}", "corpus.groups=[accent]", "+corpus.references.accent=x"),
        *("recognizer=transcripts", f"recognizer.file={file}", "recognizer.column=heard", "ivr=none"),
        *("fairness.resamples=1000", "fairness.permutations=200", "fairness.endpoints=[wer]"),
    ]


def command_s(*arguments: str) -> float:
    callgap(*arguments, cwd=Path.cwd())
    return 2.0


def utterances():
    return TableCorpus(file="calls.csv", groups=["accent"], references={"accent": "x"}).utterances()


@pytest.mark.slow
def test_every_way_of_making_a_table_is_timed(tiny: list[str], tmp_path: Path) -> None:
    rows = table_speed.timed_table(tiny, utterances(), tmp_path, rounds=1, device="cpu")
    assert [row.contender for row in rows] == [
        "callgap run, a new process",
        "callgap score, a new process",
        "callgap evaluating, first in a process",
        "callgap contrasts, first in a process",
        "callgap evaluating, again",
        "callgap contrasts, again",
    ]
    by_name = {row.contender.removeprefix("callgap "): row.us[1] for row in rows}
    assert by_name["run, a new process"] == 2e6
    assert 0 < by_name["contrasts, again"] < by_name["evaluating, again"]
    assert "24 utterances, 24 speakers, 1 systems" in rows[0].case
    assert "B = 1,000" in rows[0].case


def test_a_table_that_came_out_otherwise_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def makes(*arguments: str) -> float:
        run = tmp_path / "sweep-0" / "0-system"
        run.mkdir(parents=True, exist_ok=True)
        for name in ("report.json", "contrasts.csv", "groups.csv", "omnibus.csv"):
            (run / name).write_text(name + (arguments[0] if name == "groups.csv" else ""), encoding="utf-8")
        return 1.0

    monkeypatch.setattr(table_speed, "command_s", makes)
    with pytest.raises(WrongResultError, match="score gave other groups, contrasts or p-values than the first run"):
        table_speed.timed_table(["experiment=any"], UTTERANCES.empty_table(), tmp_path, rounds=1, device="cpu")


def test_a_command_that_fails_is_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 2, "", "callgap: no such run\n")

    monkeypatch.setattr(subprocess, "run", failed)
    with pytest.raises(WrongResultError, match="callgap score ended with 2: callgap: no such run"):
        table_speed.command_s("score", "no-such-run")


def test_a_corpus_that_is_not_there_is_said_and_no_row_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("CALLGAP_DEVICE", "cpu")
    assert speed.main(["--only", "table", "--out", "out"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("no time of experiment=afrispeech-vendors: corpus finds no data in ")
    assert not (tmp_path / "out").exists()

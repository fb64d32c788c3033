"""The written evidence: what stands in it, and the lines that README.md takes from it."""

import re
from pathlib import Path

import pytest

from callgap.proofs import families, run, summary
from callgap.proofs.oracle import Oracle
from callgap.proofs.writing import Page, read, write

EVIDENCE = Path(__file__).resolve().parents[2] / "results" / "evidence"
FACTS = {"commit": "0" * 40}


def test_a_table_is_written_for_programs_and_for_people(tmp_path):
    rows = [Oracle("limits", "scipy", "drawn", 5, 0, 1e-17, 1e-9)]
    write(Page("oracles", "Others", "Why.", FACTS), rows, tmp_path, ("what", "holds"))
    assert read(tmp_path / "oracles.csv")[0] | {"apart": ""} == {
        "what": "limits", "oracle": "scipy", "data": "drawn", "cases": "5", "differ": "0", "apart": "",
        "tolerance": "1e-09", "note": "", "holds": "yes",
    }  # fmt: skip
    page = (tmp_path / "oracles.md").read_text()
    assert "| what | holds |\n| --- | --- |\n| limits | yes |" in page
    assert f"| commit | {'0' * 40} |" in page


def test_a_failed_proof_is_told_as_such(tmp_path):
    rows = [
        families.Family("one reference", "even", 12, 500, 0.03, 0.07, True),
        families.Family("everyone else", "even", 12, 500, 0.09, 0.07, False),
    ]
    write(Page("families", "Many", "Why.", FACTS), rows, tmp_path)
    (line,) = summary.summarize(tmp_path)
    assert "9.0 %" in line.figure
    assert (line.bound[:13], line.holds) == ("at most 7.0 %", "no")


def test_the_command_writes_what_it_was_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "compile_at_once", lambda: None)
    assert run.main(["--only", "flags", "--out", str(tmp_path), "--workers", "1"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"flags.csv", "flags.md", "README.md"}
    assert "`hallucinated` is right" in (tmp_path / "README.md").read_text()
    assert "`wrong_language` is right" in capsys.readouterr().out
    assert {row["rule"] for row in read(tmp_path / "flags.csv")} >= {"loop", "hallucinated"}


def test_limits_that_cover_too_seldom_are_told_with_the_worst_place(tmp_path):
    head = "scenario,group,reference,gap,simulations,coverage"
    cells = ["even,5,300,0,2000,0.80", "calls,10,300,0,2000,0.91", "even,30,30,0,2000,0.95"]
    (tmp_path / "coverage.csv").write_text("\n".join([head, *cells]) + "\n")
    (line,) = summary.summarize(tmp_path)
    assert line.figure == "93.0 % on average, 91.0 % at worst (`calls`, 10 and 300 speakers)"
    assert (line.bound, line.holds) == ("at least 93.0 %", "not in 1 of 2: no verdict there")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--only", "flag"],
            "--only: found 'flag'; accepted: coverage, families, alterations, null, power, oracles, flags, naive",
        ),
        (["--simulations", "5"], "--simulations is 5; accepted is a whole number from 20 on"),
        (["--workers", "0"], "--workers is 0; accepted is a whole number from 1 on"),
        (["--out", __file__], f"--out {__file__}: File exists"),
    ],
)
def test_an_option_that_cannot_be_is_refused(arguments, message, capsys):
    assert run.main(arguments) == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_every_proof_is_published_with_the_commit_that_made_it():
    for name in summary.TABLES:
        page = (EVIDENCE / f"{name}.md").read_text(encoding="utf-8")
        assert re.search(r"^\| commit \| [0-9a-f]{40} \|$", page, re.MULTILINE), name
    assert (EVIDENCE / "cells.png").read_bytes().startswith(b"\x89PNG")


def test_what_must_hold_holds_in_the_published_tables():
    for name in ("families", "null", "power", "oracles"):
        assert [row for row in read(EVIDENCE / f"{name}.csv") if row["holds"] != "yes"] == []


def test_the_readme_shows_the_published_evidence():
    text = (EVIDENCE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert "\n".join(summary.readme_lines(EVIDENCE)) in text


def test_nothing_of_callgap_imports_the_proofs():
    package = Path(run.__file__).parents[1]
    files = [path for path in package.rglob("*.py") if path.parent.name != "proofs"]
    assert len(files) > 50
    assert [path for path in files if "callgap.proofs" in path.read_text(encoding="utf-8")] == []

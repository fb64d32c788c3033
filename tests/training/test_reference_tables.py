"""What was published of recognizers trained here: the control is found, and the README tells what the tables say."""

import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECOND_LANGUAGE = {"l2-de", "l2-es", "l2-fr", "l2-hi", "l2-it"}
SOME, EVERYONE = "reference-synthetic", "reference-synthetic-everyone"


def rows(publication, file):
    with (ROOT / "results" / publication / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def verdicts(system):
    return {
        row["group"]: row
        for row in rows("reference-synthetic", "contrasts.csv")
        if (row["system"], row["endpoint"], row["normalizer"]) == (system, "wer", "whisper-english")
    }


def test_accents_that_were_left_out_of_training_are_found_and_no_others():
    found = verdicts(SOME)
    harmed = {group for group, row in found.items() if row["verdict"] in ("disadvantaged", "gap, size uncertain")}
    assert harmed == SECOND_LANGUAGE
    assert sum(found[group]["verdict"] == "disadvantaged" for group in harmed) >= 2
    assert {row["evidence_grade"] for row in found.values()} == {"S"}


def test_trained_with_everyone_nobody_is_found():
    found = verdicts(EVERYONE)
    assert set(found) == set(verdicts(SOME))
    assert {row["verdict"] for row in found.values()} <= {"cannot tell", "within margin"}


@pytest.fixture(scope="module")
def readme():
    return " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_the_readme_tells_what_was_published(readme):
    row = verdicts(SOME)["l2-es"]
    points, lower, upper = (100 * float(row[f"difference{end}"]) for end in ("", "_lower", "_upper"))
    assert f"{points:.1f} more wrong than of `en-us` ones ({lower:.1f} to {upper:.1f})" in readme
    everyone = {r["system"]: r for r in rows("reference-fsdd", "table.csv") if r["attribute"] == "everyone"}
    ours, theirs = (f"{100 * float(everyone[name]['wer']):.1f}%" for name in ("reference-fsdd", "pocketsphinx"))
    assert f"it gets {ours} of the words wrong, PocketSphinx {theirs}" in readme
    heard = {r["system"]: r["speakers"] for r in rows("reference-synthetic", "table.csv") if r["group"] == "everyone"}
    assert heard == {SOME: "390", EVERYONE: "390"}

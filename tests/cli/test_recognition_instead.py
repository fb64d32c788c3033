"""Whether another recognizer without an alteration does as much as one after it: the same runs' own rates, paired."""

import json
from dataclasses import dataclass

import pytest
from runs import callgap
from spoken import rows, write

from callgap.alteration_effects import INSTEAD, instead_rows
from callgap.finished import Finished
from callgap.records import table

SYSTEMS = {"good": 4, "poor": 1}
SPEAKERS = 24


@dataclass
class Pair:
    """A run before and after an alteration that left it as it was."""

    before: Finished
    after: Finished
    before_name: str = "identity"
    after_name: str = "nothing"
    condition: str = "clean"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instead")
    write(folder / "said.csv", rows(SPEAKERS), ("id", "text", "speaker", "accent", "gender"))
    for name, wrong in SYSTEMS.items():
        write(folder / f"{name}.csv", rows(SPEAKERS, wrong=wrong), ("id", "hyp"))
    files = ["said.csv", *(f"{name}.csv" for name in SYSTEMS)]
    callgap("audit", *files, "--reference-group=accent=us", "--output=made", cwd=folder)
    return {name: Finished.open(folder / "made" / name) for name in SYSTEMS}


def of(found):
    return {(row["system"], row["attribute"], row["group"]): row for row in found}


def test_each_recognizer_after_is_beside_the_other_before_with_both_rates(made):
    found = instead_rows([Pair(made[name], made[name]) for name in SYSTEMS])
    assert table(found, INSTEAD).num_rows == len(found)
    by = of(found)
    for system, other, finding in (("good", "poor", "higher"), ("poor", "good", "lower")):
        row = by[system, "accent", "scotland"]
        assert (row["other_system"], row["finding"]) == (other, finding)
        for name, value in ((system, row["altered_value"]), (other, row["other_value"])):
            report = json.loads((made[name].directory.path / "report.json").read_text())
            (group,) = [g for g in report["groups"] if (g["attribute"], g["group"]) == ("accent", "scotland")]
            assert value == pytest.approx(group["wer"])
        assert row["difference"] == pytest.approx(row["other_value"] - row["altered_value"])
        assert row["difference_lower"] <= row["difference"] <= row["difference_upper"]
        assert by[system, "all", "all"]["utterances"] == made[system].utterances.num_rows


def test_one_recognizer_another_line_or_another_baseline_gives_nothing(made):
    good, poor = (Pair(made[name], made[name]) for name in SYSTEMS)
    assert instead_rows([good]) == []
    assert instead_rows([good, Pair(poor.before, poor.after, condition="g711u")]) == []
    assert instead_rows([good, Pair(poor.before, poor.after, before_name="resample-only")]) == []


def test_several_alterations_beside_one_baseline_compare_with_it_once(made):
    pairs = [Pair(run, run, after_name=name) for run in made.values() for name in ("x", "y")]
    found = instead_rows(pairs)
    keys = [(row["after"], row["system"], row["attribute"], row["group"]) for row in found]
    assert len(keys) == len(set(keys))
    assert {row["after"] for row in found} == {"x", "y"}

"""The procurement table of a publication: every figure is the runs' own, and nobody is named."""

import json

import pandas as pd
import pytest
from runs import callgap
from spoken import rows, write

SYSTEMS = {"good": 99, "fair": 3, "poor": 1}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("procurement")
    few = [row | {"id": f"few{n}", "speaker": f"few{n}", "accent": "wales"} for n, row in enumerate(rows())][:3]
    # What remains of a hesitation under the normalizer is no word.
    few.append(few[0] | {"id": "hesitant", "speaker": "hesitant", "text": "uh", "hyp": "uh"})
    write(folder / "said.csv", [*rows(), *few], ("id", "text", "speaker", "accent", "gender"))
    for name, wrong in SYSTEMS.items():
        write(folder / f"{name}.csv", [*rows(wrong=wrong), *few], ("id", "hyp"))
    files = ["said.csv", *(f"{name}.csv" for name in SYSTEMS)]
    callgap("audit", *files, "--reference-group=accent=us", "--output=made", cwd=folder)
    callgap("publish", "made", "--to=table", cwd=folder)
    return folder


def read(folder, name):
    return pd.read_csv(folder / "results" / "table" / name, keep_default_na=False, na_values=[""])


def test_one_row_per_system_and_attribute_with_the_runs_own_figures(published):
    table = read(published, "procurement.csv")
    assert sorted(zip(table["system"], table["attribute"], strict=True)) == sorted(
        (system, attribute) for system in SYSTEMS for attribute in ("accent", "gender")
    )
    for row in table[table["attribute"] == "accent"].itertuples():
        report = json.loads((published / "made" / row.system / "report.json").read_text())
        groups = {(g["attribute"], g["group"]): g for g in report["groups"]}
        everyone = groups["everyone", "everyone"]
        assert row.overall_wer == pytest.approx(everyone["wer"])
        assert (row.speakers, row.utterances) == (everyone["speakers"], everyone["utterances"])
        assert row.worst_group_wer == pytest.approx(groups["accent", row.worst_group]["wer"])
        assert pd.isna(row.completion)
        (contrast,) = [
            c
            for c in report["contrasts"]
            if (c["group"], c["endpoint"], c["normalizer"])
            == ("scotland", "wer", report["policy"]["primary_normalizer"])
        ]
        if row.worst_group == "scotland":
            assert row.gap == pytest.approx(contrast["difference"])
        assert row.verdict


def test_what_was_not_tested_names_small_groups_and_the_channel(published):
    row = read(published, "procurement.csv").query("attribute == 'accent'").iloc[0]
    assert "1 group with fewer than 10 speakers (4 in all): wales" in row["not_tested"]
    assert "a telephone channel" in row["not_tested"]
    assert "calls: no menu, no routing" in row["not_tested"]


def test_every_pair_stands_in_the_table_of_systems_and_the_ranks_follow_it(published):
    pairs, table = read(published, "systems.csv"), read(published, "procurement.csv")
    overall = pairs[(pairs["estimand"] == "overall") & (pairs["attribute"] == "accent")]
    assert {frozenset(pair) for pair in zip(overall["first"], overall["second"], strict=True)} == {
        frozenset(pair) for pair in (("good", "fair"), ("good", "poor"), ("fair", "poor"))
    }
    for row in table[table["attribute"] == "accent"].itertuples():
        lower = overall[
            ((overall["second"] == row.system) & (overall["finding"] == "first is lower"))
            | ((overall["first"] == row.system) & (overall["finding"] == "second is lower"))
        ]
        assert row.overall_rank_best == 1 + len(lower)
    assert (pairs.query("estimand == 'gap'")["reference"] == "us").all()


def test_the_markdown_says_how_to_read_it_and_names_nobody(published):
    text = (published / "results" / "table" / "procurement.md").read_text()
    assert "How to read it." in text
    assert "What cannot be concluded." in text
    assert "Not tested: " in text
    everyone = read(published, "procurement.csv")["speakers"].iloc[0]
    assert f"Systems are compared over the {everyone - 1} speakers whose words count for every one of them." in text
    files = ("procurement.md", "procurement.csv", "systems.csv")
    written = "".join((published / "results" / "table" / name).read_text() for name in files)
    assert not any(row["speaker"] in written for row in rows())


def test_of_one_system_nothing_is_written_and_what_was_is_removed(published):
    callgap("publish", "made/good", "--to=alone", cwd=published)
    (published / "results" / "stale").mkdir()
    (published / "results" / "stale" / "systems.csv").write_text("old")
    callgap("publish", "made/good", "--to=stale", cwd=published)
    for folder in ("alone", "stale"):
        names = {path.name for path in (published / "results" / folder).iterdir()}
        assert "table.md" in names
        assert not names & {"systems.csv", "procurement.csv", "procurement.md"}

"""The README's table is the published one."""

import csv
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "results" / "fsdd-ivr-digits"


def percent(value):
    return f"{100 * float(value):.1f}%" if value else "\u2013"


def rows():
    with (PUBLISHED / "table.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["attribute"] in ("everyone", "accent"):
                rates = [percent(row[name]) for name in ("wer", "misrouted", "not_completed")]
                cells = [row["condition"], row["group"], row["speakers"], f"{int(row['calls']):,}", *rates]
                yield f"| {' | '.join(cells)} |"


def test_every_row_of_the_published_table_stands_in_the_readme():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith(("| clean", "| g711u"))]
    assert table == list(rows())


def test_the_rejection_rates_of_the_readme_are_the_published_ones():
    clean = json.loads((PUBLISHED / "run.json").read_text())["runs"][0]
    counts, text = clean["rejection"], (ROOT / "README.md").read_text(encoding="utf-8")
    assert clean["choices"]["channel"] == "clean"
    assert f"refused {percent(counts['rejected'] / counts['in_grammar'])} of the clean digits" in text
    assert (
        f"accepted {percent(counts['accepted'] / counts['out_of_grammar'])} of {counts['out_of_grammar']} clips" in text
    )


def test_every_line_of_the_readme_is_a_published_one():
    with (ROOT / "results" / "channels-fsdd" / "table.csv").open(encoding="utf-8", newline="") as lines:
        everyone = [row for row in csv.DictReader(lines) if row["attribute"] == "everyone"]
    columns = ("wer", "misrouted", "not_completed", "false_reject")
    rows = [f"| `{row['condition']}` | {' | '.join(percent(row[name]) for name in columns)} |" for row in everyone]
    written = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 9
    assert [line for line in written if line.startswith("| `")] == rows

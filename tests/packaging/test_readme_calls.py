"""What the README says of whole calls is published."""

import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = " ".join(README.split())


def rows(name, table, **keys):
    with (RESULTS / name / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if keys.items() <= row.items()]


def one(name, table, **keys):
    (found,) = rows(name, table, **keys)
    return found


def percent(value):
    return f"{100 * float(value):.1f}%"


def points(value):
    return f"{100 * float(value):+.1f}".replace("-", "\N{MINUS SIGN}")


def test_the_calls_of_six_people_are_the_published_ones():
    for line, sentence in (
        ("clean", "{} of 600 calls heard directly do not end with the right number, and {} go on with a wrong one"),
        ("voip-lossy", "over a lossy internet line {} and {}"),
    ):
        lost, wrong = (
            one(
                "ivr-fsdd-account-number",
                "calls",
                group="everyone",
                condition=f"account-number over {line}",
                endpoint=endpoint,
            )
            for endpoint in ("not_completed", "wrong_number")
        )
        assert lost["calls"] == wrong["calls"] == "600"
        assert sentence.format(percent(lost["rate"]), percent(wrong["rate"])) in PROSE


def test_the_distance_of_the_microphone_is_the_published_one():
    rates = {
        (row["group"], row["condition"]): percent(row["rate"])
        for row in rows("ivr-slurp-distance", "calls", attribute="distance", endpoint="misrouted")
    }
    assert f"{rates['close', 'heard-text']} of requests to the wrong intent" in PROSE
    assert f"from a distant one {rates['distant', 'heard-text']}" in PROSE
    said = f"with what was really said {rates['close', 'reference-text']} and {rates['distant', 'reference-text']}"
    assert said in PROSE


def test_the_attempts_at_a_postcode_are_the_published_ones():
    first, third = (
        one("ivr-evi", "calls", group="postcode", condition="each-item", system="evi-en", endpoint=f"not_within_{n}")
        for n in (1, 3)
    )
    sentence = f"not right at the first attempt in {percent(first['rate'])} and after three in {percent(third['rate'])}"
    assert sentence in PROSE


def gaps():
    """By service and line, the contrasts in calls that were not completed."""
    sought = {"endpoint": "not_completed", "attribute": "accent", "standardized_by": ""}
    found = {}
    for row in rows("ivr-synthetic-services", "contrasts", **sought):
        found.setdefault(row["condition"], []).append(row)
    return found


def test_every_row_of_the_services_is_a_published_one():
    written = []
    for condition, contrasts in gaps().items():
        everyone = one("ivr-synthetic-services", "table", attribute="everyone", condition=condition)
        worst = max(contrasts, key=lambda row: float(row["difference"]))
        verdicts = Counter(row["verdict"] for row in contrasts)
        limits = f"{points(worst['difference_lower'])} to {points(worst['difference_upper'])}"
        written.append(
            f"| {condition} | {percent(everyone['not_completed'])} | {worst['group']} {points(worst['difference'])} "
            f"({limits}) | {worst['verdict']} | {verdicts['disadvantaged']} of {len(contrasts)} |"
        )
    assert len(written) == 8
    assert [line for line in README.splitlines() if re.match(r"\| [a-z-]+ over ", line)] == written

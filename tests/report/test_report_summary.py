"""report.json: plain values, nothing invented, nothing dropped."""

import dataclasses
import json
import math
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from callgap.report import Findings, ReportOptions, summarize


def test_the_summary_is_strict_json_and_survives_a_round_trip(synthetic: Findings) -> None:
    report = summarize(synthetic, ReportOptions())
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_the_same_findings_give_the_same_bytes(synthetic: Findings) -> None:
    first, second = (json.dumps(summarize(synthetic, ReportOptions())) for _ in range(2))
    assert first == second


def test_an_absent_rate_is_null(people: Findings) -> None:
    groups: Any = summarize(people, ReportOptions())["groups"]
    alone = next(row for row in groups if row["group"] == "GRC/Athens")
    assert alone["wer"] is None
    assert alone["speakers"] == 1


def test_texts_that_an_alteration_cost_are_not_the_recognizers_and_have_their_reasons(synthetic: Findings) -> None:
    rows = synthetic.hypotheses.to_pylist()
    rows[0] |= {"status": "failed", "reason": "exit_1", "text": None}
    groups = synthetic.groups.to_pylist()
    next(row for row in groups if row["attribute"] == "everyone")["failed"] = 1
    found = dataclasses.replace(
        synthetic,
        hypotheses=pa.Table.from_pylist(rows, schema=synthetic.hypotheses.schema),
        groups=pa.Table.from_pylist(groups, schema=synthetic.groups.schema),
    )

    def notes(alteration: str) -> str:
        provenance = {**found.provenance, "choices": {"alteration": alteration}}
        report: Any = summarize(dataclasses.replace(found, provenance=provenance), ReportOptions())
        return " ".join(report["headline_notes"])

    assert "by a failure of the alteration or of the recognizer: 1 failed" in notes("command")
    assert "exit_1 1" in notes("command")
    assert "the recognizer owes the text of some: 1 failed" in notes("identity")


def test_nan_is_null(synthetic: Findings) -> None:
    changed = dataclasses.replace(synthetic, policy={**synthetic.policy, "power": math.nan})
    policy: Any = summarize(changed, ReportOptions())["policy"]
    assert policy["power"] is None


def test_a_value_without_json_is_refused_by_name(synthetic: Findings) -> None:
    changed = dataclasses.replace(synthetic, service={"destinations": [{"agent": object()}]})
    with pytest.raises(TypeError, match=r"service\.destinations\[0\]\.agent is a object"):
        summarize(changed, ReportOptions())


def test_the_worst_utterances_come_from_the_served_grammar_and_worst_first(synthetic: Findings) -> None:
    worst: Any = summarize(synthetic, ReportOptions(worst=14))["worst"]
    french = [row for row in worst if row["group"] == "l2-fr"]
    assert len(french) == 14
    assert {row["recognized"] for row in french} == {"junk junk", "junk junk junk me a taxi"}
    shares = [row["errors"] / row["words"] for row in french]
    assert shares == sorted(shares, reverse=True)
    assert french[0]["reference"] == "opening hours"
    assert (french[0]["reached"], french[0]["expected"]) == ("cards", "balance")


def test_no_utterance_is_listed_where_none_is_asked_for(synthetic: Findings) -> None:
    assert summarize(synthetic, ReportOptions(worst=0))["worst"] == []


def test_what_was_lost_is_named_with_its_group(synthetic: Findings) -> None:
    (row,) = summarize(synthetic, ReportOptions())["exclusions"]  # type: ignore[misc]
    assert (row["excluded"], row["failed"], row["excluded_reasons"]) == (3, 2, '{"missing_audio": 3}')


def test_a_contradictory_speaker_is_counted_without_a_row_of_its_own(people: Findings) -> None:
    membership = {"accent": {**people.membership["accent"], "x": "contradictory"}}
    (row,) = summarize(dataclasses.replace(people, membership=membership), ReportOptions())["exclusions"]  # type: ignore[misc]
    assert (row["group"], row["speakers"], row["excluded"]) == ("contradictory", 1, None)


@pytest.mark.parametrize("worst", [-1, 101])
def test_an_option_out_of_range_is_refused(worst: int) -> None:
    with pytest.raises(ValidationError, match="worst"):
        ReportOptions(worst=worst)

"""What a report says of routers: counts beside shares, what was not tried left open, and why a figure is missing."""

import dataclasses
import html

import pytest

from callgap.report import ReportOptions, render_html, render_markdown, summarize
from callgap.report.routers import routers_view


def counts(texts, correct, owed=0):
    return {
        "texts": texts,
        "correct": correct,
        "refused": 0,
        "owed": owed,
        "share": correct / texts if texts else None,
    }


KNOWN = {
    "node": "main",
    "router": "keywords",
    "lowest": "pin",
    "why_none": None,
    "accuracy": {
        "of": "written <b>",
        "in_scope": counts(48, 34, owed=2),
        "out_of_scope": counts(0, 0),
        "by_intent": {"pin": counts(8, 1), "bill": counts(40, 33)},
        "known_texts_left_out": 3,
        "sentence": "",
    },
}
OPEN = {"node": "later", "router": "chat", "accuracy": None, "lowest": None, "why_none": "http://x cannot be reached"}


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_every_router_stands_there_with_its_counts_or_the_reason_for_none(synthetic, render):
    service = {**synthetic.service, "routers": [KNOWN, OPEN]}
    report = summarize(dataclasses.replace(synthetic, service=service), ReportOptions())
    text = html.unescape(render([report], "a run"))
    shown = [
        "34 of 48 (70.8%)",
        "pin, 1 of 8 (12.5%)",
        "3 left out",
        "to 2 it owed an answer",
        "http://x cannot be reached",
    ]
    for words in (*shown, "written <b>"):
        assert words in text
    assert "written <b>" not in render([report], "a run")


def test_what_was_not_tried_is_absent_and_not_zero():
    (row, other) = routers_view({"routers": [KNOWN, OPEN]}).rows
    assert row.refused == other.right == "\N{EN DASH}"


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_run_without_a_router_says_nothing_of_one(synthetic, render):
    assert routers_view({}) is routers_view({"routers": []}) is None
    assert "router" not in render([summarize(synthetic, ReportOptions())], "a run")

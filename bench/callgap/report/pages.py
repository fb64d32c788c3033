"""Writes reports as one page of HTML that asks nothing of a network, and as Markdown."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callgap.report import effect_words, voice_words, wording
from callgap.report.altered_rows import Alterations
from callgap.report.comparisons import UNJUDGED, Row, under_primary_normalizer
from callgap.report.figures import ABSENT, flat, number, percent, points, span
from callgap.report.views import page_view
from callgap.report.wording import NOT_JUDGED, gravity, verdict_mark

_TEMPLATES = Path(__file__).parent / "templates"
_WORDS = {"words": wording, "said": effect_words, "voiced": voice_words}


def render_html(reports: Sequence[Row], title: str, altered: Alterations | None = None) -> str:
    """Write one self-contained page.

    Args:
        reports: as `summarize` made them, one per run.
        title: of the page.
        altered: what alterations changed among these runs; None where there are none.

    Returns:
        The page; the same reports give the same text.
    """
    view = page_view(reports, plots=True, altered=altered)
    page = _environment(autoescape=True).get_template("page.html.j2")
    return page.render(title=title, view=view, lead=view.lead, cells=view.cells, **_WORDS)


def render_markdown(reports: Sequence[Row], title: str, altered: Alterations | None = None) -> str:
    """Write a short report.

    Args:
        reports: as `summarize` made them, one per run.
        title: of the report.
        altered: as for a page.

    Returns:
        Markdown; its first line is the answer.
    """
    view = page_view(reports, plots=False, altered=altered)
    page = _environment(autoescape=False).get_template("report.md.j2")
    return page.render(title=title, view=view, lead=view.lead, cells=view.cells, **_WORDS)


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "number": number,
        "flat": flat,
        "mark": verdict_mark,
        "md": _markdown_text,
        "tally": _tally,
        "facts": _facts,
        "spaced": _spaced,
        "reasons": _reasons,
        "share": _share,
    }
    environment.globals |= {"span": span, "ABSENT": ABSENT, "UNJUDGED": UNJUDGED}
    return environment


def _markdown_text(value: Any) -> str:
    text = ABSENT if value is None else " ".join(str(value).split())
    return html.escape(text, quote=False).replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")


def _spaced(name: str) -> str:
    return name.replace("_", " ").replace(".", " · ")


def _reasons(counts: str | None) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in flat(json.loads(counts))) if counts else ABSENT


def _share(counts: Row, part: str, total: str) -> str:
    rate = counts[part] / counts[total] if counts[total] else None
    return f"{number(counts[part])} of {number(counts[total])} ({percent(rate)})"


def _tally(report: Row) -> list[tuple[str, int]]:
    rows = under_primary_normalizer(report["contrasts"], report["policy"])
    counts = Counter(row["verdict"] for row in rows if row["endpoint"] in report["endpoints"])
    return [(verdict or NOT_JUDGED, counts[verdict]) for verdict in sorted(counts, key=gravity)]


def _facts(report: Row) -> list[tuple[str, str]]:
    recognizer = report["provenance"].get("recognizer")
    if isinstance(recognizer, dict):
        recognizer = recognizer.get("id") or recognizer.get("name")
    counts = report["counts"]
    named = [
        ("corpus", report["card"]["title"]),
        ("recognizer", recognizer),
        ("service", report["service"].get("name")),
        ("speakers", number(counts["speakers"])),
        ("utterances", number(counts["utterances"])),
        ("simulated calls", number(counts["calls"]) if counts["calls"] else None),
    ]
    return [(name, str(value)) for name, value in named if value]

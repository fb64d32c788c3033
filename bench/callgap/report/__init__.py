"""Reports: what a run found, as JSON, Markdown, one page of HTML and a table for the terminal."""

from callgap.report.altered_rows import Alterations
from callgap.report.findings import Findings, ReportOptions
from callgap.report.pages import render_html, render_markdown
from callgap.report.summary import summarize
from callgap.report.terminal import announce, verdict_table

__all__ = [
    "Alterations",
    "Findings",
    "ReportOptions",
    "announce",
    "render_html",
    "render_markdown",
    "summarize",
    "verdict_table",
]

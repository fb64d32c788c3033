"""The Markdown report and the table for the terminal."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from callgap.report import Findings, ReportOptions, render_markdown, summarize, verdict_table
from callgap.report.figures import ABSENT


def written(*runs: Findings) -> str:
    return render_markdown([summarize(run, ReportOptions()) for run in runs], "A run")


def shown(findings: Findings, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(verdict_table(summarize(findings, ReportOptions())))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_first_line_is_the_answer_and_the_caveat_is_next(synthetic: Findings) -> None:
    first, empty, second, *_ = written(synthetic).splitlines()
    assert first == summarize(synthetic, ReportOptions())["headline"]
    assert empty == ""
    assert "no evidence about people" in second


def test_every_row_of_a_table_has_the_cells_of_its_head(
    synthetic: Findings, people: Findings, with_contrasts: Callable[..., Findings]
) -> None:
    piped = with_contrasts(("a|b", "misrouted", 0.2, {}))
    heads = 0
    width = None
    for line in written(synthetic, people, piped).splitlines():
        cells = line.replace("\\|", "").count("|")
        if not line.startswith("|"):
            width = None
        elif width is None:
            width, heads = cells, heads + 1
        else:
            assert cells == width, line
    assert heads == 7


def test_markdown_carries_no_markup_of_a_name(with_contrasts: Callable[..., Findings]) -> None:
    assert "<b>" not in written(with_contrasts(("<b>", "misrouted", 0.2, {})))


def test_absent_rates_are_dashes(people: Findings) -> None:
    assert f"| GRC/Athens | 1 | 24 | {ABSENT} | {ABSENT} | 22 |{f' {ABSENT} |' * 5} 0 |" in written(people)


def test_several_runs_have_a_section_each(synthetic: Findings, people: Findings) -> None:
    text = written(people, synthetic)
    assert text.startswith("Gravest of 2 runs: Of 100 calls by l2-es callers")
    assert f"\n## {people.name}\n" in text
    assert f"\n## {synthetic.name}\n" in text


def test_the_terminal_shows_verdict_limits_and_caveat(synthetic: Findings) -> None:
    text = shown(synthetic)
    assert "+21.0  11.8 to 30.2" in text
    assert "Words wrong: 2 disadvantaged" in text
    assert "disadvantaged" in text
    assert "no evidence about people" in text
    assert text.index("than en-us") < text.index("l2-es") < text.index("l2-fr") < text.index("en-gb ")


def test_the_terminal_shows_dashes_where_nothing_is_known(people: Findings) -> None:
    text = shown(people)
    assert "insufficient data" in text
    assert "0.0" not in text


@pytest.mark.parametrize("name", ["[red]x[/red]", "[/]"])
def test_the_terminal_takes_no_markup_from_a_name(name: str, with_contrasts: Callable[..., Findings]) -> None:
    assert name in shown(with_contrasts((name, "misrouted", 0.2, {})))

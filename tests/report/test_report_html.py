"""The page: complete, self-contained, safe, readable by people and by screen readers."""

import dataclasses
import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import callgap.report
from callgap.report import Findings, ReportOptions, render_html, summarize
from callgap.report.figures import ABSENT
from callgap.report.plots import NARROW, Mark, Panel, forest
from callgap.report.wording import ENDPOINTS

CSS = (Path(callgap.report.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
LOADING = {"src", "srcset", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(*runs: Findings) -> str:
    return render_html([summarize(run, ReportOptions()) for run in runs], "A run")


def test_the_same_reports_give_the_same_bytes(synthetic: Findings, people: Findings) -> None:
    assert rendered(synthetic, people) == rendered(synthetic, people)


def test_the_page_asks_nothing_of_a_network(synthetic: Findings, people: Findings) -> None:
    page = rendered(synthetic, people)
    for tag, attributes in Page(page).tags:
        assert tag not in {"script", "link", "iframe", "img", "image", "object", "embed", "base"}
        assert not LOADING & attributes.keys()
        assert (attributes.get("href") or attributes.get("xlink:href") or "#").startswith("#")
    assert not re.search(r"@import|url\((?!#)", page)


def test_every_id_is_unique_and_every_reference_resolves(synthetic: Findings) -> None:
    twice = dataclasses.replace(synthetic, name="again")
    page = rendered(synthetic, twice)
    ids = [str(attributes["id"]) for _, attributes in Page(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= set(ids)


def test_names_and_texts_are_escaped(with_contrasts: Callable[..., Findings]) -> None:
    evil = "<script>alert('$x$')</script>"
    page = rendered(with_contrasts((evil, "misrouted", 0.2, {"reason": evil}), service={"name": evil}, name=evil))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 5
    assert evil in Page(page).text


def test_the_first_heading_is_the_answer_and_the_caveat_follows(synthetic: Findings) -> None:
    text = Page(rendered(synthetic)).text
    answer = text.index("Of 100 calls by l2-es callers, 21 more (12 to 30) end in the wrong place")
    assert answer < text.index("no evidence about people") < text.index("Verdicts by accent")


def test_the_gravest_of_several_runs_leads_with_its_caveat(synthetic: Findings, people: Findings) -> None:
    text = Page(rendered(people, synthetic)).text
    lead = text.index("Gravest of 2 runs: Of 100 calls by l2-es callers")
    assert lead < text.index("no evidence about people") < text.index("The runs")


def test_several_runs_without_a_verdict_say_so(people: Findings) -> None:
    assert "None of 2 runs could compare groups. Too few speakers" in Page(rendered(people, people)).text


def test_headings_descend_one_level_at_a_time(synthetic: Findings, people: Findings) -> None:
    for page in (rendered(synthetic), rendered(synthetic, people)):
        levels = [int(tag[1]) for tag, _ in Page(page).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_every_header_cell_has_a_scope_and_every_drawing_words(synthetic: Findings) -> None:
    tags = Page(rendered(synthetic)).tags
    assert all(attributes.get("scope") in {"row", "col"} for tag, attributes in tags if tag == "th")
    drawings = [attributes for _, attributes in tags if attributes.get("role") == "img"]
    assert [attributes["class"] for attributes in drawings] == ["wide", "narrow"]
    assert all("l2-fr +12.0 (5.0 to 19.0)" in str(attributes["aria-label"]) for attributes in drawings)


def test_everyone_stands_first_in_the_rates_and_is_no_attribute(synthetic: Findings) -> None:
    page = rendered(synthetic)
    rates = page[page.index("Rates by accent") :]
    assert re.findall(r'<th scope="row">([^<]+)', rates)[:3] == ["everyone", "en-us", "l2-es"]
    assert "by everyone" not in page


def test_an_absent_rate_is_a_dash_and_no_plot_is_drawn_without_limits(people: Findings) -> None:
    page = rendered(people)
    row = page[page.index('<th scope="row">GRC/Athens<span class="ref">described') :]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[: row.index("</tr>")])
    assert cells == ["1", "24", "65", *[ABSENT] * 9]
    assert "<svg" not in page
    assert "No plot: no difference has limits." in page


STATED = [
    "License", "Consent", "Retention", "Missing groups", "Known faults", "Who named the groups", "May be concluded",
    "never a verdict on a person", "callers must be told", "ranking, scoring or disciplining workers",
    "EU AI Act, Art. 10", "EU AI Act, Art. 14", "EU AI Act, Art. 15", "EU AI Act, Art. 50",
    "EU AI Act, Art. 5(1)(f)", "GDPR, Art. 9", "GDPR, Art. 22", "French law", "fingerprint", "missing_audio 3",
    "31 of 312 (9.9%)",
]  # fmt: skip


def test_the_page_states_data_use_law_and_provenance(synthetic: Findings) -> None:
    text = Page(rendered(synthetic)).text
    assert [said for said in STATED if said not in text] == []


def test_that_recognizers_were_trained_on_the_data_is_told_where_the_card_states_it(synthetic: Findings) -> None:
    report = summarize(synthetic, ReportOptions())
    question = "Are recognizers trained on it?"
    for card in ({"trained_on": "not stated"}, {}):
        others = {name: value for name, value in report["card"].items() if name != "trained_on"}
        assert question not in render_html([{**report, "card": others | card}], "A run")
    stated = report["card"] | {"trained_on": "Likely; it is old and public"}
    assert f"<dt>{question}</dt><dd>Likely; it is old and public</dd>" in render_html([{**report, "card": stated}], "")


def test_every_legal_pointer_is_marked_for_counsel(synthetic: Findings) -> None:
    assert Page(rendered(synthetic)).text.count("(to be checked by counsel)") == 8


def test_a_drawing_takes_every_color_from_the_page() -> None:
    marks = tuple(Mark(verdict, 3.0, 1.0, 5.0, verdict) for verdict in ("gap", "disadvantaged", "within"))
    drawing = forest([Panel("Words wrong", "en-us", 5.0, marks)], [mark.group for mark in marks], NARROW, "p-")
    assert not re.search(r"#[0-9a-f]{6}\b", drawing)
    named = set(re.findall(r"var\(--([a-z]+)\)", drawing))
    assert {"gap", "disadvantaged", "within", "ink", "muted"} <= named
    assert all(f"--{name}:" in CSS for name in named)


def test_no_title_of_a_panel_runs_into_its_neighbor() -> None:
    # A bold letter of 10 points is about 6.2 points wide, and three panels share 800 points with their labels.
    assert max(len(endpoint.name) for endpoint in ENDPOINTS.values()) <= 33


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", CSS, flags=re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    verdicts = [name.removesuffix("-tint") for name in colors if name.endswith("-tint")]
    assert len(verdicts) == 7
    pairs = [(name, f"{name}-tint") for name in verdicts]
    pairs += [(text, ground) for text in ("ink", "muted", "link") for ground in ("page", "card")]
    pairs += [(text, "card") for text in ("gap", "disadvantaged")]
    pairs += [(text, "disadvantaged-tint") for text in ("ink", "gap", "link")]
    for text, ground in pairs:
        lighter, darker = sorted((luminance(colors[text]), luminance(colors[ground])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ground)

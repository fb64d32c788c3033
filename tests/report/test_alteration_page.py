"""The section of a page on alterations: it stands where there is something to tell, and nowhere else."""

import json
import re

import pytest
from planted_effects import effect, identity, level, of_everyone

from callgap.report import Alterations, ReportOptions, render_html, render_markdown, summarize

TITLE = "What the alteration changed"


@pytest.fixture
def reports(synthetic, people):
    return [summarize(synthetic, ReportOptions()), summarize(people, ReportOptions())]


def planted(**changed):
    base = [
        effect("us", 0.1, 0.1),
        effect(
            "fr", 0.2, 0.14, finding="narrows", changed="helped", left_out=3, left_out_reasons='{"after_silent": 3}'
        ),
    ]
    rows = [of_everyone(base[1], left_out=3), *base]
    rows += [level(group, "dnsmos_overall", -0.2) for group in ("all", "us", "fr")]
    rows += [level(group, "f0_scale", after=0.4) for group in ("all", "us", "fr")]
    parts = {
        "effects": rows,
        "identities": [identity(), identity("us"), identity("fr")],
        "validations": [{"line": "DNSMOS (overall) is lower for fr: only changes are told.", "deltas_only": True}],
        "latencies": [{"alteration": "mcadams", "look_ahead_s": 0.02, "compute_s_per_s": 0.011, "device": "cpu"}],
    }
    return Alterations(**(parts | changed))


def test_a_page_without_alterations_is_the_page_without_the_section_to_the_byte(reports):
    for render in (render_html, render_markdown):
        plain = render(reports, "t")
        assert TITLE not in plain
        assert "figcaption" not in plain
        assert plain == render(reports, "t", None) == render(reports, "t", Alterations([]))


def test_the_section_stands_before_the_cells_with_its_overview_and_words(reports):
    for render in (render_html, render_markdown):
        page = render(reports, "t", planted())
        assert page.count(TITLE) == 1
        assert page.index(TITLE) < page.index("What may and may not be concluded")
        assert "fr +10.0 → +4.0" in page
        assert "1 helped, 0 harmed, of 1 nothing is told" in page
        assert "97.0% → 61.0%" in page


def test_both_readings_consent_disclosure_and_law_stand_once_and_none_is_endorsed(reports):
    for render in (render_html, render_markdown):
        page = render(reports, "t", planted())
        for words in ("may spare a caller", "erase who somebody is", "this report endorses neither"):
            assert page.count(words) == 1
        assert "The person whose voice is altered has to agree" in page
        assert "has to be told that it is one" in page
        assert "rights of staff representatives" in page


def test_synthetic_voices_are_a_stress_test_and_are_not_called_speakers(reports):
    page = render_markdown(reports, "t", planted())
    section = page[page.index(TITLE) :]
    assert section.index("a stress test of the instrument, no evidence about people") < section.index("narrows")
    assert "of 12 voices 7 better" in section
    human = [report | {"card": report["card"] | {"synthetic": False}} for report in reports]
    page = render_markdown(human, "t", planted())
    assert "of 12 speakers 7 better" in page
    assert "**Synthetic voices" not in page


def test_excluded_pairs_are_counted_per_group_with_their_reasons(reports):
    page = render_html(reports, "t", planted())
    assert "fr 3 (after_silent 3)" in page
    complete = [row | {"left_out": 0} for row in planted().effects]
    assert "No pair was left out" in render_html(reports, "t", planted(effects=complete))


def test_computing_time_is_on_the_page_and_not_in_the_table_that_is_made_again_to_the_byte(reports):
    assert "0.011 s of computing" in render_html(reports, "t", planted())
    table = render_markdown(reports, "t", planted())
    assert "needs 20 ms of the future" in table
    assert "of computing" not in table


def test_names_are_escaped_wherever_they_stand(reports):
    evil = "<script>a|b</script>"
    rows = [row | {"after": evil, "group": evil if row["group"] == "fr" else row["group"]} for row in planted().effects]
    rows = [row | {"condition": "<b>line", "system": "$x$ & <i>"} for row in rows]
    identities = [row | {"after": evil} for row in planted().identities]
    validations = [{"line": "<u>lower</u>", "deltas_only": True}]
    found = planted(effects=rows, identities=identities, validations=validations)
    page, plain = render_html(reports, "t", found), render_html(reports, "t")
    assert page.count("<script") == plain.count("<script") == 0
    assert not re.search(r"<(b>line|i>|u>lower)", page)
    table = render_markdown(reports, "t", found)
    assert "<script" not in table
    lines = [line for line in table.splitlines() if line.startswith("| &lt;script")]
    assert len(lines) == 1
    assert len(re.findall(r"(?<!\\)\|", lines[0])) == 4


def test_drawings_name_every_alteration_and_share_no_id(reports):
    other = [row | {"after": "pitch-flatten"} for row in planted().effects]
    lines = [row | {"condition": "clean"} for row in (*planted().effects, *other)]
    page = render_html(reports, "t", planted(effects=[*planted().effects, *other, *lines]))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<figure") - render_html(reports, "t").count("<figure") == 2
    drawing = page[page.index("<figure") : page.index("</figure>")]
    assert "mcadams" in drawing
    assert "pitch-flatten" in drawing
    assert "var(--within)" in drawing


def test_links_of_the_overview_lead_to_the_alterations(reports):
    page = render_html(reports, "t", planted())
    for link in re.findall(r'href="#(alteration\d+)"', page):
        assert f'id="{link}"' in page
    assert 'href="#alteration0"' in page


@pytest.mark.parametrize("without", ["identities", "validations", "latencies", "instead"])
def test_what_was_not_measured_is_left_out_or_said_to_be_unknown(reports, without):
    for render in (render_html, render_markdown):
        assert TITLE in render(reports, "t", planted(**{without: []}))


def test_where_runs_cannot_be_paired_the_reason_stands_in_place_of_figures(reports):
    for render in (render_html, render_markdown):
        page = render(reports, "t", Alterations(reason="two runs are <one>"))
        assert "Nothing can be told: two runs are &lt;one&gt;." in page
        assert "erase who somebody is" in page
        assert "Alteration by alteration" not in page


def test_levels_alone_and_rates_alone_make_a_section(reports):
    rows = planted().effects
    for kind in ("rate", "level"):
        found = planted(effects=[row for row in rows if row["kind"] == kind])
        for render in (render_html, render_markdown):
            assert TITLE in render(reports, "t", found)


def test_without_attributes_everyone_is_told_of(reports):
    found = planted(effects=[of_everyone(effect("fr", 0.2, 0.1, changed="helped"))], identities=[identity()])
    for render in (render_html, render_markdown):
        page = render(reports, "t", found)
        assert "Words wrong, helped: everyone (20.0% → 10.0%" in page
        assert "No gap can be told" not in page


def test_one_voice_for_everyone_stands_in_the_overview(reports):
    rows = [identity(error_rate_after=0.5, distance_ratio=0.02, still_themselves=0.1)]
    for render in (render_html, render_markdown):
        page = render(reports, "t", planted(identities=rows))
        assert "everyone sounds alike" in page
        assert "Everyone sounds alike after it." in page
        assert "not findings about anybody" in page


def test_a_level_of_quality_stands_nowhere(reports):
    rows = [
        row | {"value_before": 2.7182, "value_after": 2.5182} for row in planted().effects if row["kind"] == "level"
    ]
    found = planted(effects=[*(row for row in planted().effects if row["kind"] == "rate"), *rows])
    page = render_html(reports, "t", found)
    assert ">2.72" not in page
    assert "\N{MINUS SIGN}0.20" in page


def test_the_report_is_plain_data():
    assert json.loads(json.dumps(planted().effects)) == planted().effects

"""Faults stand before any number, what cannot be judged is folded and counted, and every figure can be unfolded."""

import html
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from callgap.report import Findings, ReportOptions, announce, render_html, render_markdown, summarize, verdict_table
from callgap.report.details import contrast_details, p_value

Build = Callable[..., Findings]
FEW = {"verdict": "insufficient data", "group_speakers": 4, "limits": None, "method": None}
LOUD = {"fault": "dominant_speaker", "speakers": 1, "utterances": 4, "consequence": "shown"}


def fault(detail: str, consequence: str, **where: str) -> dict[str, Any]:
    return {"fault": "x", "speakers": 3, "utterances": 9, "detail": detail, "consequence": consequence, **where}


def page(*runs: Findings) -> str:
    return render_html([summarize(run, ReportOptions()) for run in runs], "A run")


def text(written: str) -> str:
    body = written[written.index("<body>") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def markdown(*runs: Findings) -> str:
    return render_markdown([summarize(run, ReportOptions()) for run in runs], "A run")


def printed(findings: Findings) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    announce(summarize(findings, ReportOptions()), Path("outputs"), console)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


HARM = ("l2-fr", "wer", 0.12, {})


def test_faults_stand_right_after_the_answer_before_any_other_number(with_contrasts: Build) -> None:
    run = with_contrasts(HARM, faults=[fault("One speaker has half the words.", "shown")])
    headline = str(summarize(run, ReportOptions())["headline"])
    for written in (text(page(run)), markdown(run)):
        told = written.split(headline, 1)[1]
        before = told[: told.index("One speaker has half the words.")]
        assert "Before any number: faults of the data" in before
        assert not re.search(r"\d", before)
    # The terminal prints its table first of all numbers, and the faults before it.
    shown = printed(run)
    assert not re.search(r"\d", shown[: shown.index("One speaker has half the words.")])


def test_that_no_fault_was_found_is_said_only_where_they_were_looked_for(with_contrasts: Build) -> None:
    report = summarize(with_contrasts(HARM), ReportOptions())
    assert "none was found" in text(render_html([report], "A run"))
    del report["faults"]
    assert "none was found" not in text(render_html([report], "A run"))


def test_the_gravest_faults_come_first_and_many_are_folded_with_their_number(with_contrasts: Build) -> None:
    shown = [fault(f"Fault {nr}.", "shown") for nr in range(5)]
    run = with_contrasts(HARM, faults=[*shown, fault("Gender is unclear.", "not judged", attribute="gender")])
    told = text(page(run))
    assert told.index("Gender is unclear.") < told.index("Fault 0.") < told.index("2 more of this kind")
    assert "Fault 4." in told
    assert "2 more of this kind" in markdown(run)
    assert "Fault 4." not in markdown(run)


def test_what_may_not_be_published_is_the_answer_and_nothing_may_be_concluded(with_contrasts: Build) -> None:
    run = with_contrasts(HARM, faults=[fault("References are of other recordings.", "not published")])
    report = summarize(run, ReportOptions())
    assert report["headline"] == "Not to be published: References are of other recordings."
    assert report["headline_verdict"] is None
    told = text(page(run))
    assert "No figure of this may be published, quoted or decided upon." in told
    assert "May be concluded May" not in told
    assert "served worse" not in told


def test_one_group_that_may_not_be_published_is_marked_in_its_rates(with_contrasts: Build) -> None:
    where = {"attribute": "accent", "group": "l2-fr"}
    run = with_contrasts(HARM, faults=[fault("References are of other recordings.", "not published", **where)])
    assert page(run).count(">not to be published<") == 1
    assert re.search(r'<th scope="row">l2-fr<span[^>]*>judged</span><span[^>]*>not to be published<', page(run))


def test_a_fault_is_escaped(with_contrasts: Build) -> None:
    assert "<script>" not in page(with_contrasts(HARM, faults=[fault("<script>", "shown")]))


def test_groups_too_small_to_be_judged_are_folded_and_counted(with_contrasts: Build) -> None:
    small = [(f"few-{nr}", "wer", 0.3, FEW) for nr in range(12)]
    run = with_contrasts(HARM, *small)
    written = page(run)
    glance = written[written.index('class="matrix') : written.index("</table>", written.index('class="matrix'))]
    assert "l2-fr" in glance
    assert "few-" not in glance
    folded = written[written.index("<summary>12 groups with fewer than 10 speakers") :]
    assert all(f"few-{nr} (4)" in folded[: folded.index("</details>")] for nr in range(12))
    assert "And 12 groups with fewer than 10 speakers: few-0 (4)" in markdown(run)
    table = markdown(run).split("## Verdicts by accent")[1].split("And 12")[0]
    assert "few-" not in table
    assert "accent: and 12 groups with fewer than 10 speakers" in printed(run)
    assert "few-3" not in printed(run)


def test_every_folded_contrast_can_still_be_read_on_the_page(with_contrasts: Build) -> None:
    small = [(f"few-{nr}", "wer", 0.3, FEW) for nr in range(12)]
    written = page(with_contrasts(HARM, *small))
    assert all(written.count(f">few-{nr}<") >= 2 for nr in range(12))


def test_where_only_the_reference_is_small_no_group_is_called_small(with_contrasts: Build) -> None:
    few = {**FEW, "group_speakers": 40, "reference_speakers": 4}
    run = with_contrasts(*((f"many-{nr}", "wer", 0.3, few) for nr in range(9)))
    assert "9 groups without 10 speakers on each side" in text(page(run))


def test_a_handful_of_groups_is_not_folded_where_nothing_else_could_be_shown(people: Findings) -> None:
    assert "fewer than 10 speakers" not in text(page(people))
    assert "GRC/Athens" in printed(people)


def test_without_a_verdict_every_view_says_not_judged(with_contrasts: Build) -> None:
    none = {"verdict": None, "reason": "Gender and corpus coincide.", "not_judged": "Gender and corpus coincide."}
    run = with_contrasts(("l2-fr", "wer", 0.12, none), ("l2-it", "wer", 0.02, {}))
    assert "1 cannot tell; 1 not judged" in str(summarize(run, ReportOptions())["headline_notes"])
    for written in (text(page(run)), markdown(run), printed(run)):
        assert "not judged" in written
        assert "None" not in written
    assert '<span class="v v-few">not judged</span>' in page(run)
    assert "(not judged): Gender and corpus coincide." in text(page(run))


def test_a_run_in_which_nothing_was_judged_can_be_shown(with_contrasts: Build) -> None:
    report: Any = summarize(with_contrasts(("l2-fr", "wer", 0.1, {"verdict": None})), ReportOptions())
    report["contrasts"][0] |= NOTHING
    assert "not judged" in text(render_html([report, report], "A run"))
    assert "not judged" in render_markdown([report], "A run")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({}, "are wrong than of all other callers; verdict: gap"),
        (
            {"difference_lower": -0.02, "difference_upper": 0.03, "verdict": "within margin"},
            "no difference beyond the margin from all other callers can be told",
        ),
        (
            {"verdict": "unfit for everyone", "reference_rate": 0.87},
            "of 100 words by all other callers, the reference group, 87 are wrong",
        ),
    ],
)
def test_everyone_else_is_told_in_grammar(with_contrasts: Build, row: dict[str, Any], sentence: str) -> None:
    told = {"verdict": "gap, size uncertain", **row, "reference": "everyone else"}
    run = with_contrasts(("l2-fr", "wer", 0.12, told))
    assert sentence in str(summarize(run, ReportOptions())["headline"])
    assert "everyone else callers" not in text(page(run))


BEHIND = {
    "p": 0.0004,
    "p_adjusted": 0.0048,
    "smallest_detectable_gap": 0.181,
    "difference_leave_one_out": 0.0973,
    "difference_speaker_mean": 0.1226,
    "difference_lost_charged": 0.111,
    "difference_lost_charged_lower": 0.041,
    "difference_lost_charged_upper": 0.184,
    "group_effective_speakers": 105.2,
    "reference_effective_speakers": 237.7,
    "attribution": "None of the gap moves with duration.",
    "what_would_change_it": "more speakers",
}
SAID = [
    "would have found a gap of 18 points or more in four of five samples",
    "p < 0.001, by permuting speakers; with all groups taken together p = 0.005; never the verdict",
    "+9.7 points, where it is nearest to none",
    "+12.3 points where everybody weighs the same; by words +12.0",
    "+11.1 points (4.1 to 18.4) where every lost text counts as errors",
    "12 and 12, worth 105 and 238 who weigh the same",
    "simultaneous, by bootstrap-t",
    "None of the gap moves with duration.",
    "more speakers",
]


def test_everything_that_stands_behind_a_verdict_can_be_unfolded(with_contrasts: Build) -> None:
    told = text(page(with_contrasts(("l2-fr", "wer", 0.12, BEHIND))))
    assert [said for said in SAID if said not in told] == []


def test_every_normalizer_is_shown_with_its_limits_and_whether_it_agrees(with_contrasts: Build) -> None:
    other = {"normalizer": "basic", "difference_lower": 0.02, "difference_upper": 0.2}
    third = {"normalizer": "none", "difference_lower": -0.01, "difference_upper": 0.2}
    run = with_contrasts(HARM, ("l2-fr", "wer", 0.10, other), ("l2-fr", "wer", 0.09, third))
    told = text(page(run))
    assert "whisper-english +12.0 (5.0 to 19.0); basic +10.0 (2.0 to 20.0): agrees; none +9.0 (" in told
    assert "1.0 to 20.0): does not agree" in told
    assert "has to hold under 3 ways of writing them: whisper-english, basic, none." in told
    # Under other normalizers a contrast stands behind its verdict, never beside it.
    assert page(run).count('<th scope="row">l2-fr<span class="ref">vs en-us') == 1


def test_a_gap_that_no_sample_would_have_shown_is_not_called_findable(with_contrasts: Build) -> None:
    (row,) = summarize(with_contrasts(HARM), ReportOptions())["contrasts"]  # type: ignore[misc]
    lines = dict(contrast_details(row, []))
    assert lines["Smallest detectable gap"].startswith("none")
    assert lines["Under each normalizer"].endswith("no other was declared")
    exact = dict(contrast_details({**row, "method": "korn-graubard"}, []))
    assert "Smallest detectable gap" not in exact


@pytest.mark.parametrize(("p", "written"), [(0.0002, "p < 0.001"), (0.0123, "p = 0.012"), (0.25, "p = 0.25")])
def test_a_p_value_is_never_written_as_none(p: float, written: str) -> None:
    assert p_value(p) == written


NOTHING = dict.fromkeys(
    (
        "difference",
        "difference_lower",
        "difference_upper",
        "ratio",
        "ratio_lower",
        "ratio_upper",
        "group_rate",
        "limits",
        "method",
    )
)
BESIDE = {
    "omnibus": [{"attribute": "accent", "endpoint": "wer", "groups": 13, "speakers": 679, "p": 0.1687}],
    "conditions": [
        {"attribute": "accent", "value": "clinical", "reference": "general", "endpoint": "wer", "speakers": 113}
        | {"left_out": 621, "rate": 0.3, "reference_rate": 0.24, "difference": 0.065}
        | {"difference_lower": 0.032, "difference_upper": 0.109}
    ],
    "confusions": [
        {"attribute": "accent", "group": "l2-fr", "reference": "en-us", "word": word, "lost": 12, "said": 19}
        | {"per_1000": 11.236, "reference_per_1000": 3.151, "reference_lost": 15, "reference_said": 100}
        | {"heard_as": "<b>", "log_odds": 1.6, "z": z, "speakers": 9}
        for z, word in enumerate("abcdefghij")
    ],
}


def test_omnibus_conditions_and_lost_words_are_shown_and_never_judged(with_contrasts: Build) -> None:
    run = with_contrasts(HARM, **BESIDE)
    told = text(page(run))
    assert "Any difference between the groups at all? p = 0.17 (13 groups, 679 speakers)" in told
    assert "never the verdict" in told
    assert "beside general +6.5 (3.2 to 10.9) 30.0% beside 24.0% 113 621 Words wrong" in told
    assert "described, never judged" in told
    assert "11.24 vs 3.15 12 / 19 vs 15 / 100" in told
    assert "p = 0.17" in markdown(run)
    assert "| clinical beside general |" in markdown(run)
    assert "p = 0.17" in printed(run)


def test_the_eight_most_certain_lost_words_of_a_group_are_listed(with_contrasts: Build) -> None:
    rows = re.findall(r'<th scope="row" lang="[^"]+">(\w)</th>', page(with_contrasts(HARM, **BESIDE)))
    assert rows == list("jihgfedc")
    assert "<b></td>" not in page(with_contrasts(HARM, **BESIDE))


def test_flags_and_limits_of_unusable_transcripts_stand_in_the_rates(with_contrasts: Build) -> None:
    run = with_contrasts(HARM)
    report: Any = summarize(run, ReportOptions())
    report["groups"][1] |= {"hallucinated": 0.031, "wrong_language": 0.017, "unusable_lower": 0.08}
    report["groups"][1] |= {"unusable_upper": 0.13}
    told = text(render_html([report], "A run"))
    assert "10.0% (8.0 to 13.0)" in told
    assert "3.1% 1.7%" in told
    assert "lower bounds" in told


def test_the_terminal_table_alone_names_no_fault(with_contrasts: Build) -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(verdict_table(summarize(with_contrasts(HARM, faults=[LOUD | {"detail": "x"}]), ReportOptions())))
    assert isinstance(console.file, io.StringIO)
    assert "faults" not in console.file.getvalue()

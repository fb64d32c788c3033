"""The first line: it answers, and claims no more than the verdict."""

from collections.abc import Callable
from typing import Any

import pytest

from callgap.report import Findings, ReportOptions, summarize
from callgap.report.figures import in_hundred

Build = Callable[..., Findings]


def limits(lower: float, upper: float, verdict: str, **more: Any) -> dict[str, Any]:
    return {"difference_lower": lower, "difference_upper": upper, "verdict": verdict, **more}


def said(findings: Findings) -> str:
    return str(summarize(findings, ReportOptions())["headline"])


HARM = limits(0.05, 0.19, "disadvantaged")
CASES = {
    "harm": (
        ("l2-fr", "misrouted", 0.12, HARM),
        "Of 100 calls by l2-fr callers, 12 more (5 to 19) end in the wrong place than of en-us callers; "
        "verdict: disadvantaged; 12 and 12 speakers; grade S.",
    ),
    "one is singular": (
        ("l2-fr", "wer", 0.01, limits(0.006, 0.02, "gap, size uncertain")),
        "Of 100 words by l2-fr callers, 1 more (1 to 2) is wrong than of en-us callers; "
        "verdict: gap, size uncertain; 12 and 12 speakers; grade S.",
    ),
    "better": (
        ("l2-fr", "not_completed", -0.12, limits(-0.19, -0.06, "does better")),
        "Of 100 calls by l2-fr callers, 12 fewer (6 to 19) do not reach what was asked for than of en-us callers; "
        "verdict: does better; 12 and 12 speakers; grade S.",
    ),
    "limits on both sides of 0": (
        ("l2-fr", "misrouted", 0.03, limits(-0.03, 0.09, "cannot tell")),
        "Of 100 calls by l2-fr callers, no difference from en-us callers can be told: between 3 fewer and 9 more end "
        "in the wrong place; verdict: cannot tell; 12 and 12 speakers; grade S.",
    ),
    "within the margin": (
        ("l2-fr", "misrouted", 0.0, limits(-0.02, 0.03, "within margin")),
        "Of 100 calls by l2-fr callers, no difference beyond the margin from en-us callers can be told: between 2 "
        "fewer and 3 more end in the wrong place; verdict: within margin; 12 and 12 speakers; grade S.",
    ),
    "unfit": (
        ("l2-fr", "wer", 0.05, {"reference_rate": 0.87, "verdict": "unfit for everyone"}),
        "Unfit for everyone: of 100 words by en-us callers, the reference group, 87 are wrong; no fairness is read "
        "from a gap.",
    ),
}


@pytest.mark.parametrize(("row", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_verdict_is_told_in_words(with_contrasts: Build, row: tuple[Any, ...], sentence: str) -> None:
    assert said(with_contrasts(row)) == sentence


def test_an_unfit_system_is_told_before_any_gap(with_contrasts: Build) -> None:
    unfit = ("l2-it", "unusable", 0.0, {"verdict": "unfit for everyone", "reference_rate": 0.6})
    assert said(with_contrasts(("l2-fr", "misrouted", 0.2, HARM), unfit)).startswith("Unfit for everyone")


def test_an_unfit_system_is_told_by_the_rate_that_made_it_so(with_contrasts: Build) -> None:
    rates = {"human_not_reached": 0.9, "not_completed": 0.4, "wer": 0.2}
    rows = [("l2-fr", end, 0.1, {"verdict": "unfit for everyone", "reference_rate": r}) for end, r in rates.items()]
    policy = {"unfit_wer": 0.5, "unfit_not_completed": 0.3}
    assert "of 100 calls by en-us callers, the reference group, 40 do not reach" in said(
        with_contrasts(*rows, policy=policy)
    )


def test_the_gravest_verdict_is_told_before_a_preferred_endpoint(with_contrasts: Build) -> None:
    weak = ("l2-it", "misrouted", 0.06, limits(0.01, 0.2, "gap, size uncertain"))
    assert "by l2-fr callers" in said(with_contrasts(weak, ("l2-fr", "wer", 0.12, HARM)))


def test_of_equal_verdicts_the_largest_lower_limit_of_the_preferred_endpoint_is_told(with_contrasts: Build) -> None:
    wide = ("l2-it", "misrouted", 0.5, limits(0.051, 0.9, "disadvantaged"))
    sure = ("l2-fr", "misrouted", 0.3, limits(0.2, 0.4, "disadvantaged"))
    words = ("l2-es", "wer", 0.6, limits(0.5, 0.7, "disadvantaged"))
    assert "by l2-fr callers" in said(with_contrasts(words, wide, sure))


def test_what_the_limits_support_is_told_before_what_they_leave_open(with_contrasts: Build) -> None:
    open_ = ("l2-it", "misrouted", 0.06, limits(-0.01, 0.2, "cannot tell"))
    unproven = ("l2-fr", "not_completed", 0.12, limits(0.05, 0.19, "cannot tell"))
    assert "by l2-fr callers, 12 more (5 to 19) do not reach" in said(with_contrasts(open_, unproven))


def test_neither_a_described_endpoint_nor_another_normalizer_makes_the_first_line(with_contrasts: Build) -> None:
    described = ("l2-it", "human_not_reached", 0.4, HARM)
    declared = ("l2-fr", "wer", 0.0, limits(-0.1, 0.1, "cannot tell"))
    other = ("l2-es", "wer", 0.4, HARM | {"normalizer": "basic"})
    assert "by l2-fr callers" in said(with_contrasts(described, declared, other))


def test_a_synthetic_corpus_says_so_first_of_all_notes(with_contrasts: Build, synthetic: Findings) -> None:
    for findings in (synthetic, with_contrasts(("l2-fr", "misrouted", 0.12, HARM))):
        notes = summarize(findings, ReportOptions())["headline_notes"]
        assert isinstance(notes, list)
        assert "no evidence about people" in notes[0]


def test_recordings_of_people_say_what_they_may_show(people: Findings) -> None:
    notes = summarize(people, ReportOptions())["headline_notes"]
    assert isinstance(notes, list)
    assert people.card.may_conclude in notes[0]
    assert "prompts" in notes[1]


def test_too_few_speakers_are_named(people: Findings) -> None:
    assert said(people) == (
        "Too few speakers to compare any accent: no group has 10 (USA/neutral 2, BEL/French 2, GRC/Athens 1, "
        "DEU/German 1)."
    )


def test_limits_of_too_few_speakers_make_no_claim(with_contrasts: Build) -> None:
    findings = with_contrasts(("l2-fr", "misrouted", 0.3, limits(0.1, 0.5, "insufficient data")))
    assert said(findings) == "No accent can be compared: no difference has limits that the policy accepts."


def test_an_endpoint_without_words_is_refused(with_contrasts: Build) -> None:
    with pytest.raises(KeyError, match=r"no words for the endpoints \['tempo'\]"):
        said(with_contrasts(("l2-fr", "tempo", 0.3, {})))


@pytest.mark.parametrize(
    ("rates", "written"),
    [((0.12, 0.051), ("12", "5")), ((0.12, 0.001), ("12.0", "0.1")), ((0.0004,), ("0.04",)), ((0.0,), ("0",))],
)
def test_rounding_turns_nothing_into_zero(rates: tuple[float, ...], written: tuple[str, ...]) -> None:
    assert in_hundred(*rates) == written

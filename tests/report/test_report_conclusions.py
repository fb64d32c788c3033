"""What may and may not be concluded follows from the verdicts, the card and the choice of system, in words."""

import dataclasses
import html
import re
from collections.abc import Callable
from typing import Any

from scipy.stats import spearmanr

from callgap.report import Findings, ReportOptions, render_html, summarize
from callgap.report.conclusions import Conclusions, conclusions
from callgap.report.reversals import reversals

Build = Callable[..., Findings]


def limits(lower: float, upper: float, verdict: str, **more: Any) -> dict[str, Any]:
    return {"difference_lower": lower, "difference_upper": upper, "verdict": verdict, **more}


def told(findings: Findings) -> Conclusions:
    return conclusions(summarize(findings, ReportOptions()))


def system(name: str, locale: str, findings: Findings) -> dict[str, object]:
    provenance = {**findings.provenance, "recognizer": {"id": name, "locale": locale}}
    changed = dataclasses.replace(findings, name=f"run-{name}", provenance=provenance)
    return summarize(changed, ReportOptions())


def test_each_verdict_becomes_a_sentence_that_claims_no_more(with_contrasts: Build) -> None:
    run = with_contrasts(
        ("a", "wer", 0.12, limits(0.07, 0.19, "disadvantaged")),
        ("b", "wer", 0.06, limits(0.01, 0.12, "gap, size uncertain")),
        ("c", "wer", 0.00, limits(-0.03, 0.03, "within margin")),
        ("d", "wer", -0.1, limits(-0.15, -0.06, "does better")),
        ("e", "wer", 0.03, limits(-0.06, 0.11, "cannot tell")),
        ("f", "wer", 0.03, {"verdict": "insufficient data", "group_speakers": 3}),
        corpus="artie-bias",
    )
    worse, open_, alike, better, counted = told(run).may
    assert "served worse than en-us callers, by more than the margin of 5 points" in worse
    assert worse.endswith("a +12.0 points (7.0 to 19.0).")
    assert "whether by more than the margin of 5 points is open" in open_
    assert "to within the margin" in alike
    assert "served better" in better
    assert "pocketsphinx en-us (locale en-US)" in counted
    may_not = " ".join(told(run).may_not)
    assert "alike or better (accent, words wrong): e. “cannot tell” is no verdict and acquits nobody." in may_not
    assert "Anything about 1 group by accent without 10 speakers on each side: f." in may_not
    assert "Which of two compared groups is served worse" in may_not
    assert "the references are prompts" in may_not
    assert "known fault" in may_not


def test_without_a_verdict_neither_a_gap_nor_its_absence_may_be_concluded(with_contrasts: Build) -> None:
    run = with_contrasts(("e", "wer", 0.03, limits(-0.06, 0.11, "cannot tell")))
    assert "No gap, and no absence of one: no verdict here says so of any group." in told(run).may


def test_synthetic_voices_never_speak_for_callers(with_contrasts: Build) -> None:
    run = with_contrasts(("a", "wer", 0.12, limits(0.07, 0.19, "disadvantaged")))
    assert "That these synthetic voices are" in told(run).may[0]
    assert "Anything about people: synthetic voices are a stress test." in told(run).may_not


def test_a_system_that_fails_its_reference_says_nothing_of_fairness(with_contrasts: Build) -> None:
    run = with_contrasts(("a", "wer", -0.2, limits(-0.3, -0.1, "unfit for everyone", reference_rate=0.8)))
    assert told(run).may[0] == "That the system fails en-us callers, the reference, itself (accent, words wrong)."
    assert told(run).may_not[0].startswith("Fairness from any gap to en-us callers")


def test_everyone_else_is_no_single_group(with_contrasts: Build) -> None:
    run = with_contrasts(("a", "wer", 0.12, {"reference": "everyone else"}))
    assert any("each group has other people beside it" in sentence for sentence in told(run).may_not)


def test_speakers_without_one_known_group_are_counted(with_contrasts: Build) -> None:
    run = with_contrasts(("a", "wer", 0.12, {}))
    membership = {"accent": {**run.membership["accent"], "x": "contradictory"}}
    may_not = told(dataclasses.replace(run, membership=membership)).may_not
    assert "Anything about speakers without one known group (accent contradictory: 1)." in may_not


def test_what_the_limits_hold_for_is_said(with_contrasts: Build) -> None:
    (limits_, normalizer, grade) = told(with_contrasts(("a", "wer", 0.12, {}))).certainty
    assert limits_.startswith("Limits hold at 95% for all groups large enough to be judged and all primary endpoints")
    assert "a verdict on words needs two" in normalizer
    assert "grade S (1 comparison)" in grade


BEHIND, AHEAD = limits(0.03, 0.18, "gap, size uncertain"), limits(-0.36, -0.21, "unfit for everyone")


def test_a_locale_that_turns_the_ranking_round_is_named_with_both_gaps(with_contrasts: Build) -> None:
    us = with_contrasts(("indian", "wer", 0.105, BEHIND))
    india = with_contrasts(("indian", "wer", -0.284, AHEAD))
    (sentence,) = reversals([system("g-us", "en-US", us), system("g-in", "en-IN", india)])
    assert "indian (accent, words wrong, beside en-us callers)" in sentence
    assert "more errors with g-us (locale en-US): +10.5 points (3.0 to 18.0)" in sentence
    assert "fewer with g-in (locale en-IN), which is unfit for everyone: −28.4 points" in sentence  # noqa: RUF001


def test_a_sign_that_the_limits_leave_open_is_no_reversal(with_contrasts: Build) -> None:
    us = with_contrasts(("indian", "wer", 0.105, BEHIND))
    open_ = with_contrasts(("indian", "wer", -0.1, limits(-0.3, 0.1, "cannot tell")))
    (sentence,) = reversals([system("g-us", "en-US", us), system("g-in", "en-IN", open_)])
    assert sentence.startswith("No group is served worse in one of these runs and better in another")


def test_runs_of_one_system_or_of_other_questions_are_not_compared(with_contrasts: Build) -> None:
    us = with_contrasts(("indian", "wer", 0.105, BEHIND))
    other = with_contrasts(("indian", "wer", -0.284, {**AHEAD, "reference": "everyone else"}))
    assert reversals([system("g-us", "en-US", us), system("g-us", "en-US", us)]) == ()
    assert reversals([system("g-us", "en-US", us), system("g-in", "en-IN", other)]) == ()
    assert reversals([]) == ()


def test_what_may_not_be_judged_turns_nothing_round(with_contrasts: Build) -> None:
    us = with_contrasts(("indian", "wer", 0.105, BEHIND))
    unjudged = with_contrasts(("indian", "wer", -0.284, {**AHEAD, "verdict": None}))
    assert reversals([system("g-us", "en-US", us), system("g-in", "en-IN", unjudged)]) == ()


def test_the_lowest_rank_correlation_of_the_gaps_is_scipys(with_contrasts: Build) -> None:
    gaps = {"x": [0.1, 0.2, 0.3, 0.4], "y": [0.1, 0.4, 0.2, 0.3], "z": [0.11, 0.21, 0.31, 0.41]}
    rows = {
        name: [(group, "wer", gap, {}) for group, gap in zip("abcd", own, strict=True)] for name, own in gaps.items()
    }
    reports = [system(name, "en-US", with_contrasts(*own)) for name, own in rows.items()]
    expected = spearmanr(gaps["x"], gaps["y"]).statistic
    (sentence,) = [sentence for sentence in reversals(reports) if "rank correlation" in sentence]
    assert f"agrees least between x and y: rank correlation {expected:.2f}" in sentence
    assert "described without limits" in sentence


def test_of_many_conditions_the_one_that_agrees_least_is_told(with_contrasts: Build) -> None:
    gaps = {("x", "clean"): "abcd", ("y", "clean"): "abdc", ("x", "g711u"): "abcd", ("y", "g711u"): "dcba"}
    reports = [
        system(
            name,
            "en-US",
            with_contrasts(*((group, "wer", 0.1 * place, {"condition": line}) for place, group in enumerate(order))),
        )
        for (name, line), order in gaps.items()
    ]
    (sentence,) = [sentence for sentence in reversals(reports) if "rank correlation" in sentence]
    assert "between x and y under g711u, of 2 conditions: rank correlation \N{MINUS SIGN}1.00" in sentence


def test_of_groups_that_are_as_large_the_one_that_fares_worst_is_not_left_out(with_contrasts: Build) -> None:
    alike = [(f"g{nr:02d}", "wer", 0.01, {"group_speakers": 30, "verdict": "cannot tell"}) for nr in range(11)]
    worst = ("z", "wer", 0.2, {"group_speakers": 30, "verdict": "disadvantaged"})
    fine, grave = with_contrasts(*alike, (*worst[:3], worst[3] | {"verdict": None})), with_contrasts(*alike, worst)
    page = render_html([system("one", "en-US", fine), system("two", "en-US", grave)], "vendors")
    table = page[page.index('<table class="overview">') :]
    assert re.findall(r'<th scope="col">(z|g\d+)', table[: table.index("</table>")])[0] == "z"


def test_a_page_of_systems_begins_with_a_table_of_them_and_folds_each(with_contrasts: Build) -> None:
    rows = [(f"g{nr}", "wer", 0.1, {"group_speakers": 20 + nr}) for nr in range(11)]
    few = ("few", "wer", 0.1, {"group_speakers": 3, "verdict": "insufficient data"})
    reports = [system(name, "en-US", with_contrasts(*rows, few)) for name in ("one", "two")]
    page = render_html(reports, "vendors")
    table = page[page.index('<table class="overview">') :]
    table = table[: table.index("</table>")]
    assert re.findall(r'<th scope="col">(g\d+)', table) == [f"g{nr}" for nr in range(10, 2, -1)]
    assert "few" not in re.sub(r'class="[^"]*"', "", table)
    assert "3 further groups stand with each run" in table
    assert re.findall(r'<a href="#(c\d)">(\w+)', table) == [("c0", "one"), ("c1", "two")]
    assert table.count("gap, size uncertain") == 16
    assert page.count('<details class="cell">') == 2
    # A link to something inside a folded run unfolds it.
    assert all(page.index(f'id="c{nr}"') > page.index("<h2>run-") for nr in range(2))


def test_a_name_in_a_conclusion_is_escaped(with_contrasts: Build) -> None:
    page = render_html([summarize(with_contrasts(("<script>", "wer", 0.12, BEHIND)), ReportOptions())], "A run")
    assert "<script>" not in page
    assert "<script> +12.0 points" in html.unescape(page)

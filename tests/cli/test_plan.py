"""`callgap plan`: numbers of speakers that give the power, the same for the same seed, and refusals."""

import csv
import dataclasses

import numpy as np
import pytest
from runs import callgap
from spoken import write

from callgap.designing import Wanted, planned
from callgap.fairness.contrasts import left_out
from callgap.fairness.gaps import Pair, Resampling, simultaneous
from callgap.fairness.sides import Side
from callgap.planning import recruits
from callgap.verdict import cells
from callgap.verdict.words import DISADVANTAGED, WITHIN

FEW = ["--simulations=50", "--groups=us,indian"]
HEADER = "verdict,group,reference,error,accepted,coverage,scenario,sound,offered"


@pytest.fixture
def offer(monkeypatch, tmp_path):
    """Offer `disadvantaged` from so many speakers on, and `within margin` likewise."""

    def offered(disadvantaged=10, within=30):
        least = {DISADVANTAGED: disadvantaged, WITHIN: within}
        lines = [
            f"{verdict},{mine},{theirs},0,0,1,any,{enough},{enough}"
            for verdict, low in least.items()
            for mine in cells.SIZES
            for theirs in cells.SIZES
            for enough in ["yes" if min(mine, theirs) >= low else "no"]
        ]
        path = tmp_path / "cells.csv"
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        monkeypatch.setattr(cells, "CELLS", path)
        cells.read.cache_clear()

    yield offered
    cells.read.cache_clear()


def needed(gap=0.2, verdict=DISADVANTAGED, simulations=100, seed=0, **wanted):
    """Speakers for one question."""
    plan = planned(Wanted(**{"groups": ("us", "indian"), "gaps": (gap,), **wanted}))
    (question,) = [question for _, question in plan.questions() if question.verdict == verdict]
    return recruits(question, limit=wanted.get("limit", 1000), simulations=simulations, seed=seed).speakers


def share_found(speakers, gap, seed, samples=100):
    """How often `disadvantaged` is found, simulated without any of the plan's code."""
    rng, found = np.random.default_rng(seed), 0
    for number in range(samples):
        group, reference = (
            Side(
                tuple(f"{place:03d}" for place in range(speakers)),
                errors := rng.poisson(720 * rate * rng.lognormal(-0.08, 0.4, speakers)).astype(float),
                np.full(speakers, 720.0),
                errors.sum(),
                720.0 * speakers,
                is_share=False,
            )
            for rate in (0.2 + gap, 0.2)
        )
        pair = Pair(group, reference)
        gap_found = simultaneous({("indian", "wer"): pair}, Resampling(0.05, 1000, number))["indian", "wer"]
        found += gap_found.difference.lower > 0.05 and left_out(pair) > 0.025
    return found / samples


def test_the_number_that_is_found_has_the_power_and_half_of_it_has_not(offer):
    offer()
    speakers = needed(gap=0.15, simulations=1000)
    error = np.sqrt(0.8 * 0.2 / 100)
    assert share_found(speakers, 0.15, seed=77) > 0.8 - 2 * error
    assert share_found(speakers // 2, 0.15, seed=78) < 0.8 - 2 * error


def test_smaller_gaps_and_larger_spreads_need_more_speakers(offer):
    offer()
    by_gap = [needed(gap=gap) for gap in (0.15, 0.2, 0.3)]
    assert by_gap == sorted(by_gap, reverse=True)
    assert len(set(by_gap)) == 3
    by_spread = [needed(spread=spread) for spread in (0.2, 0.4)]
    assert by_spread[0] < by_spread[1]
    within = [needed(verdict=WITHIN, spread=spread, simulations=50) for spread in (0.2, 0.35)]
    assert 30 <= within[0] < within[1]


@pytest.mark.slow
def test_more_power_more_groups_and_fewer_words_need_more_speakers(offer):
    offer()
    plain = needed()
    assert needed(power=0.99) > needed(power=0.9) >= plain
    assert needed(groups=("us", "a", "b", "c")) == needed(endpoints=3) > plain
    assert needed(utterances=5, words=4, gap=0.3) > needed(gap=0.3)
    assert needed(reference_speakers=100) < plain


def test_rare_events_are_planned_for_with_their_exact_limits(offer):
    offer()
    common = {"endpoint": "not_completed", "rate": 0.01, "utterances": 5, "simulations": 50}
    assert needed(**common) > needed(**common | {"utterances": 40})


def test_a_number_with_which_the_verdict_is_not_offered_is_not_named(offer):
    offer(disadvantaged=100)
    assert needed(gap=0.25, simulations=50) == 100
    offer(disadvantaged=1000)
    assert needed(gap=0.25, simulations=50) is None


def test_the_table_says_what_is_not_offered_and_why(offer, tmp_path):
    offer(disadvantaged=1000, within=1000)
    done = callgap("plan", *FEW, cwd=tmp_path)
    assert done.stdout.count("not offered  ") == 3
    assert "disadvantaged is not offered: its error rate is not proven" in done.stdout
    offer()
    done = callgap("plan", *FEW, "--gap=0.3", "--reference-speakers=12", cwd=tmp_path)
    assert "within margin is not offered: it needs 30 speakers on each side." in done.stdout


def test_the_same_seed_gives_the_same_table_in_columns_and_in_csv(offer, tmp_path):
    offer()
    asked = [*FEW, "--gap=0.15", "--gap=0.2", "--csv=plan.csv"]
    done = callgap("plan", *asked, cwd=tmp_path)
    first = (tmp_path / "plan.csv").read_bytes()
    assert callgap("plan", *asked, cwd=tmp_path).stdout == done.stdout
    assert (tmp_path / "plan.csv").read_bytes() == first
    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["true_gap"], row["verdict"]) for row in rows] == [
        *((gap, DISADVANTAGED) for gap in ("0.15", "0.2")),
        ("0.0", WITHIN),
    ]
    lines = done.stdout.splitlines()[2:5]
    for row, line in zip(rows, lines, strict=True):
        assert line.split("  ")[0] == row["group"] == "indian"
        told = [cell.strip() for cell in line.split("  ") if cell.strip()]
        assert told[3:5] == [row["speakers"], row["reference_speakers"]]
        assert told[5].startswith(f"{float(row['power']):.2f} ")
        assert float(row["power"]) >= 0.8
    total = int(rows[0]["speakers"]) + int(rows[0]["reference_speakers"])
    assert f"In all {total} speakers for disadvantaged at a true gap of +15.0 points" in done.stdout
    assert "A true gap of 5 points or less is never found disadvantaged with a power of 0.80" in done.stdout


def test_with_few_of_the_reference_no_number_may_do_and_the_power_is_told(offer, tmp_path):
    offer()
    done = callgap("plan", *FEW, "--gap=0.1", "--reference-speakers=10", "--limit=50", cwd=tmp_path)
    (row,) = [line for line in done.stdout.splitlines() if "+10.0 points" in line]
    assert "not with 50" in row
    assert float(row.split("  ")[-1].split()[0]) < 0.8


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    """An audited run of two accents, which also holds a third of three speakers, and its rows."""
    folder, rng, rows = tmp_path_factory.mktemp("pilot"), np.random.default_rng(5), []
    for accent, count, rate in (("us", 12, 0.15), ("indian", 14, 0.3), ("rare", 3, 0.2)):
        for number, own in enumerate(rate * rng.lognormal(-0.08, 0.4, count)):
            for sentence in range(4 + number % 3):
                text = ["pay", "my", "bill", "to", "the", "phone", "company", "now"][: 5 + sentence % 4]
                wrong = rng.random(len(text)) < own
                rows.append({
                    "id": f"{accent}{number:02d}-{sentence}", "speaker": f"{accent}{number:02d}", "accent": accent,
                    "hyp": " ".join("zebra" if w else t for t, w in zip(text, wrong, strict=True)),
                    "text": " ".join(text), "wrong": int(wrong.sum()), "words": len(text),
                })  # fmt: skip
    write(folder / "said.csv", rows, ("id", "text", "hyp", "speaker", "accent"))
    callgap("audit", "said.csv", "--reference-group=accent=us", "--output=made", cwd=folder)
    return next(path.parent for path in folder.glob("made/**/run.json")), rows


def test_a_pilot_shows_rate_speech_and_spread(pilot):
    path, rows = pilot
    plan = planned(Wanted(pilot=path, groups=("indian",)))
    of_us = [row for row in rows if row["accent"] == "us"]
    assert plan.reference == "us"
    assert plan.rate == pytest.approx(sum(row["wrong"] for row in of_us) / sum(row["words"] for row in of_us))
    said = {}
    for row in rows:
        if row["accent"] == "indian":
            said[row["speaker"]] = said.get(row["speaker"], 0) + row["words"]
    assert sorted(plan.callers["indian"].exposure) == sorted(said.values())
    assert 0 < plan.callers["us"].spread < 1
    assert 0 < plan.callers["indian"].spread != plan.callers["us"].spread


def test_what_is_given_stands_before_what_a_pilot_shows(pilot):
    given = Wanted(pilot=pilot[0], groups=("indian",), rate=0.1, spread=0.25, utterances=30)
    plan = planned(given)
    assert plan.rate == 0.1
    assert {callers.spread for callers in plan.callers.values()} == {0.25}
    assert plan.callers["us"].exposure.min() >= 30 * 5
    evenly = planned(dataclasses.replace(given, words=10))
    assert set(evenly.callers["us"].exposure) == {300.0}


def test_a_plan_from_a_pilot_has_rows_for_each_of_its_groups(pilot, offer):
    offer()
    asked = ["--groups=indian", "--attribute=accent", "--gap=0.3", "--simulations=50", "--utterances=20"]
    done = callgap("plan", f"--from={pilot[0]}", *asked, cwd=pilot[0])
    lines = [line for line in done.stdout.splitlines() if line.startswith("indian ")]
    assert len(lines) == 2
    assert "against us" in done.stdout
    assert not any(row["speaker"] in done.stdout for row in pilot[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--groups=indian,welsh"], "--groups: found 'welsh'; accepted: indian, rare, us"),
        ([], "--groups: rare has 3 speakers in the run; accepted: groups of at least 5"),
        (["--groups=us"], "--groups: found no group beside the reference us"),
        (["--groups=indian", "--reference=uk"], "--reference: found 'uk'; "),
        (["--groups=indian", "--attribute=age"], "--attribute: found 'age'; accepted: accent"),
        (["--groups=indian", "--endpoint=misrouted"], "observed nothing of the endpoint 'misrouted'"),
    ],
)
def test_a_pilot_that_does_not_show_it_is_refused(pilot, arguments, message):
    refused(f"--from={pilot[0]}", *arguments, message=message, cwd=pilot[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--groups: found 0; accepted: two groups or more"),
        (["--groups=us,us"], "--groups: found 1; accepted: two groups or more"),
        (["--groups=us,a", "--endpoint=wr"], "--endpoint: found 'wr'; did you mean 'wer'?"),
        (["--groups=us,a", "--gap=0.05"], "is never found disadvantaged"),
        (["--groups=us,a", "--margin=0.2", "--gap=0.1"], "--gap: found 0.1 with a margin of 0.2; accepted: more"),
        (["--groups=us,a", "--rate=0.45", "--gap=0.6"], "--gap: found 0.6 at a rate of 0.45; accepted: at most 0.55"),
        (["--groups=us,a", "--margin=-0.1"], "--margin: found -0.1; accepted: 0.001 to 0.5"),
        (["--groups=us,a", "--power=1"], "--power: found 1; accepted: 0.05 to 0.99"),
        (["--groups=us,a", "--rate=nan"], "--rate: found nan; accepted: 0.001 to 0.999"),
        (["--groups=us,a", "--rate=0.6"], "--rate: the reference group has 0.6; accepted: more than 0, at most 0.5: "),
        (["--groups=us,a", "--reference=b"], "--reference: found 'b'; accepted: a, us"),
        (["--groups=us,a", "--reference-speakers=9"], "--reference-speakers: found 9; accepted: 10 to 3000"),
        (["--groups=us,a", "--endpoint=unusable", "--words=3"], "--words: it says nothing of unusable"),
        (["--groups=us,a", "--endpoint=unusable", "--rate=0.8"], "accepted: less than 0.23"),
        (["--groups=us,a", "--attribute=accent"], "--attribute: found 'accent' without a run"),
        (["--groups=us,a", "--from=nowhere"], "nowhere is no run directory"),
    ],
)
def test_what_makes_no_plan_is_one_sentence(tmp_path, arguments, message):
    refused(*arguments, message=message, cwd=tmp_path)


def refused(*arguments, message, cwd):
    done = callgap("plan", *arguments, cwd=cwd, check=False)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1

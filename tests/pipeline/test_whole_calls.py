"""Whole calls through a whole run: what was heard decides where they end, and the report is made of them."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from runs import callgap

from callgap.assembly import units
from callgap.configuration import composed, plain

OTHERS = ("en-us-nyc", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
FEWER = [f"~corpus.accents.{name}" for name in (*OTHERS, "l2-de", "l2-fr", "l2-it", "l2-es")]
# Of the other services: what nobody says at this one.
OTHERS_SAY = ("balance", "lost-card", "transfer", "bill", "pin", "gas-leak", "fault", "meter", "moving", "appointment")
UNSAID = [f"~corpus.prompts.{name}" for name in (*OTHERS_SAY, "file-status", "form", "hours")]
UNSAID += [f"~corpus.prompts.digit-{digit}" for digit in range(10)]
CALLS = ["corpus=synthetic-services", "ivr=health", *FEWER, "corpus.speakers_per_group=2"]


def run_on_texts(folder, calls, misheard=lambda rows: None):
    """Run on what was said, changed where `misheard` says so."""
    rows = units(plain(composed(calls)))["corpus"].utterances().to_pandas()
    misheard(rows)
    rows[["utterance_id", "text"]].to_csv(folder / "texts.csv", index=False)
    arguments = [*calls, "engine.workers=0", "recognizer=transcripts", "recognizer.file=texts.csv"]
    callgap("run", *arguments, "fairness.resamples=1000", f"hydra.run.dir={folder / 'run'}", cwd=folder, check=True)
    return folder / "run"


@pytest.fixture(scope="module")
def unheard(tmp_path_factory):
    """A run on texts that hold what was said, but for the words of one accent that announce an emergency."""

    def deaf(rows):
        missed = (rows["accent"] == "l2-hi") & rows["intent"].isin(["chest-pain", "breathing"])
        rows.loc[missed, "text"] = "renew my prescription"

    return run_on_texts(tmp_path_factory.mktemp("calls"), CALLS, deaf)


@pytest.fixture(scope="module")
def perfect(tmp_path_factory):
    """A run on what was said, with as many speakers as a judgment asks for."""
    return run_on_texts(tmp_path_factory.mktemp("perfect"), [*CALLS[:-1], *UNSAID, "corpus.speakers_per_group=10"])


def test_who_is_misheard_is_misrouted_and_nobody_else(unheard):
    groups = pd.read_csv(unheard / "groups.csv").set_index("group")
    # Four of a speaker's twenty calls are emergencies of the two kinds that are not heard.
    assert groups.loc["l2-hi", "misrouted"] == pytest.approx(4 / 20)
    assert groups.loc["l2-hi", "not_completed"] == pytest.approx(4 / 20)
    assert groups.loc["en-us", ["misrouted", "not_completed", "wer"]].eq(0).all()
    assert groups.loc["everyone", "calls"] == 2 * 2 * 20
    # Calls to several services over several lines may stand in one table.
    assert set(groups["condition"]) == {"health over clean"}


def test_the_priority_and_the_critical_words_of_each_call_are_kept(unheard):
    calls = pq.read_table(unheard / "outcomes.parquet").to_pandas()
    missed = calls["goal"].isin(["chest pain", "breathing"]) & calls["speaker_id"].str.startswith("l2-hi")
    assert missed.sum() == 8
    assert (calls.loc[missed, "reached"] == "prescription").all()
    assert calls.loc[missed, "wrong_priority"].all()
    assert not calls.loc[missed, "critical_heard"].any()
    assert calls.loc[~missed, "completed"].all()
    assert calls.loc[~missed, "critical_heard"].dropna().all()
    assert not calls.loc[~missed, "wrong_priority"].dropna().any()


def test_a_recognizer_that_errs_never_leaves_no_gap_and_proves_none(perfect):
    calls = pd.read_csv(perfect / "calls.csv").set_index("endpoint")
    harms = ["not_completed", "misrouted", "wrong_priority", "no_match", "gave_up", "critical_missed"]
    assert calls.loc[harms, "rate"].eq(0).all()
    assert (calls.loc[["wrong_priority", "critical_missed"], "difference"].dropna() == 0).all()
    contrasts = pd.read_csv(perfect / "contrasts.csv")
    judged = contrasts[contrasts["limits"] == "simultaneous"]
    assert set(judged["endpoint"]) >= {"misrouted", "not_completed", "human_not_reached", "wer"}
    assert judged["difference"].eq(0).all()
    # Ten callers of each who never failed leave room for a gap: limits without width would deny it.
    assert (judged["difference_lower"] < -0.01).all()
    assert (judged["difference_upper"] > 0.01).all()
    assert not judged["verdict"].eq("within margin").any()
    shares = pd.read_csv(perfect / "shares.csv")
    assert shares[["rate_recognition", "recognition"]].fillna(0).eq(0).all(axis=None)
    waterfall = pd.read_csv(perfect / "waterfall.csv")
    assert waterfall[["understood", "routed", "reached"]].eq(1).all(axis=None)


def test_who_is_not_heard_is_missed_at_one_destination_and_taken_for_another(unheard):
    odds = pd.read_csv(unheard / "odds.csv").set_index(["group", "destination", "error"])
    assert odds.loc[("l2-hi", "emergency", "missed"), "difference"] == pytest.approx(
        odds.loc[("l2-hi", "emergency", "missed"), "rate"]
    )
    # Of each of two callers, four calls of twenty go to the wrong desk.
    assert odds.loc[("l2-hi", "prescription", "taken_for_it"), "total"] == 2 * 4
    assert odds.loc[("en-us", "prescription", "taken_for_it"), "total"] == 0
    shares = pd.read_csv(unheard / "shares.csv").set_index(["group", "endpoint"])
    assert shares.loc[("l2-hi", "misrouted"), "recognition"] == pytest.approx(4 / 20)
    assert shares.loc[("l2-hi", "misrouted"), "understanding"] == 0
    waterfall = pd.read_csv(unheard / "waterfall.csv").set_index("group")
    assert waterfall.loc["l2-hi", ["understood", "routed", "reached"]].tolist() == pytest.approx([1, 0.8, 0.8])


def test_each_recording_is_scored_once_although_some_are_heard_at_two_nodes(unheard):
    notes = json.loads((unheard / "run.json").read_text())
    assert set(notes["counts_by_status"]) >= {"ok"}
    scores = pq.read_table(unheard / "scores.parquet").to_pandas()
    words = scores[(scores["unit"] == "word") & (scores["normalizer"] == scores["normalizer"].iloc[0])]
    assert not words["utterance_id"].duplicated().any()
    # What the service serves: eleven sentences of twenty-nine prompts, yes and no among them.
    served = {"chest-pain", "breathing", "unconscious", "bleeding", "fever", "prescription", "pharmacy", "yes", "no"}
    said = {name.split("-", 3)[-1] for name in words["utterance_id"] if name.startswith("l2-hi")}
    assert {name.split("-", 1)[1] if name[0] == "0" else name for name in said} == {*served, "agent", "agent-sentence"}


def test_the_calls_are_walked_again_through_services_with_one_thing_changed(unheard):
    changed = pd.read_csv(unheard / "what_if.csv")
    base = changed[changed["is_base"] & (changed["endpoint"] == "not_completed")].drop_duplicates("group")
    groups = pd.read_csv(unheard / "groups.csv").set_index("group")["not_completed"]
    assert base.set_index("group")["rate"].to_dict() == pytest.approx(groups.to_dict())
    calls = pd.read_csv(unheard / "calls.csv").set_index(["group", "endpoint"])["rate"].to_dict()
    for row in changed[changed["is_base"]].itertuples():
        if (row.group, row.endpoint) in calls:
            assert row.rate == pytest.approx(calls[row.group, row.endpoint], nan_ok=True)
    assert set(changed["change"]) == {"attempts", "grammar"}
    # What is understood as something else is not heard better at another attempt.
    missed = changed[(changed["group"] == "l2-hi") & (changed["change"] == "attempts")]
    assert missed.loc[missed["endpoint"] == "misrouted", "rate"].tolist() == pytest.approx([4 / 20] * 5)
    page = (unheard / "report.html").read_text()
    assert "What if the service were another: accent" in page
    assert "No group has 10 speakers beside 10 of its reference" in page


def test_another_service_is_shown_beside_its_own_and_nothing_is_written(unheard):
    before = {path: path.stat().st_mtime_ns for path in unheard.rglob("*")}
    done = callgap("what-if", unheard, "--set", "attempts=5", cwd=unheard)
    row = next(line for line in done.output.splitlines() if "l2-hi (2)" in line)
    assert row.split()[2:8] == ["20.0", "\N{RIGHTWARDS ARROW}", "20.0"] * 2
    assert {path: path.stat().st_mtime_ns for path in unheard.rglob("*")} == before
    refused = callgap("what-if", unheard, "--service", "utility", cwd=unheard, check=False)
    assert "what node 'main' listens for was not recognized with its grammar" in refused.output

"""Free speech through a whole run: calls end where the router sends what was understood, and its figures are shown."""

import html
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from runs import callgap

from callgap.assembly import units
from callgap.configuration import composed, plain

OTHERS = ("en-us-nyc", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
FEWER = [f"~corpus.accents.{name}" for name in (*OTHERS, "l2-de", "l2-fr", "l2-it", "l2-es")]
# Nobody types, and nobody who is not understood is put through: a call ends where its words lead.
SPOKEN_ONLY = ["ivr.nodes.main.keys=null", "ivr.after_attempts=null"]
CALLS = ["corpus=synthetic-services", *FEWER, "corpus.speakers_per_group=2"]

GARBLED = {
    "what is my balance": "what is my bill",
    "change my pin number": "change my bin number",
    "transfer money to my savings account": "transmit my money to a human",
}
"""What is written of one accent: another intent, none at all, a person."""
ROUTES = {"what is my bill": "bill", "change my bin number": None, "transmit my money to a human": "agent"}


@pytest.fixture(scope="module")
def service():
    return units(plain(composed(["ivr=bank-open", *CALLS, *SPOKEN_ONLY])))


@pytest.fixture(scope="module")
def routed(tmp_path_factory, service):
    folder = tmp_path_factory.mktemp("routed")
    rows = service["corpus"].utterances().to_pandas()
    hit = rows["accent"] == "l2-hi"
    rows.loc[hit, "text"] = rows.loc[hit, "text"].replace(GARBLED)
    rows[["utterance_id", "text"]].to_csv(folder / "texts.csv", index=False)
    heard = ["engine.workers=0", "recognizer=transcripts", "recognizer.file=texts.csv", "fairness.resamples=1000"]
    arguments = ["ivr=bank-open", *CALLS, *SPOKEN_ONLY, *heard]
    callgap("run", *arguments, f"hydra.run.dir={folder / 'run'}", cwd=folder, check=True)
    return folder / "run"


def test_the_router_says_of_the_garbled_texts_what_the_test_counts_on(service):
    router = service["ivr"].nodes["main"].router
    found = {text: routed.intent for text, routed in zip(ROUTES, router.route(list(ROUTES)), strict=True)}
    assert found == ROUTES
    said = {row["text"] for row in service["corpus"].utterances().to_pylist()}
    assert GARBLED.keys() <= said


def test_of_twenty_calls_exactly_those_end_elsewhere_whose_texts_are_routed_elsewhere(routed):
    groups = pd.read_csv(routed / "groups.csv").set_index("group")
    # Six calls for a balance reach the bills, two for a PIN nobody, and three for a transfer a person.
    expected = {"misrouted": 6 / 20, "not_understood": 2 / 20, "not_completed": 11 / 20}
    for endpoint, share in expected.items():
        assert groups.loc["l2-hi", endpoint] == pytest.approx(share)
        assert groups.loc["en-us", endpoint] == 0
    assert groups.loc["en-us", "calls"] == groups.loc["l2-hi", "calls"] == 2 * 20


def test_each_call_goes_where_its_text_is_routed(routed):
    calls = pq.read_table(routed / "outcomes.parquet").to_pandas()
    garbled = calls[calls["speaker_id"].str.startswith("l2-hi")]
    ends = (
        garbled.assign(reached=garbled["reached"].fillna("nowhere"))
        .groupby("goal")["reached"]
        .unique()
        .map(list)
        .to_dict()
    )
    assert ends == {
        "agent": ["agent"],
        "balance": ["bills"],
        "bill": ["bills"],
        "lost card": ["card-blocked"],
        "lost card and a question": ["card-desk"],
        "pin": ["nowhere"],
        "transfer": ["agent"],
    }
    assert (garbled.loc[garbled["goal"] == "pin", "no_matches"] == 3).all()
    assert calls.loc[~calls.index.isin(garbled.index), "completed"].all()
    assert not calls.loc[~calls.index.isin(garbled.index), "reprompts"].any()


def test_the_run_says_which_router_it_was_and_how_often_it_is_right_on_clean_text(routed, service):
    router = service["ivr"].nodes["main"].router
    assert json.loads((routed / "run.json").read_text())["routers"] == {"main": dict(router.identity())}
    (shown,) = json.loads((routed / "report.json").read_text())["service"]["routers"]
    found = router.accuracy()
    assert shown["accuracy"] == json.loads(json.dumps(found.plain()))
    inside, outside = found.in_scope, found.out_of_scope
    right = f"{inside.correct} of {inside.texts} ({inside.correct / inside.texts:.1%})"
    refused = f"{outside.correct} of {outside.texts} ({outside.correct / outside.texts:.1%})"
    page, text = ((routed / name).read_text() for name in ("report.html", "report.md"))
    assert all(figure in html.unescape(page) and figure in text for figure in (right, refused, found.worst.intent))
    assert "The router on clean text" in page
    assert "## The router on clean text" in text


def test_a_service_of_menus_says_nothing_of_routers(tmp_path):
    rows = units(plain(composed(["ivr=health", *CALLS])))["corpus"].utterances().to_pandas()
    rows[["utterance_id", "text"]].to_csv(tmp_path / "texts.csv", index=False)
    heard = ["engine.workers=0", "recognizer=transcripts", "recognizer.file=texts.csv", "fairness.resamples=1000"]
    callgap("run", "ivr=health", *CALLS, *heard, f"hydra.run.dir={tmp_path / 'run'}", cwd=tmp_path, check=True)
    assert "routers" not in json.loads((tmp_path / "run" / "run.json").read_text())
    assert "on clean text" not in (tmp_path / "run" / "report.html").read_text()


def test_a_recognizer_of_grammars_is_refused_before_it_hears_free_speech(tmp_path):
    arguments = ["ivr=bank-open", *CALLS, "recognizer=pocketsphinx", "engine.workers=0"]
    done = callgap("run", *arguments, f"hydra.run.dir={tmp_path / 'run'}", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "this service takes free speech; accepted: recognizer=pocketsphinx-ngram" in " ".join(done.output.split())
    assert not (tmp_path / "run").exists()

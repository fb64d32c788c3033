"""Accents are classified where speakers agreed, told of groups of ten, and kept of no person."""

import csv
import re
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from rich.console import Console
from runs import TINY, callgap
from voice_checkpoints import LABELS, classifier, transformer

from callgap.accents import ACCENTS_FILE, LEAST_SPEAKERS, check_accents, classified, speaker_means
from callgap.alteration import Identity, McAdams
from callgap.assembly import units
from callgap.audio import batch_of
from callgap.corpus import load_card
from callgap.errors import InputError
from callgap.run_directory import RunDirectory
from callgap.speech import Speech
from callgap.voice import AccentClassifier, Measures

transformers = pytest.importorskip("transformers")
QUICK = [*TINY, "voice=none", "recognizer=energetic-plain", "ivr=none", "engine.workers=0"]
AGREED = "All speakers signed that their accent may be classified"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return classifier(tmp_path_factory.mktemp("classifier") / "tiny")


def asked(folder, consent="synthetic"):
    return f"voice.accent_classifier={{checkpoint: {folder}, device: cpu, consent: {consent}}}"


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """The directory of a run of 10 speakers with each of two accents, nothing altered."""
    path = tmp_path_factory.mktemp("accents") / "identity"
    callgap("run", *QUICK, asked(folder), f"hydra.run.dir={path}", cwd=path.parent)
    return path


def again(run, path, alteration, **changed):
    """The pass over the recordings alone, of the run's corpus with something changed.

    Returns:
        What `run.json` would say of it.
    """
    config = yaml.safe_load((run / "config.yaml").read_text())
    unit = units(config | {"corpus": config["corpus"] | changed})
    utterances = unit["corpus"].utterances()
    directory = RunDirectory(path)
    directory.write_table("covariates.parquet", utterances.select(["utterance_id"]))
    choices = {"corpus": "tiny", "alteration": type(alteration).__name__}
    notes = classified(directory, Speech(unit["corpus"], alteration), utterances, unit, choices, Console(quiet=True))
    return notes["accents"]


def rows(path):
    with (path / ACCENTS_FILE).open(newline="") as file:
        return list(csv.DictReader(file))


def test_means_of_groups_are_means_of_their_speakers_means(run, folder):
    found = rows(run)
    assert [(row["group"], row["label"]) for row in found] == [(g, x) for g in ("en-gb", "en-us") for x in LABELS]
    assert {(row["corpus"], row["alteration"], row["attribute"]) for row in found} == {("tiny", "identity", "accent")}
    assert {int(row["speakers"]) for row in found} == {LEAST_SPEAKERS}
    expected = by_hand(run, folder)
    for row in found:
        assert float(row["mean_probability"]) == pytest.approx(expected[row["group"], row["label"]], abs=1e-6)
    for group in ("en-gb", "en-us"):
        assert sum(float(row["mean_probability"]) for row in found if row["group"] == group) == pytest.approx(1)


def by_hand(path, folder):
    """The same with transformers alone: a dictionary of every utterance's probabilities, averaged twice."""
    corpus = units(yaml.safe_load((path / "config.yaml").read_text()))["corpus"]
    model = transformers.Wav2Vec2ForSequenceClassification.from_pretrained(folder).eval()
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folder)
    table = corpus.utterances()
    who = {row["utterance_id"]: (row["accent"], row["speaker_id"]) for row in table.to_pylist()}
    said = {}
    for batch in corpus.load(table):
        heard = batch.resampled(16000)
        for index, utterance in enumerate(heard.utterance_ids):
            signal = heard.signal(index)
            if len(signal) < 8000:
                continue
            with torch.inference_mode():
                logits = model(**extractor(signal.numpy(), sampling_rate=16000, return_tensors="pt")).logits[0]
            seconds = int(batch.lengths[index]) / batch.sample_rate
            said.setdefault(who[utterance], []).append((seconds, logits.softmax(0).tolist()))
    found = {}
    for group in ("en-gb", "en-us"):
        for place, label in enumerate(LABELS):
            means = [
                sum(s * p[place] for s, p in heard) / sum(s for s, _ in heard)
                for (accent, _), heard in said.items()
                if accent == group
            ]
            assert len(means) == LEAST_SPEAKERS
            found[group, label] = sum(means) / len(means)
    return found


def test_what_is_classified_is_what_the_alteration_left(run, tmp_path):
    for name, alteration in (("same", Identity()), ("other", McAdams(coefficient=0.8))):
        (tmp_path / name).mkdir()
        assert again(run, tmp_path / name, alteration)["groups_left_out"] == []
    before, same, other = (probabilities(path) for path in (run, tmp_path / "same", tmp_path / "other"))
    assert same == before
    assert all(abs(one - two) > 1e-6 for one, two in zip(before, other, strict=True))
    assert {row["alteration"] for row in rows(tmp_path / "other")} == {"McAdams"}


def probabilities(path):
    return [float(row["mean_probability"]) for row in rows(path)]


def test_a_group_of_fewer_than_ten_is_left_out_and_named(run, tmp_path):
    notes = again(run, tmp_path, Identity(), speakers_per_group=9)
    assert notes["groups_left_out"] == ["en-gb", "en-us"]
    assert rows(tmp_path) == []
    assert RunDirectory.open(run).provenance()["accents"]["groups_left_out"] == []


def test_nothing_of_a_person_or_an_utterance_is_written(run):
    assert not (run / "voices.parquet").exists()
    assert not (run / "voices").exists()
    for file in run.rglob("*.parquet"):
        assert not re.search("label|probabilit", " ".join(pq.read_schema(file).names))
    texts = [file for file in run.rglob("*") if file.suffix in (".csv", ".json", ".md", ".html", ".yaml")]
    holding = {file.name for file in texts if any(label in file.read_text(encoding="utf-8") for label in LABELS)}
    assert holding == {ACCENTS_FILE}
    assert len(rows(run)) == 2 * len(LABELS)


def test_the_run_says_who_agreed(run, folder):
    notes = RunDirectory.open(run).provenance()["accents"]
    assert (notes["consent"], notes["attribute"], notes["checkpoint"]) == ("synthetic", "accent", str(folder))


def test_a_run_that_is_not_asked_classifies_nothing(tmp_path):
    silent = {"voice": Measures(prosody=True)}
    check_accents(silent, {})
    assert classified(RunDirectory(tmp_path), None, None, silent, {}, None) == {}
    assert not list(tmp_path.iterdir())


def test_judged_again_and_published_the_table_is_carried_along(run, tmp_path):
    callgap("score", run, "scoring.primary=none", cwd=tmp_path)
    assert rows(next(run.parent.glob("identity-score-*"))) == rows(run)
    callgap("publish", run, "--to", "accents", cwd=tmp_path)
    assert rows(tmp_path / "results" / "accents") == rows(run)


def unit(synthetic=False, has_audio=True, attributes=None, **options):
    known = {"accent": SimpleNamespace(of_person=True), "channel": SimpleNamespace(of_person=False)}
    card = SimpleNamespace(synthetic=synthetic, attributes=known)
    corpus = SimpleNamespace(card=card, has_audio=has_audio)
    return {"corpus": corpus, "voice": Measures(accent_classifier=AccentClassifier(**options))}


@pytest.mark.parametrize("consent", [None, "", "  ", "yes", "synthetic", "they agreed"])
def test_of_people_somebody_must_say_who_agreed(folder, consent):
    with pytest.raises(InputError, match=r"voice.accent_classifier.consent: found .* for corpus=ours; accepted: a sen"):
        check_accents(unit(checkpoint=str(folder), consent=consent), {"corpus": "ours"})
    check_accents(unit(checkpoint=str(folder), consent=AGREED), {"corpus": "ours"})


def test_of_synthetic_voices_the_word_is_enough_and_nothing_is_not(folder):
    check_accents(unit(synthetic=True, checkpoint=str(folder), consent="synthetic"), {"corpus": "tiny"})
    with pytest.raises(InputError, match=r"consent: found None .*, or synthetic"):
        check_accents(unit(synthetic=True, checkpoint=str(folder)), {"corpus": "tiny"})
    assert load_card("synthetic").synthetic


def test_a_run_without_consent_ends_before_anything_is_heard(folder, tmp_path):
    how = [*QUICK, f"voice.accent_classifier={{checkpoint: {folder}}}", f"hydra.run.dir={tmp_path / 'run'}"]
    done = callgap("run", *how, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "voice.accent_classifier.consent: found None for corpus=tiny" in done.output
    assert not (tmp_path / "run" / "run.json").exists()


def test_stored_transcripts_have_no_accents(folder, tmp_path):
    stored = ("corpus=artie-bias", "recognizer=artie-google-en-us", "ivr=none")
    done = callgap("run", *stored, asked(folder, AGREED), cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "voice.accent_classifier: corpus=artie-bias holds transcripts and no audio" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint": "some/one"}, "voice.accent_classifier.revision: found None for the hub id"),
        ({"attribute": "acent"}, "the corpus has no attribute of persons 'acent'; did you mean 'accent'"),
        ({"attribute": "channel"}, "the corpus has no attribute of persons 'channel'"),
    ],
)
def test_what_cannot_be_classified_is_one_sentence(folder, options, message):
    given = {"checkpoint": str(folder), "consent": AGREED} | options
    with pytest.raises(InputError, match=message):
        check_accents(unit(**given), {"corpus": "ours"})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: transformer(path, "Wav2Vec2", "Model"), "is no classifier of audio: it lacks .* would be random"),
        (
            lambda path: classifier(path, labels=("one",)),
            "has 1 labels .* that chooses one of two or more",
        ),
        (lambda path: classifier(path, problem_type="multi_label_classification"), "'multi_label_classification'"),
        (
            lambda path: (classifier(path) / "model.safetensors").write_bytes(b"torn"),
            "cannot be loaded as AutoModelFor",
        ),
    ],
)
def test_a_checkpoint_of_something_else_is_one_sentence(tmp_path, make, message):
    make(tmp_path / "checkpoint")
    with pytest.raises(InputError, match=message):
        _ = AccentClassifier(str(tmp_path / "checkpoint")).labels


def test_what_an_item_is_taken_for_does_not_depend_on_its_neighbors(folder):
    noise = [
        0.1 * torch.randn(length, generator=torch.Generator().manual_seed(length)) for length in (9000, 12000, 7999)
    ]
    found = AccentClassifier(str(folder), device="cpu").probabilities(
        batch_of([*noise, torch.zeros(9000)], 16000, list("abcd"))
    )
    alone = AccentClassifier(str(folder), device="cpu").probabilities(batch_of(noise[1:2], 16000, ["b"]))
    assert torch.equal(found[1], alone[0])
    assert not torch.equal(found[0], found[1])
    assert found[2:] == [None, None]


def test_a_speakers_mean_weighs_seconds_and_needs_something_heard():
    class Says:
        def probabilities(self, batch):
            given = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": None}
            return [None if given[u] is None else torch.tensor(given[u]).double() for u in batch.utterance_ids]

    batches = [batch_of([torch.ones(300)], 100, ["a"]), batch_of([torch.ones(100), torch.ones(50)], 100, ["b", "c"])]
    found = speaker_means(Says(), iter(batches), {"a": "s", "b": "s", "c": "t"})
    assert {speaker: mean.tolist() for speaker, mean in found.items()} == {"s": [0.75, 0.25]}

"""Encoders that a user names, as tiny x-vector checkpoints with random weights, pinned and loaded."""

import importlib.util
import json
import pickle

import huggingface_hub
import numpy as np
import pytest
import torch
from voice_checkpoints import SIZE, TINY, transformer

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import table
from callgap.voice import Measures, NamedEncoder, NamedVoiceprint, distinguishability, similarity, voiceprints
from callgap.voice.voiceprint import spoken
from callgap.voice.xvector import least_samples
from callgap.voice_records import VOICES

transformers = pytest.importorskip("transformers")
FAMILIES = ("WavLM", "UniSpeechSat", "Wav2Vec2", "Data2VecAudio", "Wav2Vec2Conformer")
COMMIT = "0" * 40


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """By family, the folder of an x-vector checkpoint; made when it is first asked for."""
    place, made = tmp_path_factory.mktemp("xvectors"), {}

    def folder(family):
        if family not in made:
            made[family] = transformer(place / family, family, "ForXVector")
        return made[family]

    return folder


def unit(folder, least_speech_s=0.5, **options):
    return NamedVoiceprint(NamedEncoder(**{"checkpoint": str(folder), "device": "cpu"} | options), least_speech_s)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_embedding_is_the_direction_of_what_the_network_gives(folders, speech, one_thread, family):
    found = unit(folders(family)).measure(speech)
    assert found["reason"] == [None] * 4
    kind = getattr(transformers, f"{family}ForXVector")
    model = kind.from_pretrained(folders(family)).eval()
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folders(family))
    for index, embedding in enumerate(found["embedding"]):
        heard = spoken(speech.resampled(16000).signal(index)).numpy()
        with torch.inference_mode():
            theirs = model(**extractor(heard, sampling_rate=16000, return_tensors="pt")).embeddings[0].numpy()
        assert len(embedding) == SIZE
        assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)
        assert embedding == pytest.approx(theirs / np.linalg.norm(theirs), abs=1e-5)


def test_no_item_touches_another_and_a_copy_finds_the_same_bits(folders, speech, one_thread):
    together = unit(folders("WavLM")).measure(speech)["embedding"]
    state = torch.get_rng_state()
    copied = pickle.loads(pickle.dumps(unit(folders("WavLM"))))
    bad = batch_of(
        [torch.full((16000,), torch.nan), torch.zeros(16000), torch.ones(3000), speech.signal(2)],
        speech.sample_rate,
        ["nan", "silent", "short", "high-0"],
    )
    beside = copied.measure(bad)
    assert beside["reason"] == ["not_finite", "silent", "too_short", None]
    assert beside["embedding"] == [None, None, None, together[2]]
    assert together[0] != together[2]
    # Weights are drawn before they are loaded, aside.
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
def test_the_shortest_sound_is_that_of_two_pooled_frames(folders):
    model = transformers.WavLMForXVector.from_pretrained(folders("WavLM")).eval()
    shortest = least_samples(model.config)
    with torch.inference_mode():
        assert model(torch.randn(1, shortest)).embeddings.isfinite().all()
        # The standard deviation of one frame is no number.
        assert model(torch.randn(1, shortest - 1)).embeddings.isnan().all()
    noise = torch.randn(6400)
    assert shortest > 3200
    parts = batch_of([noise[:3200], noise], 16000, ["a", "b"])
    assert unit(folders("WavLM"), 0.1).measure(parts)["reason"] == ["too_short", None]


def test_in_a_run_it_stands_in_the_same_column_and_everything_behind_it_goes_on(folders, speech, one_thread):
    config = {"voiceprint": True, "encoder": {"checkpoint": str(folders("WavLM")), "device": "cpu"}}
    measures = Measures(**config)
    measures.check()
    stored = table(measures.rows(speech, speech, {}), VOICES)
    assert {len(vector) for vector in stored["embedding"].to_pylist()} == {SIZE}
    speakers = {name: name.split("-")[0] for name in speech.utterance_ids}
    found = voiceprints(stored, speakers)
    assert found.embeddings.shape == (4, SIZE)
    assert similarity(found, found).cosine.tolist() == [1.0, 1.0]
    assert distinguishability(found, found).distance_ratio == 1.0


def test_who_is_excluded_as_another_person_is_for_the_same_network_to_say(folders, speech, one_thread):
    encoder = NamedEncoder(str(folders("WavLM")), device="cpu")
    vectors = NamedVoiceprint(encoder).measure(speech)["embedding"]
    cosine = float(np.dot(vectors[0], vectors[2]))
    before = batch_of([speech.signal(0)], speech.sample_rate, ["u"])
    after = batch_of([speech.signal(2)], speech.sample_rate, ["u"])
    for least, reason in ((cosine - 0.001, None), (min(cosine + 0.001, 0.99999), "after_other_speaker")):
        kept = Measures(voiceprint=True, encoder=encoder, least_similarity=least).unmeasured()
        assert not kept.wanted
        assert kept.checked(before, after).statuses[0].reason == reason
    assert Measures(voiceprint=True, encoder=encoder).unmeasured() == Measures()


def test_an_encoder_that_embeds_nothing_is_refused():
    content = {"_target_": "callgap.voice.Measures", "prosody": True, "encoder": {"checkpoint": "x"}}
    plain = {"_target_": "callgap.voice.Measures"}
    with pytest.raises(InputError, match="encoder is chosen and nothing is embedded; accepted: voiceprint=true"):
        units({stage: plain for stage in ("corpus", "alteration")} | {"voice": content} | _others(plain))


def _others(plain):
    stages = ("channel", "recognizer", "scoring", "fairness", "ivr", "verdict", "report", "engine")
    return {stage: plain for stage in stages}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint": "microsoft/wavlm-base-plus-sv"}, "voice.encoder.revision: found None for the hub id"),
        ({"checkpoint": "microsoft/wavlm-base-plus-sv", "revision": "main"}, "accepted: the hash of a commit"),
        ({"checkpoint": "no/such/folder"}, "voice.encoder.checkpoint: there is no folder 'no/such/folder'"),
        ({"revision": COMMIT}, "voice.encoder.revision: found '0{40}' and the folder .* has none"),
        ({"device": "tpu"}, "voice.encoder.device: found 'tpu'; accepted: cpu, cuda, cuda:N"),
    ],
)
def test_what_is_not_pinned_or_not_there_is_one_sentence(folders, speech, options, message):
    with pytest.raises(InputError, match=message):
        unit(folders("WavLM"), **options).measure(speech)


def test_the_hub_is_asked_for_the_commit_and_for_nothing_that_can_run(folders, speech, monkeypatch):
    asked = []

    def snapshot_download(name, **options):
        asked.append((name, options))
        return str(folders("WavLM"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    assert unit("some/one", revision=COMMIT).measure(speech)["reason"] == [None] * 4
    assert asked[0][0] == "some/one"
    assert asked[0][1]["revision"] == COMMIT
    assert {pattern.rpartition(".")[2] for pattern in asked[0][1]["allow_patterns"]} == {"json", "safetensors"}


def test_a_hub_that_cannot_be_reached_is_one_sentence(speech, monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"voice.encoder.checkpoint: some/one cannot be fetched from the hub: "):
        unit("some/one", revision=COMMIT).measure(speech)


def test_a_missing_package_is_named_with_the_command(monkeypatch, folders, speech):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"'transformers', which is not installed: pip install 'callgap\[transform"):
        unit(folders("WavLM")).measure(speech)


def torn(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])


def unsafe(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def not_a_number(folder):
    model = transformers.WavLMForXVector.from_pretrained(folder)
    model.projector.weight.data.fill_(torch.nan)
    model.save_pretrained(folder)


def own_code(folder):
    (folder / "evil.py").write_text("raise SystemExit('this was run')\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModelForAudioXVector": "evil.Evil"}}
    (folder / "config.json").write_text(json.dumps(config))


def other_rate(folder):
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=8000).save_pretrained(folder)


def unprepared(folder):
    (folder / "preprocessor_config.json").unlink()


@pytest.mark.parametrize(
    ("head", "damage", "message"),
    [
        ("ForXVector", torn, "cannot be loaded as AutoModelForAudioXVector: "),
        ("ForXVector", unsafe, "holds no weights in safetensors"),
        ("ForXVector", not_a_number, "is damaged, it embeds sound as numbers that are zero or not finite"),
        ("ForXVector", own_code, "cannot be loaded as AutoModelForAudioXVector: "),
        ("ForXVector", other_rate, "hears sound at 8000 Hz; accepted: 16000 Hz"),
        ("ForXVector", unprepared, "cannot be loaded as AutoFeatureExtractor"),
        ("Model", None, r"is no x-vector checkpoint: it lacks \d+ tensors of WavLMForXVector, .* would be random"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_one_sentence(tmp_path, speech, head, damage, message):
    folder = transformer(tmp_path / "checkpoint", "WavLM", head)
    if damage:
        damage(folder)
    with pytest.raises(InputError, match=message) as caught:
        unit(folder).measure(speech)
    assert str(caught.value).startswith("voice.encoder.checkpoint: ")


def test_a_model_of_another_kind_is_one_sentence(tmp_path, speech):
    config = transformers.HubertConfig(**{name: value for name, value in TINY.items() if "vector" not in name})
    transformers.HubertModel(config).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="cannot be loaded as AutoModelForAudioXVector: Unrecognized configuration"):
        unit(tmp_path).measure(speech)

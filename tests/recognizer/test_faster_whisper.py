"""`faster-whisper` against a stand-in of its engine, with the signatures of the engine's version 1.2."""

import hashlib
import importlib.util
import inspect
import math
import pickle
import re
import sys

import pytest
import torch
from whisper_engine import BATCHED, DOWNLOAD, LOAD, TRANSCRIBE, StandIn, segment

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.recognizer import Central, Sound
from callgap.recognizer.faster_whisper import FasterWhisper
from callgap.records import OK, Context, ItemStatus, Status

FRENCH, ENGLISH = Context("fr-BE"), Context("en-US")


@pytest.fixture
def engine(monkeypatch):
    made = StandIn()
    monkeypatch.setitem(sys.modules, "faster_whisper", made.module)
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    return tmp_path


def sounds(*lengths):
    return [Sound(torch.zeros(length), 16000) for length in lengths]


def test_the_installed_engine_takes_what_is_passed_to_it():
    if importlib.util.find_spec("faster_whisper") is None:
        pytest.skip("faster-whisper is not installed")
    import faster_whisper

    for names, found in (
        (TRANSCRIBE, faster_whisper.WhisperModel.transcribe),
        (BATCHED, faster_whisper.BatchedInferencePipeline.transcribe),
        (LOAD, faster_whisper.WhisperModel.__init__),
        (DOWNLOAD, faster_whisper.download_model),
    ):
        assert set(names) <= set(inspect.signature(found).parameters)


def test_without_the_extra_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(InputError, match=r"not installed: pip install 'callgap\[faster-whisper\]'$"):
        FasterWhisper("tiny").check([], "en-US")


def test_nothing_is_imported_before_it_is_chosen():
    assert isinstance(FasterWhisper("tiny"), Central)


def test_the_text_is_that_of_all_segments_and_the_confidence_the_mean_of_their_tokens(engine, folder):
    engine.says = lambda samples: [segment(" J'ai faim,", -0.1, 3), segment(" merci.", -0.5, 1)]
    ((place, found),) = FasterWhisper(str(folder)).recognize(sounds(16000), FRENCH)
    assert (place, found.text, found.status, found.n_best) == (0, "J'ai faim, merci.", OK, ("J'ai faim, merci.",))
    assert found.confidence == pytest.approx(math.exp((3 * -0.1 - 0.5) / 4), rel=1e-12)
    assert found.latency_s > 0
    (options,) = engine.asked
    assert options == {"language": "fr", "beam_size": 5, "temperature": 0.0, "vad_filter": False}
    (load,) = engine.loads
    assert load == {"model_size_or_path": str(folder), "device": "auto", "compute_type": "default"}


def test_no_segment_is_no_speech(engine, folder):
    engine.says = lambda samples: []
    ((_, found),) = FasterWhisper(str(folder)).recognize(sounds(16000), FRENCH)
    assert (found.text, found.status, found.confidence, found.n_best) == (
        "",
        ItemStatus(Status.OK, "no_speech"),
        None,
        (),
    )


def test_each_place_is_given_once_and_the_model_is_loaded_once(engine, folder):
    recognizer = FasterWhisper(str(folder))
    recognizer.warm(FRENCH)
    found = dict(recognizer.recognize(sounds(100, 300, 200), FRENCH))
    assert {place: hypothesis.text for place, hypothesis in found.items()} == {0: "100", 1: "300", 2: "200"}
    assert len(engine.loads) == 1


def test_another_rate_is_resampled_and_what_came_without_audio_keeps_its_status(engine, folder):
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    batch = batch_of([torch.zeros(800), torch.zeros(0)], 8000, ["a", "b"], [OK, excluded])
    found = FasterWhisper(str(folder)).transcribe(batch, FRENCH)
    assert [hypothesis.text for hypothesis in found.hypotheses] == ["1600", None]
    assert found.hypotheses[1].status == excluded


def test_a_detected_language_is_not_told_and_is_counted(engine, folder):
    recognizer = FasterWhisper(str(folder), language_mode="detected")
    recognizer.warm(Context("xx"))
    list(recognizer.recognize(sounds(100, 100), FRENCH))
    assert [options["language"] for options in engine.asked] == [None] * 3
    assert recognizer.notes()["detected_languages"] == {"de": 2}


@pytest.mark.parametrize(("tag", "code"), [("nb-NO", "no"), ("fil", "tl"), ("EN-us", "en"), ("jv", "jw")])
def test_a_language_is_told_in_the_spelling_of_whisper(engine, folder, tag, code):
    list(FasterWhisper(str(folder)).recognize(sounds(100), Context(tag)))
    assert engine.asked[0]["language"] == code


def test_a_language_that_the_model_does_not_know_is_refused_before_anything_runs(engine, folder):
    engine.languages = ["en"]
    with pytest.raises(InputError, match="knows 1 languages and not 'fr-BE'"):
        FasterWhisper(str(folder)).warm(FRENCH)
    assert engine.asked == []


def test_long_recordings_may_be_decoded_in_batches(engine, folder):
    recognizer = FasterWhisper(str(folder), batch_size=8, vad_filter=True)
    recognizer.check([], "fr-BE")
    ((_, found),) = recognizer.recognize(sounds(100), FRENCH)
    assert found.text == "100"
    assert (engine.asked[0]["batch_size"], engine.asked[0]["vad_filter"]) == (8, True)


def test_a_batch_that_does_not_fit_is_halved_and_this_is_noted(engine, folder):
    def fits(samples, given):
        if given["batch_size"] > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        yield segment("small")

    engine.said = fits
    recognizer = FasterWhisper(str(folder), batch_size=8, vad_filter=True)
    ((_, found),) = recognizer.recognize(sounds(100), FRENCH)
    assert found.text == "small"
    assert [options["batch_size"] for options in engine.asked] == [8, 4, 2]
    assert recognizer.notes()["batches_halved"] == 2


def raising(error, of=200):
    def says(samples):
        if len(samples) == of:
            raise error
        return [segment("yes")]

    return says


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("CUDA failed with error out of memory"), "out_of_memory"),
        (RuntimeError("bad shape"), "engine_error"),
        (ValueError("bad value"), "engine_error"),
    ],
)
def test_an_utterance_that_cannot_be_decoded_is_lost_alone(engine, folder, error, reason):
    engine.says = raising(error)
    found = dict(FasterWhisper(str(folder)).recognize(sounds(100, 200, 300), FRENCH))
    assert [found[place].text for place in range(3)] == ["yes", None, "yes"]
    assert found[1].status == ItemStatus(Status.FAILED, reason)


def test_a_gpu_that_fails_stops_the_run_and_what_came_before_counts(engine, folder):
    engine.says = raising(RuntimeError("CUDA failed with error an illegal memory access"))
    coming = FasterWhisper(str(folder)).recognize(sounds(100, 200, 300), FRENCH)
    assert next(coming)[1].text == "yes"
    with pytest.raises(InputError, match=r"the GPU has failed: CUDA failed .* go on with resume="):
        next(coming)


def test_a_model_of_the_hub_is_fetched_at_its_revision(engine, tmp_path):
    engine.hub = tmp_path / "snapshots" / "0123abc"
    recognizer = FasterWhisper("tiny", revision="0123abc")
    recognizer.check([], "en-US")
    recognizer.warm(ENGLISH)
    assert engine.downloads == [{"size_or_id": "tiny", "revision": "0123abc"}]
    assert engine.loads[0]["model_size_or_path"] == str(engine.hub)
    assert recognizer.notes()["loaded"] == "0123abc"
    assert recognizer.identity() == {
        "id": "tiny",
        "revision": "0123abc (faster-whisper 1.2.0, default)",
        "locale": "not stated",
    }


def test_a_folder_is_known_by_its_weights(engine, folder):
    digest = hashlib.sha256(b"weights").hexdigest()
    recognizer = FasterWhisper(str(folder), id="mine", compute_type="int8")
    assert recognizer.identity()["id"] == "mine"
    assert recognizer.identity()["revision"] == f"sha256:{digest} (faster-whisper 1.2.0, int8)"
    assert recognizer.notes()["loaded"] is None


def test_what_cannot_be_fetched_loaded_or_warmed_is_one_sentence(engine, folder, monkeypatch):
    with pytest.raises(InputError, match=r"'x' cannot be fetched from the hub: Invalid model size 'x', .* tiny$"):
        FasterWhisper("x").warm(ENGLISH)
    engine.says = raising(RuntimeError("no kernel"), of=8000)
    with pytest.raises(InputError, match="cannot work here: engine_error"):
        FasterWhisper(str(folder)).warm(ENGLISH)

    def damaged(*arguments, **options):
        raise RuntimeError("File model.bin is incomplete: failed to read a buffer")

    monkeypatch.setattr(engine.module, "WhisperModel", damaged)
    with pytest.raises(InputError, match=r"cannot be loaded: File model.bin is incomplete"):
        FasterWhisper(str(folder)).warm(ENGLISH)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 8}, "found 8 with recognizer.vad_filter=false"),
        ({"revision": "main"}, "recognizer.revision: the folder .* has none"),
    ],
)
def test_options_that_contradict_each_other_are_one_sentence(engine, folder, options, message):
    with pytest.raises(InputError, match=message):
        FasterWhisper(str(folder), **options).check([], "en-US")


def test_a_folder_without_weights_is_one_sentence(engine, tmp_path):
    with pytest.raises(InputError, match=r"holds no model\.bin"):
        FasterWhisper(str(tmp_path)).check([], "en-US")


@pytest.mark.parametrize("model", ["/nope", "./nope", "../nope", "no/such/folder", "~/nope"])
def test_a_folder_that_is_not_there_is_told_as_one(engine, model):
    with pytest.raises(InputError, match=f"recognizer.model: {re.escape(model)}: there is no such folder; acc"):
        FasterWhisper(model).check([], "en-US")
    with pytest.raises(InputError, match="there is no such folder"):
        FasterWhisper(model).warm(ENGLISH)
    assert engine.downloads == []


def test_a_copy_loads_the_model_again(engine, folder):
    recognizer = FasterWhisper(str(folder))
    list(recognizer.recognize(sounds(100), FRENCH))
    copy = pickle.loads(pickle.dumps(recognizer))
    assert dict(copy.recognize(sounds(100), FRENCH))[0].text == "100"
    assert copy == recognizer
    assert len(engine.loads) == 2

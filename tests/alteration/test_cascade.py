"""What was understood is said again, by one voice; where nothing was understood, nothing is said."""

import pickle
import time

import pytest
import torch
from hydra.utils import get_method, instantiate
from pydantic import ValidationError

from callgap.alteration import Cascade
from callgap.audio import batch_of
from callgap.configuration import composed, plain
from callgap.corpus.espeak import espeak
from callgap.errors import InputError
from callgap.recognizer import Hypothesis, Transcription
from callgap.records import OK, ItemStatus, Status


class Knowing:
    """A recognizer that looks up what it hears."""

    hears = True

    def __init__(self, texts):
        self.texts = texts

    def transcribe(self, batch, context):
        assert context.language == "en-US"
        return Transcription(batch.utterance_ids, tuple(self.texts[name] for name in batch.utterance_ids))

    def check(self, grammars, language):
        if language != "en-US":
            raise InputError("only en-US")


def cascade(texts, **options):
    given = {"language": "en-US", "voice": "en-us", "pitch": 50, "rate": 160} | options
    return Cascade(Knowing(texts), get_method("callgap.corpus.espeak.espeak"), **given)


def test_the_words_are_said_by_the_synthesizer(speech):
    texts = {"transfer": Hypothesis("call me back"), "stolen": Hypothesis("call me back")}
    altered = cascade(texts).alter(speech)
    said = espeak().speak("call me back", "en-us", pitch=50, rate=160)
    wanted = batch_of([said], espeak().sample_rate, ["u"]).resampled(16000).signal(0)
    assert altered.statuses == (OK, OK)
    # Nothing is left of who spoke.
    assert torch.equal(altered.signal(0), wanted)
    assert torch.equal(altered.signal(1), wanted)


def test_what_was_not_understood_fails_and_what_was_not_ok_stays():
    missing = ItemStatus(Status.EXCLUDED, "missing_audio")
    texts = {
        "a": Hypothesis("yes"),
        "b": Hypothesis("", ItemStatus(Status.OK, "no_speech")),
        "c": Hypothesis(None, ItemStatus(Status.FAILED, "timeout")),
        "d": Hypothesis(None, missing),
    }
    signals = [torch.rand(1000) - 0.5] * 3 + [torch.zeros(0)]
    altered = cascade(texts).alter(batch_of(signals, 16000, list("abcd"), [OK, OK, OK, missing]))
    assert [status.reason for status in altered.statuses] == [
        None,
        "nothing_understood",
        "recognizer_failed",
        "missing_audio",
    ]
    assert [int(length) > 0 for length in altered.lengths] == [True, False, False, False]


def test_the_configured_one_hears_and_speaks(speech):
    unit = instantiate(plain(composed(["alteration=cascade"]))["alteration"], _convert_="all")
    unit.check()
    begin = time.monotonic()
    altered = pickle.loads(pickle.dumps(unit)).alter(batch_of([speech.signal(0)], 16000, ["transfer"]))
    assert altered.statuses == (OK,)
    assert altered.signal(0).abs().max() > 0.05
    assert time.monotonic() > begin


def test_what_neither_hears_nor_speaks_is_refused():
    with pytest.raises(ValidationError, match="a int recognizes no sound"):
        Cascade(3, espeak, "en-US", "en-us", 50, 160)
    with pytest.raises(ValidationError, match="a str cannot be called"):
        Cascade(Knowing({}), "espeak", "en-US", "en-us", 50, 160)
    with pytest.raises(InputError, match="only en-US"):
        cascade({}, language="fr-FR").check()

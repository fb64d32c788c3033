"""Open speech is written down the same in whatever batch and order, and a grammar changes nothing."""

import pickle
from itertools import islice

import jiwer
import pytest
import torch

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.configuration import composed, plain
from callgap.corpus.espeak import espeak
from callgap.errors import InputError
from callgap.recognizer.pocketsphinx_ngram import _decoder
from callgap.records import Context, Grammar, ItemStatus, Status

MONEY = "i want to send some money to my mother"
SENTENCES = {
    "weather": ("the weather was very good this morning", "en-us"),
    "money": (MONEY, "en-us"),
    "money in another voice": (MONEY, "en-us+f3"),
}
OPEN = Context("en-US")


@pytest.fixture(scope="module")
def recognizer():
    return units(plain(composed(["recognizer=pocketsphinx-ngram"])))["recognizer"]


@pytest.fixture(scope="module")
def spoken():
    said = {name: espeak().speak(text, voice, pitch=40, rate=130) for name, (text, voice) in SENTENCES.items()}
    return batch_of(list(said.values()), espeak().sample_rate, list(said))


@pytest.fixture(scope="module")
def heard(recognizer, spoken):
    return answers(recognizer, spoken)


def answers(recognizer, batch, context=OPEN):
    found = recognizer.transcribe(batch, context)
    return {
        u: (h.text, h.status, h.confidence, h.n_best)
        for u, h in zip(found.utterance_ids, found.hypotheses, strict=True)
    }


def take(batch, order):
    return batch_of([batch.signal(i) for i in order], batch.sample_rate, [batch.utterance_ids[i] for i in order])


def test_most_words_of_clear_synthetic_speech_are_understood(heard):
    said = [text for text, _ in SENTENCES.values()]
    assert jiwer.wer(said, [heard[name][0] for name in SENTENCES]) < 0.5


def test_answers_do_not_depend_on_order_batch_or_a_copy_in_another_process(recognizer, spoken, heard):
    alone = {}
    for index in reversed(range(len(spoken))):
        alone |= answers(pickle.loads(pickle.dumps(recognizer)), take(spoken, [index]))
    assert alone == heard


def test_a_grammar_is_not_listened_for(recognizer, spoken, heard):
    menu = Grammar("menu", ("xyzzyplugh", "yes"))
    recognizer.check([menu], "en-GB")
    first = take(spoken, [0])
    assert answers(recognizer, first, Context("en-GB", menu))["weather"] == heard["weather"]


def test_a_text_has_a_probability_and_different_texts_beside_it(heard):
    for text, status, confidence, n_best in heard.values():
        assert status == ItemStatus(Status.OK)
        assert 0 <= confidence <= 1
        assert n_best[0] == text
        assert 1 < len(n_best) == len(set(n_best)) <= 5


def test_a_path_of_nothing_but_pauses_is_no_alternative(recognizer):
    eight = espeak().speak("eight", "en-us", pitch=40, rate=150)
    _, _, _, n_best = answers(recognizer, batch_of([eight], espeak().sample_rate, ["eight"]))["eight"]
    assert any(path is None for path in islice(_decoder().nbest(), 50))
    assert len(n_best) == 5
    assert all(n_best)


def test_without_alternatives_only_the_text_is_kept(spoken, heard):
    recognizer = units(plain(composed(["recognizer=pocketsphinx-ngram", "recognizer.alternatives=0"])))["recognizer"]
    text, _, _, n_best = answers(recognizer, take(spoken, [0]))["weather"]
    assert (text, n_best) == (heard["weather"][0], (text,))


def test_silence_is_no_speech_and_an_item_without_audio_keeps_its_status(recognizer):
    gone = ItemStatus(Status.EXCLUDED, "missing_audio")
    batch = batch_of([torch.zeros(8000), torch.zeros(0)], 8000, ["silence", "gone"], [ItemStatus(Status.OK), gone])
    found = answers(recognizer, batch)
    assert found["silence"] == ("", ItemStatus(Status.OK, "no_speech"), None, ())
    assert found["gone"] == (None, gone, None, ())


@pytest.mark.slow
def test_half_a_minute_is_heard_to_its_end(recognizer, spoken):
    whole = torch.cat([spoken.signal(i % 3) for i in range(14)])[: 30 * spoken.sample_rate]
    text = answers(recognizer, batch_of([whole], spoken.sample_rate, ["long"]))["long"][0]
    assert len(text.split()) > 50


@pytest.mark.parametrize("language", ["fr-FR", "enm", ""])
def test_another_language_is_one_sentence(recognizer, language):
    with pytest.raises(InputError, match=f"understands en-US only, found language '{language}'"):
        recognizer.check([], language)


def test_both_recognizers_of_the_wheel_are_told_apart(recognizer):
    identity = recognizer.identity()
    assert identity["id"] == "pocketsphinx-ngram"
    assert set(identity) == {"id", "revision", "locale"}

"""PocketSphinx hears the same whatever was heard before, and refuses what is not in the grammar."""

import re

import pyarrow.compute as pc
import pytest
import torch

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.recognizer.jsgf import compile_jsgf, garbage_words
from callgap.recognizer.pocketsphinx import _dictionary
from callgap.recognizer.vad import has_speech
from callgap.records import Context, Grammar, ItemStatus, Status

DIGITS = Grammar("digits", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))


@pytest.fixture(scope="module")
def unit():
    return units(plain(composed(["corpus.speakers_per_group=2"])))


@pytest.fixture(scope="module")
def spoken(unit):
    """Digits of two American and two French-accented synthetic speakers."""
    table = unit["corpus"].utterances()
    wanted = pc.and_(
        pc.is_in(table["accent"], pa_array(["en-us", "l2-fr"])), pc.starts_with(table["prompt_id"], "digit")
    )
    return next(unit["corpus"].load(table.filter(wanted)))


def pa_array(values):
    import pyarrow

    return pyarrow.array(values)


def take(batch, order):
    return batch_of([batch.signal(i) for i in order], batch.sample_rate, [batch.utterance_ids[i] for i in order])


def texts(recognizer, batch, grammar=DIGITS):
    found = recognizer.transcribe(batch, Context("en-US", grammar))
    return {u: (h.text, h.status) for u, h in zip(found.utterance_ids, found.hypotheses, strict=True)}


def test_texts_do_not_depend_on_order_or_batch(unit, spoken):
    recognizer = unit["recognizer"]
    whole = texts(recognizer, spoken)
    assert texts(recognizer, take(spoken, list(reversed(range(len(spoken)))))) == whole
    alone = {}
    for index in range(len(spoken)):
        alone |= texts(recognizer, take(spoken, [index]))
    assert alone == whole


def test_texts_do_not_depend_on_grammars_heard_before(unit, spoken):
    recognizer = unit["recognizer"]
    before = texts(recognizer, spoken)
    texts(recognizer, spoken, Grammar("other", ("yes", "no")))
    assert texts(recognizer, spoken) == before


def test_most_american_digits_are_understood(unit, spoken):
    expected = {u: u.rsplit("-", 1)[1] for u in spoken.utterance_ids if u.startswith("en-us")}
    found = texts(unit["recognizer"], spoken)
    right = sum(found[u][0] == DIGITS.phrases[int(digit)] for u, digit in expected.items())
    assert right >= 14
    assert len(expected) == 20


def test_the_garbage_path_refuses_much_that_the_bare_grammar_accepts(spoken):
    """Each digit is heard with a grammar that lacks it: nothing it accepts is right."""
    bare = units(plain(composed(["recognizer.garbage=[]"])))["recognizer"]
    guarded = units(plain(composed([])))["recognizer"]
    accepted = {"bare": 0, "guarded": 0}
    for index, utterance in enumerate(spoken.utterance_ids):
        word = DIGITS.phrases[int(utterance.rsplit("-", 1)[1])]
        lacking = Grammar(f"no-{word}", tuple(p for p in DIGITS.phrases if p != word))
        for name, recognizer in (("bare", bare), ("guarded", guarded)):
            text, status = texts(recognizer, take(spoken, [index]), lacking)[utterance]
            assert (text == "") == (status.reason is not None)
            accepted[name] += text != ""
    assert accepted["guarded"] < 0.75 * accepted["bare"]


def test_silence_and_line_noise_are_no_speech(unit):
    noise = torch.randn(16000, generator=torch.Generator().manual_seed(1)) * 10 ** (-65 / 20)
    found = texts(unit["recognizer"], batch_of([torch.zeros(16000), noise], 16000, ["zeros", "noise"]))
    assert set(found.values()) == {("", ItemStatus(Status.OK, "no_speech"))}


def test_speech_is_found_where_it_is(spoken):
    assert all(
        has_speech(spoken.signal(i), spoken.sample_rate, threshold_dbfs=-50.0, minimum_s=0.1)
        for i in range(len(spoken))
    )


def test_an_item_without_audio_keeps_its_status_and_has_no_text(unit):
    gone = ItemStatus(Status.EXCLUDED, "missing_audio")
    found = texts(unit["recognizer"], batch_of([torch.zeros(0)], 8000, ["gone"], [gone]))
    assert found == {"gone": (None, gone)}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (Context("en-US"), "listens for a grammar"),
        (Context("fr-FR", DIGITS), "language 'fr-FR'"),
        (Context("en-US", Grammar("odd", ("xyzzyplugh",))), "pronunciation of 'xyzzyplugh'"),
        (Context("en-US", Grammar("none", ())), "has no phrase"),
    ],
)
def test_what_it_cannot_do_is_one_sentence(unit, context, message):
    with pytest.raises(InputError, match=re.escape(message)):
        unit["recognizer"].transcribe(batch_of([torch.ones(8000)], 16000, ["u"]), context)


def test_garbage_never_sounds_like_the_menu():
    sounds = {word: _dictionary()[word] for word in ("four", "for", "two", "to", "the")}
    assert garbage_words(["for", "to", "the"], Grammar("g", ("four", "two")), sounds) == ["the"]


def test_jsgf_holds_every_phrase_and_a_weighted_way_out():
    text = compile_jsgf(Grammar("g", ("yes please", "no")), ["the"], 1e-27)
    assert "<phrase> = yes please | no;" in text
    assert "/0.000000000000000000000000001" in text
    assert "<garbage> = the~;" in text


@pytest.mark.parametrize(
    "change", ["recognizer.garbage_weight=2", "recognizer.padding_s=-1", "recognizer.garbage_weight=x"]
)
def test_values_out_of_range_are_named(change):
    with pytest.raises(InputError, match=change.split("=")[0]):
        units(plain(composed([change])))

"""The synthetic callers depend on the seed and the utterance alone."""

import time

import pyarrow as pa
import pytest
import torch

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus.accents import Accent, accented
from callgap.corpus.espeak import espeak, phoneme_table
from callgap.corpus.synthetic import SyntheticCorpus
from callgap.errors import InputError

VARIETIES = {
    "en-us", "en-us-nyc", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029",
}  # fmt: skip
SECOND_LANGUAGE = {"l2-de", "l2-fr", "l2-es", "l2-it", "l2-hi"}


def corpus(*overrides: str) -> SyntheticCorpus:
    return units(plain(composed(list(overrides))))["corpus"]


def signals(batch):
    return {name: batch.signal(i) for i, name in enumerate(batch.utterance_ids)}


def one_of_each_accent(made):
    table = made.utterances()
    return pa.concat_tables(
        [table.filter(pa.compute.equal(table["accent"], a)).slice(i, 2) for i, a in enumerate(made.accents)]
    )


def test_two_orders_in_two_processes_give_the_same_bytes():
    made = corpus("corpus.speakers_per_group=12")
    rows = one_of_each_accent(made)
    forth = signals(next(made.load(rows)))
    # espeak-ng seeds its random numbers from the clock, in seconds, when its process begins.
    time.sleep(1.1)
    espeak().close()
    espeak.cache_clear()
    back = signals(next(made.load(rows.take(list(reversed(range(len(rows))))))))
    assert forth.keys() == back.keys()
    for name, signal in forth.items():
        assert torch.equal(signal, back[name]), name


def test_speaking_first_in_the_same_process_would_change_the_bytes():
    # The reason for the forked child: without it this test's twin above could not hold.
    import subprocess
    import sys

    import espeakng_loader

    from callgap.corpus import _espeak_server

    script = (
        "import sys; from callgap.corpus import _espeak_server as s\n"
        "library, _ = s._initialize(sys.argv[1], sys.argv[2])\n"
        "def say(text): library.espeak_SetVoiceByName(b'en-us+f2'); return s._speech(library, text, 50, 160, False)\n"
        "first = say('three'); say('transfer money to my savings account'); say('zero')\n"
        "print(first == say('three'))\n"
    )
    paths = [espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
    assert _espeak_server.__name__.endswith("_espeak_server")
    said = subprocess.run([sys.executable, "-c", script, *paths], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "False"


def test_every_accent_of_the_issue_has_twelve_speakers_who_say_every_prompt():
    made = corpus()
    rows = made.utterances().to_pandas()
    assert set(rows["accent"]) == VARIETIES | SECOND_LANGUAGE
    assert (rows.groupby("accent")["speaker_id"].nunique() >= 12).all()
    assert (rows.groupby("speaker_id")["prompt_id"].nunique() == len(made.prompts)).all()
    assert rows["utterance_id"].is_unique


def test_speakers_have_the_same_voice_in_every_accent_and_differ_from_each_other():
    voices = [(s.variant, s.pitch, s.rate) for s in corpus().speakers]
    assert len(set(voices)) == len(voices) == 12


def test_another_seed_gives_other_voices_and_another_fingerprint():
    assert corpus("corpus.seed=1").speakers != corpus("corpus.seed=2").speakers
    assert corpus("corpus.seed=1").fingerprint() != corpus("corpus.seed=2").fingerprint()
    assert corpus("corpus.seed=1").fingerprint() == corpus("corpus.seed=1").fingerprint()


def test_accents_sound_different_for_the_same_speaker_and_words():
    made = corpus("corpus.speakers_per_group=1")
    rows = made.utterances()
    same = rows.filter(pa.compute.equal(rows["prompt_id"], "agent-sentence"))
    spoken = [signal for signal in signals(next(made.load(same))).values()]
    assert all(not (len(a) == len(b) and torch.equal(a, b)) for i, a in enumerate(spoken) for b in spoken[:i])


def test_audio_is_never_digitally_silent_and_never_clips_into_nonsense():
    made = corpus("corpus.speakers_per_group=1")
    batch = next(made.load(made.utterances().slice(0, 20)))
    for i in range(len(batch)):
        signal = batch.signal(i)
        assert signal.abs().max() <= 1
        assert signal[: round(made.lead_s * batch.sample_rate)].abs().max() > 0
        assert signal.square().mean().sqrt() > 10 * 10 ** (made.noise_dbfs / 20)


def test_every_prompt_can_be_spoken_in_every_simulated_accent():
    made = corpus()
    for name in SECOND_LANGUAGE:
        accent = made.accents[name]
        table = phoneme_table(accent.voice)
        for prompt in made.prompts.values():
            for part in accented(prompt.text, accent, made.fallbacks).replace("|", " ").split():
                assert part.lstrip("',%=") in table


def test_a_french_accent_has_no_th():
    phonemes = accented("three", corpus().accents["l2-fr"], corpus().fallbacks)
    assert phonemes.startswith("s|")


def test_a_phoneme_without_counterpart_is_an_error_that_names_it():
    accent = Accent("it", phonemes_of="en-us", substitutions={"T": "nonsense"})
    with pytest.raises(InputError, match=r"\[T\].*'three'.*'it'.*nonsense"):
        accented("three", accent, {})


def test_an_unknown_voice_is_an_error_that_names_it():
    with pytest.raises(InputError, match="no voice xx-nowhere"):
        espeak().speak("hello", "xx-nowhere", pitch=50, rate=160)


def test_no_prompt_is_an_error():
    empty = SyntheticCorpus(1, 1, ("f1",), {"en-us": Accent("en-us")}, {})
    with pytest.raises(InputError, match=r"corpus\.prompts"):
        empty.utterances()


def test_the_card_says_that_it_is_no_evidence_about_people():
    card = corpus().card
    assert card.synthetic
    assert "Nothing about any person" in card.may_conclude


def test_some_prompts_alone_can_be_said():
    made = corpus("corpus.said=[digit-4,yes]")
    rows = made.utterances()
    assert set(rows["prompt_id"].to_pylist()) == {"yes", "digit-4"}
    assert rows.num_rows == 2 * len(made.accents) * made.speakers_per_group
    with pytest.raises(InputError, match=r"corpus\.said: there is no prompt 'maybe'; .*accepted"):
        corpus("corpus.said=[maybe]").utterances()

"""The loop over batches: whatever shares a batch, whatever does not fit, and however long an utterance is."""

import gc
import pickle
import random

import checkpoints
import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.recognizer import Sound, Transformers
from callgap.recognizer.neural.pieces import Piece, pieces_of
from callgap.recognizer.neural.sampling import Batched
from callgap.recognizer.neural.sampling import chosen as chosen_of
from callgap.records import OK, Context, ItemStatus, Status

ENGLISH = Context("en-US")
SECONDS = (0.3, 1.1, 0.7, 2.0, 0.3, 1.6, 0.9, 1.3, 0.5, 0.02, 0.0)


@pytest.fixture(scope="module")
def ctc(tmp_path_factory):
    return str(checkpoints.wav2vec2(tmp_path_factory.mktemp("checkpoints") / "wav2vec2"))


@pytest.fixture(scope="module")
def padding_hearer(tmp_path_factory):
    return str(checkpoints.wav2vec2(tmp_path_factory.mktemp("checkpoints") / "group", norm="group"))


def unit(checkpoint, **options):
    return Transformers(**{"checkpoint": checkpoint, "device": "cpu"} | options)


def sounds(rate=16000, seconds=SECONDS):
    return [Sound(checkpoints.noise(duration, rate, seed=i), rate) for i, duration in enumerate(seconds)]


def limited(monkeypatch, recognizer, items, message=None):
    """Let the model run out of memory above so many items; says how many it was given each time."""
    model = recognizer._loop._adapter.loaded.model
    given, forward = [], model.forward

    def counted(**inputs):
        count = len(next(iter(inputs.values())))
        given.append(count)
        if count > items:
            raise RuntimeError(message) if message else torch.OutOfMemoryError("CUDA out of memory.")
        return forward(**inputs)

    monkeypatch.setattr(model, "forward", counted)
    return given


def test_deterministic_texts_are_the_same_bytes_in_any_order_and_batch(padding_hearer):
    places = list(range(len(SECONDS)))
    found = []
    for seed, batch_frames_s in ((0, 0.5), (1, 3.0), (2, 1000.0)):
        random.Random(seed).shuffle(places)
        recognizer = unit(padding_hearer, deterministic=True, batch_frames_s=batch_frames_s)
        everything = sounds()
        heard = dict(recognizer.recognize([everything[place] for place in places], ENGLISH))
        found.append({places[at]: (h.text, h.confidence, h.n_best) for at, h in heard.items()})
        assert recognizer.notes()["batches"] == len(SECONDS)
        assert recognizer.notes()["batch_effect"] == {"sampled": 0, "changed": 0}
    assert found[0] == found[1] == found[2]
    assert len({text for text, *_ in found[0].values()}) > 5


def test_each_place_comes_once_the_longest_first_in_batches_of_limited_padded_length(ctc, monkeypatch):
    recognizer = unit(ctc, batch_frames_s=4.0)
    given = limited(monkeypatch, recognizer, 1000)
    order = [place for place, _ in recognizer.recognize(sounds(), ENGLISH)]
    assert sorted(order) == list(range(len(SECONDS)))
    durations = [SECONDS[place] for place in order]
    assert durations == sorted(durations, reverse=True)
    notes = recognizer.notes()
    begin = 0
    for count in given[: notes["batches"]]:
        assert count * durations[begin] <= 4.0
        begin += count
    assert begin == len(SECONDS)
    assert notes["audio_seconds"] == pytest.approx(sum(SECONDS))
    assert notes["padded_seconds"] >= notes["audio_seconds"]
    assert 0 < notes["model_seconds"] <= notes["seconds"]


@pytest.mark.parametrize("message", [None, "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."])
def test_a_batch_that_does_not_fit_is_halved_until_it_does(ctc, monkeypatch, message):
    expected = {place: h.text for place, h in unit(ctc).recognize(sounds(), ENGLISH)}
    recognizer = unit(ctc, batch_frames_s=1000)
    given = limited(monkeypatch, recognizer, 3, message)
    assert {place: h.text for place, h in recognizer.recognize(sounds(), ENGLISH)} == expected
    notes = recognizer.notes()
    assert given[:3] == [11, 6, 5]
    assert notes["halved"] == sum(count > 3 for count in given) == 3
    assert notes["batches"] == 4


def test_what_did_not_fit_once_is_not_tried_again(ctc, monkeypatch):
    recognizer = unit(ctc, batch_frames_s=1000)
    given = limited(monkeypatch, recognizer, 3)
    like = sounds(seconds=[0.5] * 8)
    list(recognizer.recognize(like, ENGLISH))
    assert given[:4] == [8, 4, 4, 2]
    before = len(given)
    list(recognizer.recognize(like, ENGLISH))
    assert max(given[before:]) == 2
    assert recognizer.notes()["halved"] == 3


def test_an_utterance_that_does_not_fit_alone_is_lost_alone(ctc, monkeypatch):
    recognizer = unit(ctc, batch_frames_s=1000)
    model = recognizer._loop._adapter.loaded.model
    forward = model.forward

    def counted(**inputs):
        if inputs["input_values"].shape[1] > 1.9 * 16000:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(**inputs)

    monkeypatch.setattr(model, "forward", counted)
    found = dict(recognizer.recognize(sounds(), ENGLISH))
    lost = [place for place, h in found.items() if h.status.status is Status.FAILED]
    assert lost == [3]
    assert (found[3].text, found[3].status.reason) == (None, "out_of_memory")
    assert len(found) == len(SECONDS)


def test_another_error_of_the_model_is_not_taken_for_want_of_memory(ctc, monkeypatch):
    recognizer = unit(ctc)
    limited(monkeypatch, recognizer, 0, "the shapes do not match")
    with pytest.raises(RuntimeError, match="the shapes do not match"):
        list(recognizer.recognize(sounds(), ENGLISH))


def test_at_most_64_utterances_are_recognized_again_and_32_of_a_window(padding_hearer):
    recognizer = unit(padding_hearer)
    short = sounds(seconds=[0.2 + 0.002 * i for i in range(40)])
    for expected in (32, 64, 64):
        list(recognizer.recognize(short, ENGLISH))
        assert recognizer.notes()["batch_effect"]["sampled"] == expected
    assert recognizer.notes()["batch_effect_seconds"] > 0


def test_all_of_a_small_window_are_recognized_again(padding_hearer):
    recognizer = unit(padding_hearer)
    list(recognizer.recognize(sounds(), ENGLISH))
    assert recognizer.notes()["batch_effect"]["sampled"] == len(SECONDS)


def test_which_utterances_are_recognized_again_depends_on_their_samples_alone(padding_hearer, monkeypatch):
    chosen = []
    for order in (1, -1):
        recognizer = unit(padding_hearer)
        loop, taken = recognizer._loop, []
        read = loop._read_alone
        monkeypatch.setattr(
            loop, "_read_alone", lambda p, t, r=read, s=taken: s.append(p.signal.sum().item()) or r(p, t)
        )
        list(recognizer.recognize(sounds(seconds=[0.2 + 0.002 * i for i in range(40)])[::order], ENGLISH))
        chosen.append(taken)
    assert sorted(chosen[0]) == sorted(chosen[1])
    assert len(chosen[0]) == 32


def test_those_recognized_again_are_spread_over_the_lengths_the_most_padded_of_each_stretch():
    durations = [1 + 0.01 * place for place in range(96)]
    padding = [(7 * place) % 3 for place in range(96)]
    batched = [
        Batched(Piece(place, 0, torch.full((round(duration * 1000),), 0.1), 1000), "", float(padding[place]))
        for place, duration in enumerate(durations)
    ]
    taken = sorted(item.piece.place for item in chosen_of(batched, 0))
    assert [place // 3 for place in taken] == list(range(32))
    assert {padding[place] for place in taken} == {2}
    assert len(chosen_of(batched, 60)) == 4
    assert chosen_of(batched, 64) == chosen_of([], 0) == []


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_any_rate_is_converted_as_everywhere_in_callgap(ctc, rate):
    signals = [checkpoints.noise(duration, rate, seed=i) for i, duration in enumerate((0.5, 1.2, 0.8))]
    batch = batch_of(signals, rate, ["a", "b", "c"])
    there = [h.text for h in unit(ctc, deterministic=True).transcribe(batch, ENGLISH).hypotheses]
    here = [h.text for h in unit(ctc, deterministic=True).transcribe(batch.resampled(16000), ENGLISH).hypotheses]
    assert there == here
    assert len(set(there)) == 3


def test_rates_may_differ_within_a_window(ctc):
    mixed = [sounds(rate, [0.9])[0] for rate in (8000, 16000, 22050)]
    together = dict(unit(ctc).recognize(mixed, ENGLISH))
    for place, sound in enumerate(mixed):
        ((_, alone),) = unit(ctc).recognize([sound], ENGLISH)
        assert together[place].text == alone.text


def test_a_batch_keeps_the_status_of_what_cannot_be_heard(ctc):
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    batch = batch_of([torch.zeros(0), checkpoints.noise(0.8)], 16000, ["a", "b"], [excluded, OK])
    found = unit(ctc).transcribe(batch, ENGLISH)
    assert found.utterance_ids == ("a", "b")
    assert (found.hypotheses[0].text, found.hypotheses[0].status) == (None, excluded)
    assert found.hypotheses[1].text


def test_pieces_are_the_sound_and_are_cut_where_it_is_quiet():
    signal = checkpoints.noise(10.0)
    signal[int(3.2 * 16000) : int(3.6 * 16000)] = 0
    signal[int(6.0 * 16000) : int(6.4 * 16000)] = 0
    pieces = pieces_of([Sound(signal, 16000), Sound(signal[:16000], 16000)], 4.0)
    assert [(piece.place, piece.part) for piece in pieces] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert torch.equal(torch.cat([piece.signal for piece in pieces[:3]]), signal)
    assert all(piece.duration_s <= 4.0 for piece in pieces)
    ends = np.cumsum([piece.duration_s for piece in pieces[:2]])
    assert 3.2 < ends[0] < 3.6
    assert 6.0 < ends[1] < 6.4


def test_a_sound_without_a_quiet_place_is_cut_all_the_same():
    pieces = pieces_of([Sound(torch.ones(16000 * 7), 16000)], 2.0)
    assert sum(len(piece.signal) for piece in pieces) == 16000 * 7
    assert 0 < min(piece.duration_s for piece in pieces) <= max(piece.duration_s for piece in pieces) <= 2.0


def test_the_text_of_a_long_sound_is_that_of_its_pieces(ctc):
    signal = checkpoints.noise(7.0, seed=5)
    pieces = pieces_of([Sound(signal, 16000)], 2.0)
    recognizer = unit(ctc, deterministic=True)
    parts = [dict(recognizer.recognize([Sound(piece.signal, 16000)], ENGLISH))[0].text for piece in pieces]
    ((_, whole),) = unit(ctc, deterministic=True, longest_s=2.0).recognize([Sound(signal, 16000)], ENGLISH)
    assert len(pieces) > 3
    assert whole.text == " ".join(part for part in parts if part)
    assert (whole.confidence, whole.n_best) == (None, (whole.text,))


def test_a_long_sound_with_a_lost_piece_has_no_text(ctc, monkeypatch):
    recognizer = unit(ctc, longest_s=1.0)
    limited(monkeypatch, recognizer, 0)
    ((_, found),) = recognizer.recognize([Sound(checkpoints.noise(3.0), 16000)], ENGLISH)
    assert (found.text, found.status) == (None, ItemStatus(Status.FAILED, "out_of_memory"))


def test_a_copy_is_small_loads_by_itself_and_hears_the_same(ctc):
    recognizer = unit(ctc)
    recognizer.warm(ENGLISH)
    expected = {place: h.text for place, h in recognizer.recognize(sounds(), ENGLISH)}
    sent = pickle.dumps(recognizer)
    assert len(sent) < 10_000
    copy = pickle.loads(sent)
    assert copy == recognizer
    assert copy.notes() == {}
    assert {place: h.text for place, h in copy.recognize(sounds(), ENGLISH)} == expected
    assert copy.identity() == recognizer.identity()


def test_warming_is_not_counted_and_a_window_of_nothing_is_nothing(ctc):
    recognizer = unit(ctc)
    recognizer.warm(ENGLISH)
    assert list(recognizer.recognize([], ENGLISH)) == []
    notes = recognizer.notes()
    assert (notes["batches"], notes["audio_seconds"], notes["model_seconds"]) == (0, 0, 0)
    assert (notes["device"], notes["dtype"], notes["family"]) == ("cpu", "float32", "ctc")


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["wav2vec2", "parakeet_ctc", "whisper", "moonshine", "qwen3_asr"])
def test_a_gpu_gives_the_texts_of_the_processor(tmp_path, name):
    folder = str(getattr(checkpoints, name)(tmp_path / name))
    here = {place: h.text for place, h in unit(folder, deterministic=True).recognize(sounds(), ENGLISH)}
    recognizer = unit(folder, deterministic=True, device="cuda")
    there = {place: h.text for place, h in recognizer.recognize(sounds(), ENGLISH)}
    same = sum(here[place] == there[place] for place in here)
    assert same >= len(here) - 1, "one tie may fall otherwise"
    assert recognizer.notes()["device"] == torch.cuda.get_device_name()
    assert 0 < recognizer.notes()["model_seconds"] <= recognizer.notes()["seconds"]


@pytest.mark.gpu
def test_a_gpu_prepares_beside_the_model_and_computes_features_itself(tmp_path):
    folder = str(checkpoints.parakeet_ctc(tmp_path / "parakeet"))
    recognizer = unit(folder, device="cuda", batch_frames_s=3.0)
    expected = {place: h.text for place, h in unit(folder, deterministic=True).recognize(sounds(), ENGLISH)}
    found = {place: h.text for place, h in recognizer.recognize(sounds(), ENGLISH)}
    assert sum(found[place] == expected[place] for place in found) >= len(found) - 1
    assert recognizer._loop._adapter.featurizer.own
    gc.collect()

"""The time of recognition: at toy size on the processor, the same texts first, and no table from there."""

from functools import partial

import pytest

from callgap import model_speed, process_speed, speed
from callgap.model_speed import Work, beside_pipeline, made, sentence, union_us
from callgap.random_models import Architecture, parakeet_ctc, sounds
from callgap_kernels.speed.measure import WrongResultError

TINY = {
    "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "num_mel_bins": 80,
    "subsampling_conv_channels": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    architecture = Architecture("tiny", partial(parakeet_ctc, sizes=TINY), None)
    folder = made(architecture, tmp_path_factory.mktemp("models"))
    return Work(architecture, folder, sounds(0.03), "cpu", "fp32", {})


def test_sounds_are_as_long_as_they_should_be_and_the_same_every_time():
    found = sounds(0.2)
    seconds = [sound.duration_s for sound in found]
    assert 720 <= sum(seconds) < 750
    assert 1 <= min(seconds) < 5 < 25 < max(seconds) <= 30
    assert all((a.signal == b.signal).all() for a, b in zip(found, sounds(0.2), strict=True))
    assert len({sound.utterance_id for sound in found}) == len(found)


def test_our_loop_and_the_pipeline_are_timed_on_the_same_texts(work):
    rows = beside_pipeline(work, rounds=1, sizes=(1, 2))
    ours, model, theirs = rows
    assert [row.contender for row in rows[:2]] == ["callgap", "callgap, in the model"]
    assert theirs.contender.startswith("pipeline, batches of ")
    assert 0 < model.us[1] < ours.us[1]
    assert ours.ratio["transformers pipeline"][1] == pytest.approx(theirs.us[1] / ours.us[1])
    assert "all but the model" in sentence(rows)
    assert "device busy" not in sentence(rows)


def test_a_loop_that_says_something_else_is_not_timed(work, monkeypatch):
    monkeypatch.setattr(model_speed, "_texts", lambda recognizer, sounds: ["other"] * len(sounds))
    with pytest.raises(WrongResultError, match="0% of the words are the pipeline's"):
        beside_pipeline(work, rounds=1, sizes=(1,))


def test_a_union_of_spans_counts_what_overlaps_once():
    assert union_us(iter([(0, 4), (1, 2), (3, 6), (8, 9)])) == 7
    assert union_us(iter([])) == 0


def test_models_are_not_timed_on_a_processor(tmp_path, capsys):
    assert speed.main(["--only", "models", "--out", str(tmp_path / "out")]) == 0
    assert "timed on a CUDA device alone" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_one_process_and_two_give_the_same_texts():
    rows = process_speed.across_processes(4, rounds=1, workers=2)
    assert [row.contender for row in rows] == ["one process", "callgap, 2 processes"]
    assert rows[0].pairs == 4
    assert rows[1].ratio["one process"][1] > 0


def test_another_text_in_another_process_is_refused():
    with pytest.raises(WrongResultError, match="two processes makes 'no' of u2, one process 'yes'"):
        process_speed.require_same({"u1": "a", "u2": "yes"}, {"u1": "a", "u2": "no"}, "two processes")

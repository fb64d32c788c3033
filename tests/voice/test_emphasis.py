"""What became of emphasis, on contours that were changed on purpose."""

import numpy as np
import pytest

from callgap.errors import InputError
from callgap.voice import emphasis
from callgap.voice.emphasis import linear, warped

RATE = 16000


def curve(duration=1.5, octaves=0.5):
    time = np.arange(round(duration * RATE)) / RATE
    return 150 * 2 ** (octaves * np.sin(2 * np.pi * 2 * time / duration))


def swelling(sound):
    return sound * (0.2 + np.hanning(len(sound))).astype(np.float32)


def test_an_unchanged_recording_keeps_everything(speech):
    for index in range(len(speech)):
        signal = speech.signal(index).numpy()
        for alignment in ("linear", "warped"):
            found = emphasis(signal, signal, speech.sample_rate, speech.sample_rate, alignment)
            assert found.f0_correlation == pytest.approx(1, abs=1e-12)
            assert found.energy_correlation == pytest.approx(1, abs=1e-12)
            assert (found.f0_scale, found.f0_shift_semitones, found.energy_scale) == (1.0, 0.0, 1.0)
            assert found.frames > 20


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_flattened_or_widened_contour_has_its_scale(vowel, scale):
    before, after = vowel(curve(octaves=0.4)), vowel(curve(octaves=0.4 * scale))
    found = emphasis(before, after, RATE, RATE)
    assert found.f0_scale == pytest.approx(scale, rel=0.03)
    assert found.f0_correlation > 0.99


def test_a_monotone_has_a_scale_of_nothing_and_no_correlation(vowel):
    found = emphasis(vowel(curve()), vowel(np.full(len(curve()), 150.0)), RATE, RATE)
    assert found.f0_scale == pytest.approx(0, abs=1e-3)
    assert found.f0_correlation is None or abs(found.f0_correlation) < 0.5


def test_emphasis_on_another_word_is_seen(vowel):
    before, after = vowel(curve()), vowel(150**2 / curve())
    assert emphasis(before, after, RATE, RATE).f0_correlation < -0.98


def test_a_higher_voice_is_a_shift(vowel):
    found = emphasis(vowel(curve()), vowel(1.5 * curve()), RATE, RATE)
    assert found.f0_shift_semitones == pytest.approx(12 * np.log2(1.5), abs=0.05)
    assert found.f0_scale == pytest.approx(1, abs=0.03)


def test_slower_speech_at_another_rate_is_stretched_back(vowel):
    before = swelling(vowel(curve(1.5)))
    after = swelling(vowel(curve(1.8)))
    found = emphasis(before, after, RATE, RATE)
    assert found.f0_correlation > 0.99
    assert found.energy_correlation > 0.99


def test_warping_finds_what_lies_earlier(vowel):
    time = np.linspace(0, 1, 24000)
    before = vowel(np.full(24000, 150.0)) * (0.05 + np.exp(-((time - 0.50) ** 2) / 0.01)).astype(np.float32)
    after = vowel(np.full(24000, 150.0)) * (0.05 + np.exp(-((time - 0.43) ** 2) / 0.01)).astype(np.float32)
    straight, bent = (emphasis(before, after, RATE, RATE, way).energy_correlation for way in ("linear", "warped"))
    assert bent > 0.99 > straight


def test_no_cheaper_path_exists_than_the_warped_one():
    random = np.random.default_rng(0)
    early, late = random.standard_normal(30), random.standard_normal(33)
    first, second = warped(early, late)
    steps = {(int(a), int(b)) for a, b in zip(np.diff(first), np.diff(second), strict=True)}
    assert steps <= {(1, 1), (1, 0), (0, 1)}
    assert (first[0], second[0], first[-1], second[-1]) == (0, 0, 29, 32)
    x, y = ((c - c.mean()) / c.std() for c in (early, late))
    cost = np.abs(x[:, None] - y[None])
    best = np.full((30, 33), np.inf)
    for i in range(30):
        for j in range(33):
            if abs(i / 29 - j / 32) <= 0.1:
                before = [best[p] for p in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if min(p) >= 0]
                best[i, j] = cost[i, j] + (min(before) if before else 0)
    assert cost[first, second].sum() == pytest.approx(best[-1, -1])


def test_straight_pairs_run_from_end_to_end():
    first, second = linear(np.zeros(10), np.zeros(20))
    assert first.tolist() == list(range(10))
    assert second[0] <= 1
    assert second[-1] >= 18


def test_too_little_is_nothing_and_another_alignment_is_refused():
    nothing = emphasis(np.ones(100, np.float32), np.ones(100, np.float32), RATE, RATE)
    assert nothing.f0_correlation is nothing.energy_scale is None
    with pytest.raises(InputError, match="accepted: linear, warped"):
        emphasis(np.ones(100, np.float32), np.ones(100, np.float32), RATE, RATE, "bent")

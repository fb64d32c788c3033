"""The time of a large corpus: opened twice, read in part and in whole, and no time of a wrong result."""

import pytest

from callgap import corpus_speed
from callgap.corpus.index import LEAST_ROWS
from callgap.corpus_speed import streaming
from callgap_kernels.speed.measure import WrongResultError


@pytest.mark.slow
def test_opening_and_reading_are_timed_and_the_index_is_the_measurements_own(tmp_path):
    rows, memory = streaming(LEAST_ROWS, 40, tmp_path)
    first, again, reading = rows
    assert again.us[1] < first.us[1] / 10
    assert (first.pairs, again.pairs, reading.pairs) == (LEAST_ROWS, LEAST_ROWS, 40)
    assert "Reading 4 recordings took" in memory
    assert len(list((tmp_path / "cache" / "callgap" / "index").iterdir())) == 1


@pytest.mark.slow
def test_recordings_that_were_not_read_are_not_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_speed.soundfile, "write", lambda place, samples, rate: place.write_bytes(b"no sound"))
    with pytest.raises(WrongResultError, match=r"0\.0 s of sound, expected"):
        streaming(10, 10, tmp_path)

"""`faster-whisper` with the real engine on the CPU, and a tiny Whisper whose weights are random."""

import math

import converted
import pytest
from checkpoints import noise

from callgap.recognizer import Sound
from callgap.recognizer.faster_whisper import FasterWhisper
from callgap.records import Context, Status

faster_whisper = pytest.importorskip("faster_whisper", reason="the extra faster-whisper is not installed")

pytestmark = pytest.mark.slow
CONTEXT = Context("en-US")
SECONDS = (0.5, 1.3, 2.9)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return converted.whisper(tmp_path_factory.mktemp("whisper"))


@pytest.mark.parametrize("compute_type", ["float32", "int8"])
def test_texts_are_those_of_the_engine_itself(model, compute_type):
    recognizer = FasterWhisper(model, device="cpu", compute_type=compute_type, beam_size=2)
    recognizer.check([], CONTEXT.language)
    recognizer.warm(CONTEXT)
    found = dict(recognizer.recognize([Sound(noise(seconds), 16000) for seconds in SECONDS], CONTEXT))
    engine = faster_whisper.WhisperModel(model, device="cpu", compute_type=compute_type)
    for place, seconds in enumerate(SECONDS):
        options = {"language": "en", "beam_size": 2, "temperature": 0.0}
        segments = list(engine.transcribe(noise(seconds).numpy(), **options)[0])
        assert found[place].status.status is Status.OK
        assert found[place].text == "".join(segment.text for segment in segments).strip()
        weights = [len(segment.tokens) for segment in segments]
        mean = sum(w * s.avg_logprob for w, s in zip(weights, segments, strict=True)) / sum(weights)
        assert found[place].confidence == pytest.approx(math.exp(mean), rel=1e-4)
    # Else the comparison would say nothing.
    assert len({hypothesis.text for hypothesis in found.values()}) > 1
    assert recognizer.notes()["engine"] == f"faster-whisper {faster_whisper.__version__}"

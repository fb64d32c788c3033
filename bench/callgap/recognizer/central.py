"""What the recognizers that work for all processes share."""

from __future__ import annotations

from callgap.audio import AudioBatch
from callgap.recognizer.base import Central, Hypothesis, Sound, Transcription
from callgap.records import Context, Status


def transcribed(recognizer: Central, batch: AudioBatch, context: Context) -> Transcription:
    """Recognize a batch as one window.

    Args:
        recognizer: asked for all items that can be heard.
        batch: any sample rate.
        context: language and grammar.

    Returns:
        One hypothesis per item, in its order; an item that came without audio keeps its status.
    """
    places = [place for place, status in enumerate(batch.statuses) if status.status is Status.OK]
    sounds = [Sound(batch.signal(place).cpu(), batch.sample_rate, batch.utterance_ids[place]) for place in places]
    found = {places[at]: hypothesis for at, hypothesis in recognizer.recognize(sounds, context)}
    kept = (found.get(place) or Hypothesis(None, status) for place, status in enumerate(batch.statuses))
    return Transcription(batch.utterance_ids, tuple(kept))

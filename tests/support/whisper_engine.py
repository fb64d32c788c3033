"""A stand-in of the module `faster_whisper`: it has the signatures of the engine and computes nothing.

They are those of the engine's sources (github.com/SYSTRAN/faster-whisper, faster_whisper/transcribe.py and utils.py).
"""

import inspect
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np


def _words(text):
    return tuple(text.split())


_OPTIONS = _words(
    "audio language task log_progress beam_size best_of patience length_penalty repetition_penalty "
    "no_repeat_ngram_size temperature compression_ratio_threshold log_prob_threshold no_speech_threshold "
    "condition_on_previous_text prompt_reset_on_temperature initial_prompt prefix suppress_blank suppress_tokens "
    "without_timestamps max_initial_timestamp word_timestamps prepend_punctuations append_punctuations multilingual "
    "vad_filter vad_parameters max_new_tokens chunk_length clip_timestamps hallucination_silence_threshold"
)
_LAST = _words("hotwords language_detection_threshold language_detection_segments")
TRANSCRIBE = (*_OPTIONS, *_LAST)
BATCHED = (*_OPTIONS, "batch_size", *_LAST)
LOAD = _words(
    "model_size_or_path device device_index compute_type cpu_threads num_workers download_root local_files_only files"
)
DOWNLOAD = _words("size_or_id output_dir local_files_only cache_dir revision use_auth_token")


@dataclass
class Segment:
    """What the engine gives of a stretch of speech."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: list | None
    temperature: float | None


def segment(text, logprob=-0.1, tokens=2):
    return Segment(1, 0, 0.0, 1.0, text, [1] * tokens, logprob, 1.0, 0.01, None, 0.0)


def _bound(names, arguments, options):
    """The arguments by name; TypeError where the engine would raise it."""
    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None) for n in names]
    return inspect.Signature(parameters).bind(*arguments, **options).arguments


class StandIn:
    """The module, and what it was asked for; `says` makes segments of the samples, or raises."""

    def __init__(self):
        self.loads, self.asked, self.downloads = [], [], []
        self.says = lambda samples: [segment(f" {len(samples)}")]
        self.languages = ["en", "fr"]
        self.hub = None
        self.module = ModuleType("faster_whisper")
        self.module.__version__ = "1.2.0"
        self.module.WhisperModel, self.module.BatchedInferencePipeline = _classes(self)
        self.module.download_model = self.downloaded

    def said(self, samples, given):
        yield from self.says(samples)

    def transcribed(self, names, arguments, options):
        given = _bound(names, arguments, options)
        samples = given.pop("audio")
        assert isinstance(samples, np.ndarray)
        assert samples.dtype == np.float32
        self.asked.append(given)
        # The engine computes while it is read, and fails there.
        return self.said(samples, given), SimpleNamespace(language=given["language"] or "de")

    def downloaded(self, *arguments, **options):
        self.downloads.append(_bound(DOWNLOAD, arguments, options))
        if self.hub is None:
            raise ValueError("Invalid model size 'x', expected one of: tiny\nmore")
        return str(self.hub)


def _classes(stand_in):
    class WhisperModel:
        def __init__(self, *arguments, **options):
            stand_in.loads.append(_bound(LOAD, arguments, options))
            self.supported_languages = stand_in.languages

        def transcribe(self, *arguments, **options):
            return stand_in.transcribed(TRANSCRIBE, arguments, options)

    class BatchedInferencePipeline:
        def __init__(self, model):
            assert isinstance(model, WhisperModel)

        def transcribe(self, *arguments, **options):
            return stand_in.transcribed(BATCHED, arguments, options)

    return WhisperModel, BatchedInferencePipeline

"""Language models that hear: the processor puts the audio into a prompt, the model answers with the text."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from callgap.audio import Signal
from callgap.errors import InputError, first_line
from callgap.recognizer.neural.adapter import Adapter, Inputs, Loaded, Reading
from callgap.recognizer.neural.languages import primary
from callgap.recognizer.neural.seq2seq import readings
from callgap.recognizer.neural.writing import Recorder, before_end, search_of

_REQUEST = "can you transcribe the speech into a written format?"
# How processors call the language of a request, and what they return when asked for the text alone.
_LANGUAGE = ("language", "source_language")
_TEXT_ALONE: Mapping[str, Any] = {"return_format": "transcription_only", "strip_prefix": True}


class SpeechLLM(Adapter):
    """Asks as the processor does: by its transcription request where it has one, else by its chat template.

    The confidence is the geometric mean of the probabilities of the tokens; a search with beams states none.
    """

    family = "speech_llm"

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        # The answer begins where the prompt ends: padding stands before it.
        loaded.processor.tokenizer.padding_side = "left"
        self._request: Callable[..., Any] | None = getattr(loaded.processor, "apply_transcription_request", None)
        if self._request is None and not getattr(loaded.processor.tokenizer, "chat_template", None):
            raise InputError(
                f"recognizer.checkpoint={loaded.name} cannot be used as family speech_llm: its processor has neither a "
                "transcription request nor a chat template; accepted: recognizer.family=null, which finds the family"
            )
        self._takes = set(inspect.signature(self._request).parameters) if self._request else set()
        self._known: dict[str, str | None] = {}

    def told(self, language: str) -> str | None:
        """The first part of the tag, where the processor's request takes a language.

        Raises:
            InputError: the processor refuses the language.
        """
        if not self.loaded.options.forced or not self._takes.intersection(_LANGUAGE):
            return None
        code = primary(language)
        if code not in self._known:
            try:
                self._asked([torch.zeros(self.sample_rate)], code)
            except (ValueError, KeyError) as error:
                raise InputError(
                    f"recognizer.checkpoint={self.loaded.name} cannot be told the language {language!r}: "
                    f"{first_line(error)}"
                ) from None
            self._known[code] = code
        return self._known[code]

    def prepare(self, signals: Sequence[Signal], told: str | None) -> Inputs:
        """The prompts of a batch with their audio, padded on the left."""
        return self.cast({name: value for name, value in self._asked(signals, told).items() if torch.is_tensor(value)})

    @torch.inference_mode()
    def read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        """Recognize a batch."""
        model, options = self.loaded.model, self.loaded.options
        recorder = Recorder()
        arguments = search_of(model, options)
        if options.beams == 1:
            arguments["logits_processor"] = [recorder]
        found = model.generate(**inputs, **arguments)
        sequences = getattr(found, "sequences", found)
        if not model.config.is_encoder_decoder:
            sequences = sequences[:, inputs["input_ids"].shape[1] :]
        texts = [self._text(tokens) for tokens in sequences]
        count = len(texts) // options.n_best
        confidences = recorder.confidences(before_end(model)) if options.beams == 1 else [None] * count
        return readings(texts, confidences, options.n_best)

    def _asked(self, signals: Sequence[Signal], told: str | None) -> Mapping[str, Any]:
        audio = [signal.cpu().numpy() for signal in signals]
        if self._request is None:
            return self._chatted(audio)
        arguments: dict[str, Any] = {"audio": audio}
        if "model_id" in self._takes:
            arguments |= {"model_id": self.loaded.name, "format": ["wav"] * len(audio)}
            arguments["sampling_rate"] = self.sample_rate
        for name in self._takes.intersection(_LANGUAGE):
            if told is not None:
                arguments[name] = told
        found: Mapping[str, Any] = self._request(**arguments)
        return found

    def _chatted(self, audio: list[Any]) -> Mapping[str, Any]:
        processor = self.loaded.processor
        said = f"{getattr(processor, 'audio_token', '<|audio|>')}{_REQUEST}"
        prompt = processor.tokenizer.apply_chat_template(
            [{"role": "user", "content": said}], tokenize=False, add_generation_prompt=True
        )
        found: Mapping[str, Any] = processor(text=[prompt] * len(audio), audio=audio, return_tensors="pt", padding=True)
        return found

    def _text(self, tokens: torch.Tensor) -> str:
        decode = self.loaded.processor.decode
        takes = inspect.signature(decode).parameters
        alone = {name: value for name, value in _TEXT_ALONE.items() if name in takes}
        text = decode(tokens, skip_special_tokens=True, **alone)
        return text if isinstance(text, str) else str(text)

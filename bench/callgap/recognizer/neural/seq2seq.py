"""Models with an encoder that hears and a decoder that writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from callgap.errors import InputError
from callgap.recognizer.neural.adapter import Adapter, Inputs, Loaded, Reading
from callgap.recognizer.neural.languages import named, primary
from callgap.recognizer.neural.writing import Recorder, before_end, search_of


class Seq2Seq(Adapter):
    """Writes with `generate`, greedily or with beams; the alternatives are the other beams.

    The confidence is the geometric mean of the probabilities of the tokens; a search with beams states none.
    """

    family = "seq2seq"

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        # Whisper's extractor pads everything to the length that its encoder has positions for.
        samples = getattr(loaded.extractor, "n_samples", None)
        self._always_s = samples / self.sample_rate if samples else None
        if self._always_s:
            self.longest_s = self._always_s
            self.featurizer.padding = "max_length"
            self._require_room()

    def padded_s(self, duration_s: float) -> float:
        """Seconds that an utterance takes in a batch; of Whisper always the same."""
        return self._always_s or duration_s

    def told(self, language: str) -> str | None:
        """The language in the words of the model's generation settings, which list those that it can be told.

        Raises:
            InputError: the model has no such language, or cannot find out by itself.
        """
        settings, forced = self.loaded.model.generation_config, self.loaded.options.forced
        if getattr(settings, "is_multilingual", None) is False:
            if primary(language) != "en":
                raise InputError(
                    f"recognizer.checkpoint={self.loaded.name} understands English only, found language {language!r}"
                )
            return None
        if (codes := getattr(settings, "lang_to_id", None)) is not None:
            return named(language, codes) if forced else None
        if (codes := getattr(settings, "text_decoder_lang_to_code_id", None)) is not None:
            if not forced:
                raise InputError(
                    f"recognizer.language_mode: found 'detected', but recognizer.checkpoint={self.loaded.name} has to "
                    "be told the language; accepted: forced"
                )
            return named(language, codes)
        return None

    @torch.inference_mode()
    def read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        """Recognize a batch."""
        model, options = self.loaded.model, self.loaded.options
        recorder = Recorder()
        arguments = search_of(model, options)
        if options.beams == 1:
            arguments["logits_processor"] = [recorder]
        if options.n_best > 1 and self._always_s:
            found = self._alternatives(inputs, told, arguments)
        else:
            found = model.generate(**inputs, **arguments, **self._language(told))
        sequences = getattr(found, "sequences", found)
        texts = self.loaded.processor.tokenizer.batch_decode(sequences, skip_special_tokens=True)
        count = len(sequences) // options.n_best
        confidences = recorder.confidences(before_end(model)) if options.beams == 1 else [None] * count
        return readings(texts, confidences, options.n_best)

    def _require_room(self) -> None:
        most, asked = (
            getattr(self.loaded.model.config, "max_target_positions", None),
            self.loaded.options.max_new_tokens,
        )
        settings = self.loaded.model.generation_config
        told = hasattr(settings, "lang_to_id") and getattr(settings, "is_multilingual", None) is not False
        # The start, language and task, and that no times are wanted.
        prompt = 1 + 2 * told + hasattr(settings, "no_timestamps_token_id")
        if most is not None and asked is not None and asked + prompt > most:
            raise InputError(
                f"recognizer.max_new_tokens: found {asked}, but recognizer.checkpoint={self.loaded.name} has {most} "
                f"places for a text, {prompt} of them taken by its prompt; accepted: at most {most - prompt}"
            )

    def _alternatives(self, inputs: Inputs, told: str | None, arguments: Mapping[str, Any]) -> Any:
        # Whisper's own `generate` searches as often as alternatives are wanted and returns the best of each search.
        from transformers import GenerationMixin

        model, features = self.loaded.model, inputs["input_features"]
        settings, count = model.generation_config, len(features)
        prompt = [torch.full((count,), settings.decoder_start_token_id, device=features.device)]
        if getattr(settings, "is_multilingual", None) is not False and hasattr(settings, "lang_to_id"):
            language = (
                model.detect_language(features) if told is None else prompt[0].new_tensor([settings.lang_to_id[told]])
            )
            prompt += [language.expand(count), prompt[0].new_tensor([settings.task_to_id["transcribe"]]).expand(count)]
        if hasattr(settings, "no_timestamps_token_id"):
            prompt.append(prompt[0].new_tensor([settings.no_timestamps_token_id]).expand(count))
        starts = torch.stack(prompt, dim=1)
        return GenerationMixin.generate(model, features, decoder_input_ids=starts, **arguments)

    def _language(self, told: str | None) -> Mapping[str, Any]:
        settings = self.loaded.model.generation_config
        if hasattr(settings, "text_decoder_lang_to_code_id"):
            return {"tgt_lang": told}
        if not hasattr(settings, "lang_to_id") or getattr(settings, "is_multilingual", None) is False:
            return {"return_timestamps": False} if self._always_s else {}
        return {"language": told, "task": "transcribe", "return_timestamps": False}


def readings(texts: Sequence[str], confidences: Sequence[float | None], n_best: int) -> list[Reading]:
    """Readings from the texts of a search.

    Args:
        texts: `n_best` per utterance, the best first.
        confidences: of the best, one per utterance.
        n_best: texts per utterance.

    Returns:
        One per utterance; equal texts stand once, empty ones are no alternative.
    """
    found = []
    for item, confidence in enumerate(confidences):
        stripped = [text.strip() for text in texts[item * n_best : (item + 1) * n_best]]
        kept = tuple(dict.fromkeys(text for text in stripped if text)) if stripped[0] else ()
        found.append(Reading(stripped[0], confidence, kept))
    return found

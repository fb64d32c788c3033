"""What `callgap train` made: each utterance is heard by a model that was not trained on its speaker."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError
from callgap.recognizer.base import Hypothesis, Sound, Transcription
from callgap.recognizer.central import transcribed
from callgap.recognizer.folds import FILE, Folds, read_folds
from callgap.recognizer.neural.checkpoint import digest_of
from callgap.recognizer.transformers import Transformers
from callgap.records import Context, Grammar

# Lines keep the length of what they carry, up to the rounding of a sample; two voices seldom take the same time.
_SAME_LENGTH_S = 0.0005


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Reference:
    """Recognizes with the models of a folder that `callgap train` made.

    With holdout=speaker there is a model for each fold of speakers, and an utterance is given to the one that did not
    hear its speaker; an utterance that is in no fold, or does not last as long as in training, is refused. With
    holdout=group and none there is one model, and `notes` says of how many utterances the id and the length are those
    of one that it was trained on.

    Attributes:
        checkpoint: the folder.
        device: cpu, cuda or cuda:N; None takes the variable CALLGAP_DEVICE, else CUDA where there is a device.
        window: most utterances that are sorted by length together.
        deterministic: whether each utterance is recognized alone.
    """

    checkpoint: Path
    device: str | None = None
    window: Annotated[int, Field(ge=1, le=65536)] = 512
    deterministic: bool = False
    hears: ClassVar[bool] = True

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch as one window."""
        return transcribed(self, batch, context)

    def recognize(self, sounds: Sequence[Sound], context: Context) -> Iterator[tuple[int, Hypothesis]]:
        """Recognize a window, fold by fold.

        Raises:
            InputError: an utterance is none of those that the folds hold out, or of another length; or as `warm`.
        """
        places: dict[int, list[int]] = defaultdict(list)
        for place, sound in enumerate(sounds):
            places[self._fold_of(sound)].append(place)
        heard = sum(self._was_trained_on(sound) for sound in sounds)
        self._counts.update({"utterances": len(sounds), "heard_in_training": heard})
        for fold, members in sorted(places.items()):
            for at, hypothesis in self._models[fold].recognize([sounds[place] for place in members], context):
                yield members[at], hypothesis

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check the folder; any grammar is taken, the service matches the text.

        Raises:
            InputError: the folder is missing or damaged, or was trained on another language.
        """
        learned = self._folds.language
        if language and learned.split("-")[0].lower() != language.split("-")[0].lower():
            raise InputError(
                f"recognizer.checkpoint={self.checkpoint} was trained on {learned}, found a corpus in {language}"
            )
        for model in self._models:
            model.check([], language)

    def warm(self, context: Context) -> None:
        """Load the models and recognize a second of silence with each.

        Raises:
            InputError: as `check`; or weights are not those that were trained.
        """
        self.check([], context.language)
        for fold, model in zip(self._folds.folds, self._models, strict=True):
            weights = self.checkpoint / fold.folder / "model.safetensors"
            if weights.is_file() and hashlib.sha256(weights.read_bytes()).hexdigest() != fold.sha256:
                raise InputError(f"{weights} is not what was trained: its SHA-256 differs from that in {FILE}")
            model.warm(context)

    def notes(self) -> Mapping[str, object]:
        """What the models say of their work, added up; what they were trained on; how much of it they were asked."""
        asked = {name: self._counts[name] for name in ("utterances", "heard_in_training")}
        training: dict[str, object] = {
            "corpus": dict(self._folds.corpus),
            "holdout": self._folds.holdout,
            "held_out": list(self._folds.groups),
            "models": len(self._folds.folds),
            **asked,
        }
        # Other voices say some things in exactly the same time; the same recordings all of them.
        if 2 * asked["heard_in_training"] > asked["utterances"]:
            training["note"] = (
                f"{asked['heard_in_training']} of {asked['utterances']} utterances have the id and the length of one "
                "that was trained on: speakers of the training corpus"
            )
        return {**added([note for model in self._models if (note := model.notes())]), "training": training}

    def identity(self) -> Mapping[str, str]:
        """The folder's name, the SHA-256 of its folds and of whatever of its models can change a text, the language.

        Raises:
            InputError: the folder is missing or damaged.
        """
        language = self._folds.language
        return {"id": self.checkpoint.resolve().name, "revision": f"sha256:{self._digest[:16]}", "locale": language}

    def __getstate__(self) -> dict[str, Any]:
        # Models and counts stay where they are; another process begins with its own.
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    @cached_property
    def _folds(self) -> Folds:
        return read_folds(self.checkpoint)

    @cached_property
    def _digest(self) -> str:
        hashed = hashlib.sha256((self.checkpoint / FILE).read_bytes())
        for fold in self._folds.folds:
            hashed.update(digest_of(self.checkpoint / fold.folder).encode())
        return hashed.hexdigest()

    @cached_property
    def _models(self) -> tuple[Transformers, ...]:
        return tuple(
            Transformers(
                checkpoint=str((self.checkpoint / fold.folder).absolute()),
                family="ctc",
                device=self.device,
                window=self.window,
                deterministic=self.deterministic,
                local_files_only=True,
            )
            for fold in self._folds.folds
        )

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter()

    def _fold_of(self, sound: Sound) -> int:
        if self._folds.holdout != "speaker":
            return 0
        place = self._folds.places.get(sound.utterance_id)
        if place is None:
            raise InputError(
                f"recognizer.checkpoint={self.checkpoint}: no model of it is known not to have heard the speaker of "
                f"{sound.utterance_id!r}; accepted: utterances of corpus={self._folds.corpus.get('name')} that were "
                "there in training, or a folder made with holdout=none or group"
            )
        trained = self._folds.folds[place].held_out[sound.utterance_id]
        if abs(trained - sound.duration_s) > _SAME_LENGTH_S:
            raise InputError(
                f"recognizer.checkpoint={self.checkpoint}: {sound.utterance_id!r} lasts {sound.duration_s:.3f} s and "
                f"lasted {trained:.3f} s in training: it is another recording, whose speaker a model may have heard; "
                "accepted: the recordings that were trained on, or a folder made with holdout=none or group"
            )
        return place

    def _was_trained_on(self, sound: Sound) -> bool:
        # Other recordings may have the same ids.
        seconds = self._folds.folds[self._fold_of(sound)].heard.get(sound.utterance_id)
        return seconds is not None and abs(seconds - sound.duration_s) <= _SAME_LENGTH_S


def added(notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The notes of several models as those of one.

    Args:
        notes: with the same keys.

    Returns:
        Sums of numbers, within mappings too; of everything else the first.
    """
    whole: dict[str, Any] = {}
    for name, first in notes[0].items() if notes else ():
        values = [note[name] for note in notes]
        if isinstance(first, Mapping):
            whole[name] = added(values)
        elif isinstance(first, int | float) and not isinstance(first, bool):
            whole[name] = sum(values)
        else:
            whole[name] = first
    return whole

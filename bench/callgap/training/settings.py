"""What `callgap train` can be told; a wrong value becomes one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from callgap.errors import InputError

_STRICT = ConfigDict(extra="forbid", frozen=True)
_Range = Annotated[tuple[float, float], Field(min_length=2, max_length=2)]


class Holdout(BaseModel):
    """Who is left out of training.

    Attributes:
        by: `speaker` trains one model per fold of speakers, none of whom it hears; `group` trains one model without
            some groups; `none` trains one model with everyone.
        folds: of speakers; None makes one for each speaker.
        attribute: column of the groups.
        groups: that are left out.
    """

    model_config = _STRICT
    by: Literal["speaker", "group", "none"] = "speaker"
    folds: Annotated[int, Field(ge=2)] | None = None
    attribute: str | None = None
    groups: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Holdout:
        if self.by == "group" and not (self.attribute and self.groups):
            raise ValueError("holdout=group needs holdout.attribute=NAME and holdout.groups=[GROUP,...]")
        if self.by != "group" and (self.attribute or self.groups):
            raise ValueError(f"holdout.attribute and holdout.groups belong to holdout=group, found holdout={self.by}")
        return self


class Settings(BaseModel):
    """How a recognizer is trained.

    Attributes:
        output: folder to be made.
        corpus: keys of the corpus that differ in training, such as the seed of its voices.
        holdout: who is left out.
        seed: of weights, order and augmentation.
        epochs: how often each utterance is heard.
        batch_size: utterances of a step.
        learning_rate: at its peak (one cycle, AdamW).
        threads: of the processor; None takes all that this process may use.
        longest_s: utterances that last longer are left out and counted.
        sample_rate: that the model listens at, in Hz.
        mel_bins: of the log-mel features.
        subsampling: how many features of 10 ms become one step of the model.
        hidden_size: width of the Conformer.
        layers: of the Conformer.
        heads: of its attention.
        dropout: share of activations.
        speed: from and to, by how much a recording is played faster, which shifts pitch and formants.
        tempo: the same for its features, which leaves pitch and formants.
        noise_db: signal to noise, from and to, in dB.
        masked: widest band and longest time that are blanked out (SpecAugment), as shares.
    """

    model_config = _STRICT
    output: Path
    corpus: Mapping[str, Any] = Field(default_factory=dict)
    holdout: Holdout = Holdout()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    epochs: Annotated[int, Field(ge=1, le=10_000)]
    batch_size: Annotated[int, Field(ge=1, le=10_000)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    longest_s: Annotated[float, Field(gt=0, le=60)]
    sample_rate: Literal[8000, 16000]
    mel_bins: Annotated[int, Field(ge=8, le=128)]
    subsampling: Literal[2, 4]
    hidden_size: Annotated[int, Field(ge=8, le=1024)]
    layers: Annotated[int, Field(ge=1, le=32)]
    heads: Annotated[int, Field(ge=1, le=16)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    speed: _Range
    tempo: _Range
    noise_db: _Range
    masked: Annotated[float, Field(ge=0, le=0.5)]

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.hidden_size % (2 * self.heads):
            raise ValueError(f"hidden_size={self.hidden_size} is no multiple of twice the heads ({self.heads})")
        for name in ("speed", "tempo"):
            low, high = getattr(self, name)
            if not 0.5 <= low <= high <= 2:
                raise ValueError(f"{name}=[{low},{high}]; accepted: two numbers from 0.5 to 2, the smaller first")
        if not 0 <= self.noise_db[0] <= self.noise_db[1]:
            raise ValueError(f"noise_db={list(self.noise_db)}; accepted: two numbers from 0, the smaller first")
        return self


def settings_of(content: Mapping[str, Any]) -> Settings:
    """Check the node `train` of a configuration.

    Args:
        content: its keys and values.

    Returns:
        The settings.

    Raises:
        InputError: a key is unknown, or a value has the wrong type or lies outside its range.
    """
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["train", *(str(part) for part in first["loc"])]).replace("train.holdout.by", "holdout")
        if first["type"] == "extra_forbidden":
            raise InputError(f"{key}: there is no such key") from None
        message = first["msg"].removeprefix("Value error, ")
        shown = "" if isinstance(first["input"], Mapping) else f"found {first['input']!r}; "
        raise InputError(f"{key.replace('train.holdout', 'holdout')}: {shown}{message}") from None

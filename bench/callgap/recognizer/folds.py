"""Which model of a training did not hear which utterance: the file `folds.json` of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callgap.errors import InputError, first_line

FILE = "folds.json"


class FoldRecord(BaseModel):
    """One model.

    Attributes:
        folder: of the checkpoint, beside the file.
        sha256: of its weights (hexadecimal).
        heard: seconds that each utterance lasts that the model was trained on, by id.
        held_out: the same of those that it was not trained on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: Annotated[str, Field(pattern=r"^[\w-]+$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    heard: Mapping[str, float]
    held_out: Mapping[str, float]


class Folds(BaseModel):
    """All models of one training.

    Attributes:
        format: of the file.
        holdout: who was left out.
        groups: that were left out, as in `accent=l2-hi`.
        corpus: what was trained on: `name` and `fingerprint`.
        language: BCP 47 tag of the texts.
        folds: with holdout `speaker` several, else one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = 1
    holdout: Literal["speaker", "group", "none"]
    groups: tuple[str, ...] = ()
    corpus: Mapping[str, str]
    language: str
    folds: Annotated[tuple[FoldRecord, ...], Field(min_length=1)]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """By utterance, the place of the fold that did not hear it."""
        return {utterance: place for place, fold in enumerate(self.folds) for utterance in fold.held_out}

    def write(self, folder: Path) -> None:
        """Write the file."""
        (folder / FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_folds(folder: Path) -> Folds:
    """Read the file of a folder that `callgap train` made.

    Args:
        folder: the folder.

    Returns:
        Its models.

    Raises:
        InputError: there is no such folder, or its file is missing or damaged.
    """
    path = folder / FILE
    if not path.is_file():
        lacking = f"has no {FILE}" if folder.is_dir() else "is no folder"
        raise InputError(
            f"recognizer.checkpoint={folder} {lacking}: callgap train train.output={folder} corpus=... makes it"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Folds.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path} is damaged ({where}: {first['msg']}); train again into another folder") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged ({first_line(error)}); train again into another folder") from None

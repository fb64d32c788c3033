"""What labels of accents state by themselves, in datasets/accents.yaml: language, country and first language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated

import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from callgap.errors import InputError, first_line, one_of
from callgap.resources import datasets_dir

_NAME = "datasets/accents.yaml"
# Labels of a list from which several are chosen are joined by commas, and hold some in brackets.
_BETWEEN = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True)
class Variety:
    """What a label states; None is what it leaves open.

    Attributes:
        language: that is spoken, ISO 639.
        country: of the variety, two letters of ISO 3166-1.
        first_language: of the speaker, ISO 639.
    """

    language: str | None = None
    country: str | None = None
    first_language: str | None = None


STATED = tuple(field.name for field in fields(Variety))
"""What a label may state; each becomes a column behind that of the labels."""

_Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    labels: Annotated[list[str], Field(min_length=1)]
    language: _Code | None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None
    first_language: _Code | None


def with_varieties(cells: pa.Table, column: str, name: str) -> pa.Table:
    """Put what the labels of a column state beside them.

    Args:
        cells: a table of text.
        column: of labels; it stays as it is.
        name: of the table, for errors.

    Returns:
        The table with the columns `<column>_language`, `<column>_country` and `<column>_first_language`; a cell is
        empty where the label leaves it open or is not in the taxonomy.

    Raises:
        InputError: there is no such column, none of its labels is known, or one of the new names is taken.
    """
    if column not in cells.column_names:
        raise InputError(
            f"{name}: corpus.taxonomy={column}: there is no such column; {one_of(column, cells.column_names)}"
        )
    found = {label: variety_of(label) for label in cells[column].unique().to_pylist()}
    labels = [label for label in found if label and label.strip()]
    if labels and all(found[label] == Variety() for label in labels):
        raise InputError(
            f"{name}: corpus.taxonomy={column}: found {labels[0]!r}{' and others' if len(labels) > 1 else ''}, none of "
            f"which is in {_NAME}; accepted: a column with labels of accents"
        )
    for stated in STATED:
        added = f"{column}_{stated}"
        if added in cells.column_names:
            raise InputError(f"{name}: corpus.taxonomy={column}: the table has a column {added!r} of its own")
        values = [getattr(found[label], stated) or "" for label in cells[column].to_pylist()]
        cells = cells.append_column(added, pa.array(values, pa.string()))
    return cells


def variety_of(label: str | None) -> Variety:
    """What a label states.

    Args:
        label: as a corpus writes it: one of the taxonomy, or several with commas between them.

    Returns:
        What the whole label states; or what those of its parts that state it agree on.
    """
    known = taxonomy()
    whole = known.get(folded(label or ""))
    if whole is not None:
        return whole
    parts = [known.get(folded(part), Variety()) for part in _BETWEEN.split(label or "")]
    return Variety(**{name: _agreed([getattr(part, name) for part in parts]) for name in STATED})


def unknown_labels(labels: Sequence[str | None]) -> list[str]:
    """Those labels of which the taxonomy knows nothing, each once, in their order."""
    stated = dict.fromkeys(label.strip() for label in labels if label and label.strip())
    return [label for label in stated if variety_of(label) == Variety()]


@cache
def taxonomy() -> Mapping[str, Variety]:
    """By label as `folded` writes it, what it states.

    Raises:
        InputError: the file is missing or not what it must be, or a label stands in it twice.
    """
    path = datasets_dir() / "accents.yaml"
    try:
        entries = TypeAdapter(list[_Entry]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise InputError(f"{_NAME} cannot be used: {first_line(error)}") from None
    found: dict[str, Variety] = {}
    for entry in entries:
        for label in entry.labels:
            if folded(label) in found:
                raise InputError(f"{_NAME}: the label {label!r} stands there twice")
            found[folded(label)] = Variety(entry.language, entry.country, entry.first_language)
    return found


def folded(label: str) -> str:
    """A label in lower case, with composed accents, straight apostrophes and single spaces."""
    composed = unicodedata.normalize("NFC", label)
    return " ".join(composed.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower().split())


def _agreed(values: Sequence[str | None]) -> str | None:
    stated = {value for value in values if value}
    return stated.pop() if len(stated) == 1 else None

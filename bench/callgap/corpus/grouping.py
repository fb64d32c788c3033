"""What a user's data is grouped by, and its card: what the user stated, or that nobody stated anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from callgap.corpus.accent_labels import STATED
from callgap.corpus.card import NOT_STATED, Attribute, Card, load_card, read_card
from callgap.errors import InputError, one_of
from callgap.resources import datasets_dir

FILL_IN = "FILL IN"
"""What marks a field of a card that its user has still to write."""


@dataclass(frozen=True)
class Grouping:
    """Which columns are group attributes, and how their cells become groups.

    Attributes:
        groups: columns to group by, a banded one by its own name or by that of its bands; None for what the card
            declares, or else the bands.
        references: by attribute, the group that the others are compared with.
        bands: by column, ascending limits of bands of numbers.
        unknown: cells that state nothing.
        taxonomy: a column with labels of accents; what they state is grouped by too, where `groups` is None.
    """

    groups: tuple[str, ...] | None
    references: Mapping[str, str]
    bands: Mapping[str, tuple[float, ...]]
    unknown: tuple[str, ...]
    taxonomy: str | None = None

    def card(self, stated: Card) -> Card:
        """The card with the attributes that are grouped by.

        Raises:
            InputError: a reference is given for something that is no attribute.
        """
        found = {self._name(name): name for name in self._wanted(stated)}
        for name in self.references:
            if name not in found:
                raise InputError(f"corpus.references: there is no group attribute {name!r}; {one_of(name, found)}")
        attributes = {name: self._attribute(stated, name, column) for name, column in found.items()}
        return stated.model_copy(update={"attributes": attributes})

    def columns(self, attributes: Sequence[str]) -> dict[str, str]:
        """By attribute, the column that it comes from."""
        banded = {banded_name(column): column for column in self.bands}
        return {name: banded.get(name, name) for name in attributes}

    def group(self, attribute: str, cell: str | None) -> str | None:
        """The group that a cell states; None where it states none."""
        if cell is None or cell.strip() in self.unknown:
            return None
        column = self.columns([attribute])[attribute]
        return cell.strip() if column == attribute else band(cell, self.bands[column])

    def _wanted(self, stated: Card) -> tuple[str, ...]:
        if self.groups is not None:
            return self.groups
        return tuple(dict.fromkeys((*stated.attributes, *self.bands, *self._varieties())))

    def _varieties(self) -> tuple[str, ...]:
        return tuple(f"{self.taxonomy}_{name}" for name in STATED) if self.taxonomy else ()

    def _name(self, name: str) -> str:
        return banded_name(name) if name in self.bands else name

    def _attribute(self, stated: Card, name: str, column: str) -> Attribute:
        described, source = f"Column {column!r} as the user's table states it", NOT_STATED
        if name in self._varieties():
            described = f"What labels of {self.taxonomy!r} state by themselves (datasets/accents.yaml)"
            labels = stated.attributes.get(str(self.taxonomy))
            source = labels.label_source if labels else NOT_STATED
        found = stated.attributes.get(name) or Attribute(label_source=source, reference=None, description=described)
        return found.model_copy(update={"reference": self.references.get(name, found.reference)})


def banded_name(column: str) -> str:
    """Name of the attribute that holds the bands of a column of numbers."""
    return f"{column}_band"


def band(cell: str, limits: Sequence[float]) -> str | None:
    """The band that a number falls into.

    Args:
        cell: the number as text.
        limits: ascending; the band from one limit to the next holds the first and not the second.

    Returns:
        For the limits 18 and 40, `under 18`, `18-39` or `40 and over`; None where the cell is no number.
    """
    try:
        number = float(cell)
    except ValueError:
        return None
    if number != number:
        return None
    above = [limit for limit in limits if number >= limit]
    if not above:
        return f"under {limits[0]:g}"
    if len(above) == len(limits):
        return f"{limits[-1]:g} and over"
    low, high = limits[len(above) - 1], limits[len(above)]
    if not (float(low).is_integer() and float(high).is_integer()):
        return f"{low:g} to under {high:g}"
    return f"{low:g}-{high - 1:g}" if high - low > 1 else f"{low:g}"


def bare_card(title: str, *, language: str = "en-US", sample_rate: int = 16000) -> Card:
    """The card of data that nobody has described.

    Args:
        title: name of the data.
        language: BCP 47 tag.
        sample_rate: Hz.

    Returns:
        A card that says of everything that it is not stated.
    """
    words = ("summary", "home", "revision", "license", "commercial_use", "consent", "collection", "retention")
    return Card.model_validate(
        {
            **dict.fromkeys((*words, "speech_condition", "text_source", "missing_groups", "citation"), NOT_STATED),
            "title": title,
            "synthetic": False,
            "language": language,
            "sample_rate": sample_rate,
            "attributes": {},
            "known_faults": [],
            "may_conclude": (
                "How these systems did on these recordings and the groups as their owner labeled them. How the "
                "speakers were chosen and who labeled them is not stated, so nothing follows for other callers."
            ),
        }
    )


def card_from(path: Path) -> Card:
    """Read a card by the name of a folder of datasets/, or from a file.

    Raises:
        InputError: there is no such card, a field is wrong, or one is still to be filled in.
    """
    if len(path.parts) == 1 and not path.suffix and not path.is_file():
        known = sorted(place.parent.name for place in datasets_dir().glob("*/card.yaml"))
        if path.name not in known:
            raise InputError(f"corpus.card={path}: neither a file nor the name of a card; {one_of(path.name, known)}")
        return load_card(path.name)
    if unfilled := unfilled_fields(path):
        raise InputError(f"{path}, field {unfilled[0]}: it still says {FILL_IN!r}; write what is true, or 'not stated'")
    return read_card(path)


def unfilled_fields(path: Path) -> list[str]:
    """The fields of a card that its user has still to write, as dotted keys; none where it cannot be read."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    return list(_unfilled(content, ""))


def _unfilled(content: object, key: str) -> Iterator[str]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            inner = f"{key}.{name}" if key else str(name)
            if FILL_IN in str(name):
                yield inner
            else:
                yield from _unfilled(value, inner)
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from _unfilled(value, f"{key}.{place}")
    elif isinstance(content, str) and FILL_IN in content:
        yield key

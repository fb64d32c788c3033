"""Labeled texts that a router learns from and is checked with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, runtime_checkable

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE

OUT_OF_SCOPE = "out-of-scope"
"""In files and configurations, the intent of a text that has none."""

# Letters and digits of any script, and apostrophes between them.
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'"})


@dataclass(frozen=True)
class Text:
    """One text and what is wanted with it.

    Attributes:
        text: as somebody wrote or said it.
        intent: None where it is none of the set's intents.
    """

    text: str
    intent: str | None


@dataclass(frozen=True)
class Split:
    """A set of texts, in the three parts that must not be mixed.

    Attributes:
        train: to learn from.
        validation: to choose a threshold with.
        test: to check with, once everything is chosen.
    """

    train: tuple[Text, ...] = ()
    validation: tuple[Text, ...] = ()
    test: tuple[Text, ...] = ()

    @property
    def intents(self) -> tuple[str, ...]:
        """Every intent of any part, sorted."""
        parts = (*self.train, *self.validation, *self.test)
        return tuple(sorted({text.intent for text in parts if text.intent is not None}))


@runtime_checkable
class TextSet(Protocol):
    """A set of labeled texts; nothing is read before `split` is called."""

    def split(self) -> Split:
        """Read it.

        Raises:
            InputError: it is not there, or not as it should be.
        """

    def identity(self) -> Mapping[str, str]:
        """What was read, for provenance."""


def parts_of(texts: TextSet, key: str) -> Split:
    """Read a set of texts that does not stand under `texts`, as its own sentences suppose.

    Args:
        texts: the set.
        key: of the router, under which it stands.

    Raises:
        InputError: as `TextSet.split`; the sentence names the key.
    """
    try:
        return texts.split()
    except InputError as error:
        raise InputError(str(error).replace(f"{STAGE}.texts", f"{STAGE}.{key}")) from None


def normalized(text: str) -> str:
    """A text as a recognizer might write it, so that training text and recognized text look alike.

    Args:
        text: in any spelling.

    Returns:
        Lower-case words and numbers with one space between them, without punctuation; numbers stay as they are written.
    """
    composed = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
    return " ".join(_WORD.findall(composed))


def in_scope(texts: Iterable[Text], intents: Iterable[str]) -> tuple[Text, ...]:
    """Texts as a router that knows some intents has to take them.

    Args:
        texts: with any intents.
        intents: that the router knows.

    Returns:
        All of them in their order; an intent that the router does not know is none.
    """
    known = frozenset(intents)
    return tuple(text if text.intent in known else Text(text.text, None) for text in texts)


def distinct(texts: Iterable[Text], known: Iterable[Text]) -> tuple[Text, ...]:
    """The texts that are not among others already, compared as normalized.

    Args:
        texts: in any order.
        known: the others.

    Returns:
        Those that remain, in their order.
    """
    seen = {normalized(text.text) for text in known}
    return tuple(text for text in texts if normalized(text.text) not in seen)


def digest(*parts: Sequence[Text]) -> str:
    """SHA-256 of texts and intents, in hexadecimal; it changes with any of them and with their order."""
    hashed = sha256()
    for part in parts:
        hashed.update(f"{len(part)}\0".encode())
        for text in part:
            label = "0" if text.intent is None else f"1{text.intent}"
            hashed.update(f"{len(text.text)}:{text.text}\0{len(label)}:{label}\0".encode())
    return hashed.hexdigest()

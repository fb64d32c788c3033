"""Reads what a recognizer's program printed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any


class AnswerError(Exception):
    """What was printed is no answer; the message is a reason code."""


@dataclass(frozen=True)
class Answer:
    """What a program understood of one utterance.

    Attributes:
        text: None where the program says that it has none.
        confidence: None where it states none.
        n_best: alternatives, the best first.
    """

    text: str | None
    confidence: float | None = None
    n_best: tuple[str, ...] = ()


def read_answer(printed: bytes) -> Answer:
    """Read the standard output of a program.

    Args:
        printed: UTF-8; a JSON object with `text` and possibly `confidence` and `n_best` where it begins with a brace,
            else the text itself.

    Returns:
        The answer, without white space around the text.

    Raises:
        AnswerError: `not_utf8` or `bad_json`.
    """
    try:
        said = printed.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise AnswerError("not_utf8") from None
    if not said.startswith("{"):
        return Answer(said, None, (said,) if said else ())
    try:
        return _object(json.loads(said, parse_constant=_refuse))
    except (ValueError, KeyError, RecursionError, OverflowError):
        raise AnswerError("bad_json") from None


def _object(content: dict[str, Any]) -> Answer:
    text, confidence, n_best = content["text"], content.get("confidence"), content.get("n_best")
    if text is None:
        return Answer(None)
    said = _text(text)
    alternatives = tuple(_text(item) for item in _list(n_best)) if n_best is not None else (said,) if said else ()
    return Answer(said, None if confidence is None else _number(confidence), alternatives)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is a string")
    # Half of a surrogate pair, which JSON can write and no table can hold, is refused here.
    return value.encode().decode().strip()


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("alternatives are a list")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a confidence is a finite number")
    return float(value)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")

"""Numbers as a report writes them; what is absent stays absent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any

from pydantic import BaseModel

ABSENT = "\N{EN DASH}"


def plain(value: Any, where: str = "report") -> Any:
    """Turn a value into what JSON can hold.

    Args:
        value: a mapping, sequence, model, number, text or None.
        where: name of the place, for the error.

    Returns:
        The same of dicts, lists, texts and numbers; NaN and infinities are None.

    Raises:
        TypeError: something inside is of a type that JSON has no word for.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return _plain_container(value, where)


def _plain_container(value: Any, where: str) -> Any:
    if isinstance(value, BaseModel):
        return plain(value.model_dump(), where)
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item, f"{where}[{place}]") for place, item in enumerate(value)]
    raise TypeError(f"{where} is a {type(value).__name__}; a report holds mappings, lists, texts and numbers")


def percent(rate: float | None) -> str:
    """Write a rate.

    Args:
        rate: 1 is 100%; None is absent.

    Returns:
        For example `12.5%`.
    """
    return ABSENT if rate is None else f"{100 * rate:.1f}%"


def points(difference: float | None) -> str:
    """Write a difference of two rates with its sign.

    Args:
        difference: 1 is 100 points; None is absent.

    Returns:
        For example `+12.5`.
    """
    if difference is None:
        return ABSENT
    written = f"{100 * difference:+.1f}"
    return "0.0" if written in ("+0.0", "-0.0") else written.replace("-", "\N{MINUS SIGN}")


def number(value: float | None, digits: int = 1) -> str:
    """Write a count or a measurement.

    Args:
        value: None is absent.
        digits: decimals of a measurement; a count has none.

    Returns:
        For example `1,234` or `17.5`.
    """
    if value is None:
        return ABSENT
    written = f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"
    return written.replace("-", "\N{MINUS SIGN}")


def span(lower: float | None, upper: float | None, factor: float = 100.0, digits: int = 1) -> str:
    """Write limits.

    Args:
        lower: None where there are no limits.
        upper: the same.
        factor: what a limit is multiplied with; 100 writes points.
        digits: decimals.

    Returns:
        For example `5.1 to 19.4`; empty where there are none.
    """
    if lower is None or upper is None:
        return ""
    return f"{number(factor * lower, digits)} to {number(factor * upper, digits)}"


def in_hundred(*rates: float) -> tuple[str, ...]:
    """Write rates as how many of 100, without sign, in whole numbers where none of them vanishes by it.

    Args:
        rates: differences or limits of one sentence.

    Returns:
        One text per rate, all with the same decimals (two at most).

    Example:
        >>> in_hundred(0.12, -0.05)
        ('12', '5')
        >>> in_hundred(0.012, 0.001)
        ('1.2', '0.1')
    """
    sizes = [abs(100 * rate) for rate in rates]
    smallest = min((size for size in sizes if size > 0), default=1.0)
    digits = next((digits for digits in (0, 1) if round(smallest, digits) > 0), 2)
    return tuple(f"{size:.{digits}f}" for size in sizes)


def flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Write a nested mapping as lines.

    Args:
        value: plain JSON values.
        name: of `value` itself, empty at the top.

    Returns:
        Pairs of a dotted name and a text, in the order of the mapping.
    """
    if isinstance(value, Mapping) and value:
        pairs = [flat(item, f"{name}.{key}" if name else str(key)) for key, item in value.items()]
        return [pair for group in pairs for pair in group]
    if isinstance(value, list):
        texts = [
            ", ".join(f"{key} {text}" for key, text in flat(item)) if isinstance(item, Mapping) else str(item)
            for item in value
        ]
        return [(name, "; ".join(texts) or ABSENT)]
    return [(name, ABSENT if value is None or value == {} else str(value))]

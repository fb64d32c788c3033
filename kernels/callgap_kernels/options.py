"""Options of the public functions, refused where they are none."""

from numbers import Integral, Real


def require_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number in a range.

    Args:
        name: Of the option.
        value: What was given.
        least: Smallest that is accepted.
        most: Largest that is accepted; None for no limit.

    Raises:
        ValueError: If the value is another.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        accepted = f"a whole number from {least} on" if most is None else f"a whole number from {least} to {most}"
        raise ValueError(f"{name} is {value!r}; accepted is {accepted}")


def require_share(name: str, value: object) -> None:
    """Refuse what is no number between 0 and 1.

    Args:
        name: Of the option.
        value: What was given.

    Raises:
        ValueError: If the value is another.
    """
    if not isinstance(value, Real) or not 0 < float(value) < 1:
        raise ValueError(f"{name} is {value!r}; accepted is a number between 0 and 1")

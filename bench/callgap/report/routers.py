"""How often the routers of a service are right on clean text, arranged for reading."""

from __future__ import annotations

from dataclasses import dataclass

from callgap.report.comparisons import Row
from callgap.report.figures import ABSENT, percent

_NOTE = (
    "How often the router is right about texts that nobody misheard and that it did not learn from. What it gets wrong "
    "here is no matter of recognition."
)


@dataclass(frozen=True)
class RouterView:
    """The router of one node.

    Attributes:
        node: its name.
        kind: of the router.
        right: texts with an intent that were routed to it, of how many.
        refused: texts out of scope that were refused, of how many; absent where none was tried.
        lowest: the intent that it is right about least often, with its counts.
        texts: whose they are, and what was left out.
        why_none: why there is no figure; None where there is one.
    """

    node: str
    kind: str
    right: str = ABSENT
    refused: str = ABSENT
    lowest: str = ABSENT
    texts: str = ABSENT
    why_none: str | None = None


@dataclass(frozen=True)
class RoutersView:
    """The routers of one run.

    Attributes:
        rows: one per node.
        note: what the figures are.
    """

    rows: tuple[RouterView, ...]
    note: str = _NOTE


def routers_view(service: Row) -> RoutersView | None:
    """Arrange what a report says of a service's routers.

    Args:
        service: as a report has it; empty where there was none.

    Returns:
        The view; None where no node has a router.
    """
    rows = tuple(_view(row) for row in service.get("routers", ()))
    return RoutersView(rows) if rows else None


def _view(row: Row) -> RouterView:
    found = row["accuracy"]
    if found is None:
        return RouterView(row["node"], row["router"], why_none=row["why_none"])
    lowest = found["by_intent"][row["lowest"]]
    return RouterView(
        node=row["node"],
        kind=row["router"],
        right=_of(found["in_scope"]),
        refused=_of(found["out_of_scope"]),
        lowest=f"{row['lowest']}, {_of(lowest)}",
        texts=_texts(found),
    )


def _of(counts: Row) -> str:
    return f"{counts['correct']} of {counts['texts']} ({percent(counts['share'])})" if counts["texts"] else ABSENT


def _texts(found: Row) -> str:
    known, owed = found["known_texts_left_out"], found["in_scope"]["owed"] + found["out_of_scope"]["owed"]
    further = [f"{known} left out that stand in its training or validation"] if known else []
    further += [f"to {owed} it owed an answer, which counts as wrong"] if owed else []
    return "; ".join([found["of"], *further])

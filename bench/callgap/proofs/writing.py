"""Tables of evidence: CSV for programs, Markdown for people."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Page:
    """What stands around a table.

    Attributes:
        name: of its files.
        title: of the table.
        text: what it shows and against which bound.
        facts: what it was made with.
        picture: whether a picture of the same name belongs to it.
    """

    name: str
    title: str
    text: str
    facts: Mapping[str, str]
    picture: bool = False


def write(page: Page, rows: Sequence[Any], folder: Path, columns: Sequence[str] | None = None) -> None:
    """Write a table under one name: `.csv` with every column and `.md`.

    Args:
        page: what stands around it.
        rows: frozen dataclasses of one kind, at least one.
        folder: where to write.
        columns: of the Markdown; None for all.
    """
    names = [field.name for field in fields(rows[0])]
    if hasattr(rows[0], "holds") and "holds" not in names:
        names.append("holds")
    table = [{name: _cell(getattr(row, name)) for name in names} for row in rows]
    with (folder / f"{page.name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    shown = list(columns or names)
    body = "\n".join(markdown(shown, [[row[name] for name in shown] for row in table]))
    picture = f"![{page.title}]({page.name}.png)\n\n" if page.picture else ""
    facts = "\n".join(markdown(["made with", ""], [list(pair) for pair in page.facts.items()]))
    text = f"# {page.title}\n\n{page.text}\n\n{picture}{body}\n\n{facts}\n"
    (folder / f"{page.name}.md").write_text(text, encoding="utf-8")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table.

    Args:
        head: names of the columns; an underscore is written as a blank.
        rows: cells.

    Returns:
        The lines.
    """
    lines = [[name.replace("_", " ") for name in head], ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a written table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)

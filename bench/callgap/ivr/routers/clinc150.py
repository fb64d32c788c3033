"""CLINC150: questions with 150 intents in 10 domains, and questions that have none of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, first_line, one_of
from callgap.ivr.routers.base import STAGE
from callgap.ivr.routers.texts import Split, Text
from callgap.remote import RemoteTable

_HOME = "https://raw.githubusercontent.com/clinc/oos-eval/{revision}/"
_PARTS = {
    "train": ("train", "oos_train"),
    "validation": ("val", "oos_val"),
    "test": ("test", "oos_test"),
}
_NONE = "oos"
CHECKSUMS = {
    "data_full.json": "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0",
    "domains.json": "b947b579d3b8e74b06f93b01083d8efaff2888b43a3e362533bd88a6e1211b3a",
}
"""SHA-256 of the files that were used here."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Clinc150:
    """The published parts of `data_full.json`.

    Attributes:
        domains: only the intents of these domains, as `domains.json` names them, and the texts out of scope; None
            takes all.
        root: the repository or the folder with the files; None looks below `$CALLGAP_DATA`, `../shared/data` and the
            user's cache.
        download: fetch what is nowhere else.
        revision: commit, tag or branch to fetch.
        sha256: by file, what it must be; a file that is not named may be anything.
    """

    domains: tuple[str, ...] | None = None
    root: Path | None = None
    download: bool = False
    revision: str = "HEAD"
    sha256: Mapping[str, str] = Field(default_factory=lambda: dict(CHECKSUMS))

    def split(self) -> Split:
        """Read it.

        Raises:
            InputError: a file is nowhere, or not the pinned one, or not in the published form, or a domain is unknown.
        """
        return self._split

    def identity(self) -> Mapping[str, str]:
        """The SHA-256 of the texts, and the domains."""
        domains = "all" if self.domains is None else ", ".join(sorted(self.domains))
        return {"texts": "clinc150", "domains": domains, "sha256": self._table("data_full.json").digest}

    @cached_property
    def _split(self) -> Split:
        content = self._json("data_full.json")
        kept = self._kept()
        parts = {}
        for part, names in _PARTS.items():
            rows = [row for name in names for row in _rows(content, name, self._table("data_full.json").path)]
            parts[part] = tuple(_texts(rows, kept))
        return Split(**parts)

    def _kept(self) -> frozenset[str] | None:
        if self.domains is None:
            return None
        known: dict[str, list[str]] = self._json("domains.json")
        for domain in self.domains:
            if domain not in known:
                raise InputError(f"{STAGE}.texts.domains: found {domain!r}; {one_of(domain, known)}")
        return frozenset(intent for domain in self.domains for intent in known[domain])

    def _json(self, name: str) -> Any:
        path = self._table(name).path
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path} cannot be read as JSON: {first_line(error)}") from None
        if not isinstance(content, dict):
            raise InputError(f"{path} holds no JSON object")
        return content

    def _table(self, name: str) -> RemoteTable:
        return RemoteTable(
            name=f"data/{name}",
            folder="clinc150",
            home=_HOME,
            revision=self.revision,
            sha256=self.sha256.get(name),
            root=self.root,
            download=self.download,
            stage=f"{STAGE}.texts",
        )


def _rows(content: Mapping[str, Any], name: str, path: Path) -> list[list[str]]:
    rows = content.get(name)
    if not isinstance(rows, list):
        raise InputError(f"{path} holds no list {name!r}; found: {', '.join(content) or 'nothing'}")
    for place, row in enumerate(rows):
        if not (
            isinstance(row, list) and len(row) == 2 and all(isinstance(cell, str) and cell.strip() for cell in row)
        ):
            raise InputError(f"{path}, {name}[{place}]: accepted is a text and its intent, found {row!r:.80}")
    return rows


def _texts(rows: Iterable[list[str]], kept: frozenset[str] | None) -> Iterable[Text]:
    for text, intent in rows:
        if intent == _NONE:
            yield Text(text, None)
        elif kept is None or intent in kept:
            yield Text(text, intent)

"""What is to be recognized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callgap.records import Grammar


@dataclass(frozen=True)
class Plan:
    """What is to be recognized.

    Attributes:
        calls: by grammar id, the utterances that begin a call there.
        probes: by grammar id, the utterances of which the grammar holds no right answer.
        grammars: by grammar id.
    """

    calls: Mapping[str, tuple[str, ...]]
    probes: Mapping[str, tuple[str, ...]]
    grammars: Mapping[str, Grammar]

    def work(self) -> list[tuple[str, str]]:
        """Pairs of grammar id and utterance id, grouped by grammar, calls first."""
        return [(g, u) for part in (self.calls, self.probes) for g, utterances in part.items() for u in utterances]


def frozen(parts: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Utterance ids by grammar id, in the order of the grammars' names."""
    return {name: tuple(parts[name]) for name in sorted(parts)}

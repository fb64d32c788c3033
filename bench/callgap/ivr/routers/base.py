"""What a router is, and what it says of a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callgap.ivr.routers.accuracy import Accuracy

STAGE = "ivr.router"
"""Key of the configuration at which a router stands, for messages."""


@dataclass(frozen=True)
class Routed:
    """What a router makes of one text.

    Attributes:
        intent: what the caller wants; None where it is none of the router's intents (out of scope), and where the
            router owes an answer.
        confidence: between 0 and 1, of `intent`; where that is None, of the intent that came nearest, and 0.0 where
            none did. None where the router states none. What it means differs between routers: see each.
        runner_up: the intent that would have been next; of a text out of scope, the one that came nearest.
        fault: why the router owes an answer (a reason code); such a call is lost, and never out of scope.
    """

    intent: str | None
    confidence: float | None
    runner_up: str | None = None
    fault: str | None = None


class Router(ABC):
    """Finds out what callers want from what was understood; nothing is read, learned or asked before it must be.

    A base class and not a protocol: to see whether an object has `intents` would mean to read them.
    """

    @property
    @abstractmethod
    def intents(self) -> tuple[str, ...]:
        """Everything that it can route to, sorted."""

    @abstractmethod
    def check(self) -> None:
        """Refuse what cannot work before anything is recognized: learn what is to be learned, but ask nobody.

        Raises:
            InputError: texts, rules, a model, an address or a key cannot be used.
        """

    @abstractmethod
    def route(self, texts: Sequence[str]) -> list[Routed]:
        """Route texts.

        Args:
            texts: what was understood, in any spelling; each is routed by itself, so that no result depends on the
                others.

        Returns:
            One per text, in their order.

        Raises:
            InputError: the router cannot work at all.
        """

    @abstractmethod
    def accuracy(self) -> Accuracy:
        """How often it is right on clean text that it has not seen, to be shown beside every figure of a group."""

    @abstractmethod
    def identity(self) -> Mapping[str, str]:
        """What it is, for provenance: kind, data and settings, or model and revision."""

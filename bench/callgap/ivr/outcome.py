"""How a call ends."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a call ends; each call has one."""

    ROUTED = "routed"
    """At the destination that the caller asked for."""
    MISROUTED = "misrouted"
    """At another destination than the caller asked for."""
    NOT_UNDERSTOOD = "not_understood"
    """Nowhere: nothing was understood and no further attempt was possible."""
    HUMAN = "human"
    """With a person: asked for, or after the attempts were used up, or because something else was taken for it."""
    LOST = "lost"
    """Unknown, because the recognizer owed a text or a router an answer: never a caller's or a menu's failure."""

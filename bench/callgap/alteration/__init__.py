"""Voice alteration: what a tool does to the caller's or the agent's voice before the telephone carries it."""

from callgap.alteration.base import Alteration
from callgap.alteration.identity import Identity

__all__ = ["Alteration", "Identity"]

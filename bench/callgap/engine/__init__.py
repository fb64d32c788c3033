"""Engines: where the work of a run is done. Every engine gives the same results."""

from callgap.engine.base import Engine
from callgap.engine.local import LocalEngine

__all__ = ["Engine", "LocalEngine"]

"""Faults of the data, found and shown before any number.

Ids that stand twice never come this far: the readers of corpora and of transcripts refuse them.
"""

from callgap.fairness.faults.finding import find_faults, unjudged, unpublished
from callgap.fairness.faults.material import Consequence, Fault

__all__ = ["Consequence", "Fault", "find_faults", "unjudged", "unpublished"]

"""Fairness: groups of speakers compared, the speaker being the unit of everything."""

from callgap.fairness.compare import Comparison
from callgap.fairness.covariates import measure
from callgap.fairness.endpoints import ENDPOINTS, observe
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN, membership
from callgap.fairness.standing import Standing

__all__ = ["CONTRADICTORY", "ENDPOINTS", "UNKNOWN", "Comparison", "Standing", "measure", "membership", "observe"]

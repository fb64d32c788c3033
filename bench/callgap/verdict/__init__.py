"""Verdicts: what may be said of a gap, how good the evidence is, and what would change it."""

from callgap.verdict.decide import Judgment, decide
from callgap.verdict.grade import Grade, grade
from callgap.verdict.policy import Policy
from callgap.verdict.words import UNFIT

__all__ = ["UNFIT", "Grade", "Judgment", "Policy", "decide", "grade"]

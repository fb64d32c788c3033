"""Verdicts: what may be said of a gap, how good the evidence is, and what would change it."""

from callgap.verdict.decide import UNFIT, Judgment, decide
from callgap.verdict.grade import Grade, grade
from callgap.verdict.policy import Policy

__all__ = ["UNFIT", "Grade", "Judgment", "Policy", "decide", "grade"]

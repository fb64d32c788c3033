"""Findings about the recognizer in one text: words that nobody said, and another language than was spoken.

The words stay in the word error rate; the flags become rates of their own. A rule fires only where the two texts alone
show the fault, so the rates are lower bounds: invented words of a plausible number are mere errors here.
"""

from callgap.scoring.flags.finding import Flags, Rule, flag_texts
from callgap.scoring.flags.precision import RulePrecision, labelled_pairs, measure_precision

__all__ = ["Flags", "Rule", "RulePrecision", "flag_texts", "labelled_pairs", "measure_precision"]

"""Scoring: errors per word and per character, counted, never divided."""

from callgap.scoring.dialect import Dialect
from callgap.scoring.dictated import Dictated
from callgap.scoring.french import FrenchNumbersElision
from callgap.scoring.normalizers import Basic, NoNormalizer, Normalizer, WhisperEnglish, WhisperMultilingual
from callgap.scoring.published import Published
from callgap.scoring.scorer import Scorer

__all__ = [
    "Basic",
    "Dialect",
    "Dictated",
    "FrenchNumbersElision",
    "NoNormalizer",
    "Normalizer",
    "Published",
    "Scorer",
    "WhisperEnglish",
    "WhisperMultilingual",
]

"""Scoring: errors per word and per character, counted, never divided."""

from callgap.scoring.dialect import Dialect
from callgap.scoring.french import FrenchNumbersElision
from callgap.scoring.normalizers import Basic, NoNormalizer, Normalizer, WhisperEnglish, WhisperMultilingual
from callgap.scoring.scorer import Scorer

__all__ = [
    "Basic",
    "Dialect",
    "FrenchNumbersElision",
    "NoNormalizer",
    "Normalizer",
    "Scorer",
    "WhisperEnglish",
    "WhisperMultilingual",
]

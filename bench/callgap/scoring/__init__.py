"""Scoring: errors per word and per character, counted, never divided."""

from callgap.scoring.normalizers import Basic, NoNormalizer, Normalizer, WhisperEnglish
from callgap.scoring.scorer import Scorer

__all__ = ["Basic", "NoNormalizer", "Normalizer", "Scorer", "WhisperEnglish"]

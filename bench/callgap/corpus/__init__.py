"""Corpora: who says what. A corpus yields utterances and their audio and knows its card."""

from callgap.corpus.base import Corpus
from callgap.corpus.card import Attribute, Card, load_card

__all__ = ["Attribute", "Card", "Corpus", "load_card"]

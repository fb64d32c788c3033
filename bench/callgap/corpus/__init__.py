"""Corpora: who says what. A corpus yields utterances and their audio and knows its card."""

from callgap.corpus.base import Corpus
from callgap.corpus.card import NOT_STATED, Attribute, Card, load_card, read_card

__all__ = ["NOT_STATED", "Attribute", "Card", "Corpus", "load_card", "read_card"]

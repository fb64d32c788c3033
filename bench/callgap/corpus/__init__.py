"""Corpora: who says what. A corpus yields utterances and their audio and knows its card."""

from callgap.corpus.base import Corpus, KnowsFaults
from callgap.corpus.call_log import Wordless
from callgap.corpus.card import NOT_STATED, Attribute, Card, load_card, read_card
from callgap.corpus.error_rates import ErrorRates

__all__ = [
    "NOT_STATED",
    "Attribute",
    "Card",
    "Corpus",
    "ErrorRates",
    "KnowsFaults",
    "Wordless",
    "load_card",
    "read_card",
]

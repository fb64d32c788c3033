"""Routers: what a caller wants, found in what was understood, each with its accuracy on clean text."""

from callgap.ivr.routers.accuracy import Accuracy, Checked
from callgap.ivr.routers.banking77 import Banking77
from callgap.ivr.routers.base import Routed, Router
from callgap.ivr.routers.chat import ChatRouter
from callgap.ivr.routers.clinc150 import Clinc150
from callgap.ivr.routers.embedding import EmbeddingRouter
from callgap.ivr.routers.keyword import KeywordRouter
from callgap.ivr.routers.own_texts import TableTexts, WrittenTexts
from callgap.ivr.routers.rules import Rule
from callgap.ivr.routers.texts import OUT_OF_SCOPE, Split, Text, TextSet
from callgap.ivr.routers.tfidf import TfidfRouter

__all__ = [
    "OUT_OF_SCOPE",
    "Accuracy",
    "Banking77",
    "ChatRouter",
    "Checked",
    "Clinc150",
    "EmbeddingRouter",
    "KeywordRouter",
    "Routed",
    "Router",
    "Rule",
    "Split",
    "TableTexts",
    "Text",
    "TextSet",
    "TfidfRouter",
    "WrittenTexts",
]

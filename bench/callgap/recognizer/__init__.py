"""Recognizers: what a machine understands of what was said."""

from callgap.recognizer.base import Central, Hypothesis, Recognizer, Sound, Transcription
from callgap.recognizer.command import Command
from callgap.recognizer.pocketsphinx import PocketSphinx
from callgap.recognizer.pocketsphinx_ngram import PocketSphinxNgram
from callgap.recognizer.published_rates import PublishedRates
from callgap.recognizer.reference import Reference
from callgap.recognizer.stored_lists import StoredLists
from callgap.recognizer.transcripts import Transcripts
from callgap.recognizer.transformers import Transformers
from callgap.recognizer.unheard import Unheard

__all__ = [
    "Central",
    "Command",
    "Hypothesis",
    "PocketSphinx",
    "PocketSphinxNgram",
    "PublishedRates",
    "Recognizer",
    "Reference",
    "Sound",
    "StoredLists",
    "Transcription",
    "Transcripts",
    "Transformers",
    "Unheard",
]

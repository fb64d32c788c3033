"""Recognizers: what a machine understands of what was said."""

from callgap.recognizer.base import Hypothesis, Recognizer, Transcription
from callgap.recognizer.command import Command
from callgap.recognizer.pocketsphinx import PocketSphinx
from callgap.recognizer.pocketsphinx_ngram import PocketSphinxNgram
from callgap.recognizer.published_rates import PublishedRates
from callgap.recognizer.transcripts import Transcripts

__all__ = [
    "Command",
    "Hypothesis",
    "PocketSphinx",
    "PocketSphinxNgram",
    "PublishedRates",
    "Recognizer",
    "Transcription",
    "Transcripts",
]

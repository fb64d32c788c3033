"""Recognizers: what a machine understands of what was said."""

from callgap.recognizer.base import Hypothesis, Recognizer, Transcription
from callgap.recognizer.pocketsphinx import PocketSphinx

__all__ = ["Hypothesis", "PocketSphinx", "Recognizer", "Transcription"]

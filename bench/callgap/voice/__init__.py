"""Measures of a voice before and after an alteration: who speaks, how well it sounds, how it is said, how late."""

from callgap.voice.base import REASON, Measure, NotMeasuredError, Values
from callgap.voice.collect import joined, measured
from callgap.voice.emphasis import Emphasis, emphasis
from callgap.voice.identity import (
    Distances,
    Distinguishability,
    Linkability,
    Similarity,
    calibration,
    distance_to_group,
    distinguishability,
    linkability,
    similarity,
)
from callgap.voice.intelligibility import Intelligibility
from callgap.voice.latency import Latency, streamed
from callgap.voice.measures import Contours, Measures
from callgap.voice.prosody import Prosody
from callgap.voice.quality import Quality
from callgap.voice.trials import EqualErrorRate, Voiceprints, equal_error_rate, speaker_means, trials, voiceprints
from callgap.voice.validation import Validated, validated
from callgap.voice.voiceprint import Voiceprint

__all__ = [
    "REASON",
    "Contours",
    "Distances",
    "Distinguishability",
    "Emphasis",
    "EqualErrorRate",
    "Intelligibility",
    "Latency",
    "Linkability",
    "Measure",
    "Measures",
    "NotMeasuredError",
    "Prosody",
    "Quality",
    "Similarity",
    "Validated",
    "Values",
    "Voiceprint",
    "Voiceprints",
    "calibration",
    "distance_to_group",
    "distinguishability",
    "emphasis",
    "equal_error_rate",
    "joined",
    "linkability",
    "measured",
    "similarity",
    "speaker_means",
    "streamed",
    "trials",
    "validated",
    "voiceprints",
]

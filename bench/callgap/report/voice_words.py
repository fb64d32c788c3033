"""The words for what an alteration did to voices: whether they are known, how they sound, how late they arrive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from callgap.report.comparisons import Row
from callgap.report.effect_words import ALL, who
from callgap.report.figures import number, percent, span

SAME_VOICE_ERROR = 0.4
"""Error rate of telling speakers apart from which on they are said to sound alike; 0.5 is chance."""
TOLD_APART = 0.2
"""Error rate before, above which speakers were hardly told apart and an error rate afterwards says little."""
SAME_VOICE_DISTANCE = 0.25
"""Distance between speakers, after over before, up to which they are said to sound alike."""

SAME_VOICE = (
    "Settings of this page, not findings about anybody: speakers are said to sound alike from an error rate of "
    f"{percent(SAME_VOICE_ERROR)} on (chance is 50.0%), if it was {percent(TOLD_APART)} or less before, or up to "
    f"{number(SAME_VOICE_DISTANCE, 2)} of the distance that was between them. Identity is what one network of "
    "embeddings tells apart; people may hear otherwise."
)
DISTANCE = "It is a distance: nearer to the reference is a changed voice, and no success."
EMPHASIS = (
    "A scale of pitch of 1 keeps the range of the voice, 0 flattens it, more widens it; a correlation of 1 keeps the "
    "melody where it was."
)

IN_A_LOOP = "What 95% of the chunks of a call take is measured apart, in a loop (`make bench`)."
_AGAINST = {"higher": "rose against", "lower": "fell against"}
_NOBODYS_OWN = 0.5
_ARROW = "\N{RIGHTWARDS ARROW}"


@dataclass(frozen=True)
class Level:
    """A measure of the voice.

    Attributes:
        name: for a heading.
        unit: behind a figure, with its space.
        digits: decimals.
        factor: what a figure is multiplied with.
        compared: whether the measure itself compares an utterance with what it was.
    """

    name: str
    unit: str = ""
    digits: int = 2
    factor: float = 1.0
    compared: bool = False


QUALITY = {
    "dnsmos_overall": Level("Naturalness (DNSMOS, overall)"),
    "dnsmos_speech": Level("Speech (DNSMOS)"),
    "dnsmos_background": Level("Background (DNSMOS; less noise is more)"),
    "pesq": Level("Undamaged (PESQ), against the recording before", compared=True),
    "stoi": Level("Intelligible (STOI), against the recording before", compared=True),
}
EMPHASIZED = {
    "f0_scale": Level("Range of pitch that is left (scale)", compared=True),
    "f0_correlation": Level("Melody that is left (correlation)", compared=True),
    "energy_scale": Level("Range of loudness that is left (scale)", compared=True),
    "energy_correlation": Level("Course of loudness that is left (correlation)", compared=True),
}
SPOKEN = {
    "speaking_rate": Level("Pace", " words/s"),
    "pause_share": Level("Pauses, share of the time", " points", 1, 100.0),
    "pauses_per_s": Level("Pauses", "/s"),
    "duration_s": Level("Length", " s"),
    "f0_mean": Level("Mean pitch", " semitones"),
    "f0_mean_hz": Level("Mean pitch", " Hz", 1),
    "f0_range_semitones": Level("Range of pitch", " semitones"),
    "f0_sd_semitones": Level("Spread of pitch", " semitones"),
    "energy_dbfs": Level("Loudness", " dB", 1),
    "energy_range_db": Level("Range of loudness", " dB", 1),
}
KNOWN = {
    "similarity": Level("Likeness to the own voice before (cosine)", compared=True),
    "distance_to_reference": Level("Distance to the reference group; shorter is no success"),
}
LEVELS: Mapping[str, Level] = {**QUALITY, **EMPHASIZED, **SPOKEN, **KNOWN}


def sounds_alike(row: Row) -> bool:
    """Whether the speakers of a row of `IDENTITIES` sound alike after the alteration, by the settings of this page."""
    before, after, ratio = row["error_rate_before"], row["error_rate_after"], row["distance_ratio"]
    told_apart = before is not None and before <= TOLD_APART
    confused = told_apart and after is not None and after >= SAME_VOICE_ERROR
    return confused or (ratio is not None and ratio <= SAME_VOICE_DISTANCE)


def identity_sentences(rows: Sequence[Row]) -> Iterator[str]:
    """Say what an alteration cost in identity.

    Args:
        rows: of `IDENTITIES`, of one alteration.
    """
    everyone = next((row for row in rows if row["attribute"] == ALL), None)
    if everyone is None or not everyone["speakers"]:
        yield "Not known: no voice was measured before and after."
        return
    yield _similar(everyone)
    yield from _known(everyone)
    yield from _apart(everyone)
    if alike := [row for row in rows if row["attribute"] != ALL and sounds_alike(row)]:
        yield f"Among themselves, the speakers of these groups sound alike afterwards: {_listed(alike)}."
    if distances := [row for row in rows if row["distance_to_reference_after"] is not None]:
        yield f"Distance to the reference group: {', '.join(map(_distance, distances))}. {DISTANCE}"


CONTROLS = ("resample-only", "codec-only", "vocoder-only")
"""Alterations that mean to leave the speaker as is."""


def control_sentence(row: Row, others: Sequence[Row]) -> str:
    """Say what the controls alone make of it that speakers are taken for themselves.

    Args:
        row: of `IDENTITIES`, everyone, of one alteration.
        others: the same of the other alterations.

    Returns:
        A sentence; empty where no control was measured beside it.
    """
    found = [one for one in others if one["after"] in CONTROLS and one["still_themselves"] is not None]
    if not found or row["still_themselves"] is None:
        return ""
    named = ", ".join(f"{one['after']} {percent(one['still_themselves'])}" for one in found)
    told = f"Controls, which mean to leave the speaker as is, are taken for themselves in: {named}."
    lost = [one["after"] for one in found if one["still_themselves"] <= row["still_themselves_before"] / 2]
    if not lost:
        return told
    return (
        f"{told} What {' and '.join(lost)} {'loses' if len(lost) == 1 else 'lose'} hides nobody: the embeddings hear "
        "the line or the vocoder as well as the speaker, and so much of any such loss is theirs."
    )


def level_sentences(rows: Iterable[Row], levels: Mapping[str, Level]) -> Iterator[str]:
    """Say what changed in the voices of everyone, measure by measure; only changes, never a level.

    Args:
        rows: of `EFFECTS`, of kind `level`.
        levels: the measures to tell.
    """
    of = {row["measure"]: row for row in rows if row["attribute"] == ALL}
    told = [f"{level.name}: {figure}" for name, level in levels.items() if name in of and (figure := delta(of[name]))]
    if told:
        yield f"{'; '.join(told)}."


def level_gap_sentences(rows: Iterable[Row], levels: Mapping[str, Level]) -> Iterator[str]:
    """Say what changed otherwise in a group than in its reference, measure by measure; only what is shown.

    Args:
        rows: of `EFFECTS`, of kind `level`.
        levels: the measures to tell.
    """
    for row in rows:
        level = levels.get(row["measure"])
        if level is None or row["finding"] not in _AGAINST:
            continue
        limits = span(row["gap_change_lower"], row["gap_change_upper"], level.factor, level.digits)
        change, least = level.factor * row["gap_change"], 10.0**-level.digits
        told = f"{_signed(change, level.digits)}{level.unit} ({limits})"
        if abs(change) < least:
            told = f"less than {number(least, level.digits)}{level.unit}"
        yield f"{level.name}: {row['group']} {_AGAINST[row['finding']]} {row['reference']}, by {told}."


def delta(row: Row) -> str:
    """Write a change with its limits, or, of a measure that compares, what it says; empty where there is none."""
    level = LEVELS.get(row["measure"], Level(row["measure"].replace("_", " ")))
    if level.compared:
        value = row["value_after"]
        return "" if value is None else f"{number(level.factor * value, level.digits)}{level.unit}"
    if row["change"] is None:
        return ""
    limits = span(row["change_lower"], row["change_upper"], level.factor, level.digits)
    return f"{_signed(level.factor * row['change'], level.digits)}{level.unit}{f' ({limits})' if limits else ''}"


def delay_sentence(row: Row | None, *, computing: bool) -> str:
    """Say how late an altered voice arrives.

    Args:
        row: of `LATENCIES`; None where nothing was noted.
        computing: whether to tell what it costs to compute, which differs from run to run.
    """
    if row is None:
        return "Not known: the runs noted nothing of it."
    ahead = row["look_ahead_s"]
    if ahead is None:
        told = "How much of the future it needs nobody said."
    elif math.isinf(ahead):
        told = "It needs the whole utterance before it gives any sound: no conversation can be held through it."
    else:
        told = f"It needs {number(1000.0 * ahead, 0)} ms of the future, by its own statement."
    if not computing or row["compute_s_per_s"] is None:
        return told
    cost, device = row["compute_s_per_s"], row["device"] or "device not noted"
    said = f"A second of speech took {_seconds(cost)} s of computing in one process ({device}), {_pace(cost)}."
    if ahead is None or math.isinf(ahead):
        return f"{told} {said}"
    return f"{told} {said} {IN_A_LOOP}"


def validation_sentences(rows: Sequence[Row]) -> tuple[str, ...]:
    """The sentences of measures that were not shown to be fit for a group, and how many were."""
    unfit = [str(row["line"]) for row in rows if row["deltas_only"]]
    fit = len(rows) - len(unfit)
    if not fit:
        return tuple(unfit)
    return (
        *unfit,
        f"For {fit} further pairs of a group and a measure no difference was shown, which proves none absent.",
    )


def _similar(row: Row) -> str:
    others = row["similarity_to_others"]
    beside = f"; two different speakers before: {number(others, 2)}" if others is not None else ""
    speakers = "1 speaker" if row["speakers"] == 1 else f"{number(row['speakers'])} speakers"
    return (
        f"Everyone ({speakers}): likeness to the own voice before "
        f"{number(row['similarity'], 2)} (cosine; 1 is the same{beside})."
    )


def _known(row: Row) -> Iterator[str]:
    if row["still_themselves"] is None:
        yield "Whether they are still taken for themselves cannot be told: there are too few speakers or utterances."
        return
    yield (
        f"Taken for themselves in {_shares(row, 'still_themselves_before', 'still_themselves')} of the utterances; "
        "accepted as somebody else, and more than as themselves, in "
        f"{_shares(row, 'taken_for_another_before', 'taken_for_another')}."
    )
    if row["taken_for_another_before"] is not None and row["taken_for_another_before"] >= _NOBODYS_OWN:
        yield "Already unaltered, most are: these speakers have no voices of their own that the embeddings know."


def _apart(row: Row) -> Iterator[str]:
    told = []
    if row["error_rate_after"] is not None:
        told.append(f"error rate of telling them apart {_shares(row, 'error_rate_before', 'error_rate_after')}")
    if row["distance_ratio"] is not None:
        told.append(f"{number(row['distance_ratio'], 2)} of the distance between two of them is left")
    if told:
        yield f"Among themselves: {'; '.join(told)}."
    if sounds_alike(row):
        yield "Everyone sounds alike after it."
    elif row["error_rate_before"] is not None and row["error_rate_before"] > TOLD_APART:
        yield "Before, too, they were hardly told apart: whether they sound more alike now cannot be told by it."


def _listed(rows: Iterable[Row]) -> str:
    return ", ".join(
        f"{row['group']} (error rate {percent(row['error_rate_after'])}, distance {number(row['distance_ratio'], 2)})"
        for row in rows
    )


def _distance(row: Row) -> str:
    before, after = (number(row[f"distance_to_reference_{when}"], 2) for when in ("before", "after"))
    itself = " (to its other speakers)" if row["group"] == row["reference"] else ""
    return f"{who(row)}{itself} {before} {_ARROW} {after}"


def _shares(row: Row, before: str, after: str) -> str:
    return f"{percent(row[before])} {_ARROW} {percent(row[after])}"


def _seconds(cost: float) -> str:
    return number(cost, 3) if cost >= 0.001 else "less than 0.001"


def _pace(cost: float) -> str:
    if cost <= 0.001:
        return "over 1,000 times as fast as it is spoken"
    if cost < 1:
        return f"{number(1 / cost, 0 if cost < 0.1 else 1)} times as fast as it is spoken"
    return "slower than it is spoken: it keeps up with no call"


def _signed(value: float, digits: int) -> str:
    written = f"{value:+.{digits}f}"
    return written.lstrip("+-") if not float(written) else written.replace("-", "\N{MINUS SIGN}")

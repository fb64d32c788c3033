"""What is said of one alteration, under its headings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from callgap.report.altered_rows import WORDS, AlteredRows, Place
from callgap.report.comparisons import Row, distinct
from callgap.report.effect_words import (
    ALL,
    CHANGED_TEXT,
    CONTENT,
    beside_sentence,
    change_sentences,
    comparable,
    content_sentence,
    gap_sentences,
    instead_sentence,
    who,
    widest,
)
from callgap.report.figures import number
from callgap.report.voice_words import (
    EMPHASIZED,
    KNOWN,
    QUALITY,
    SPOKEN,
    control_sentence,
    delay_sentence,
    identity_sentences,
    level_gap_sentences,
    level_sentences,
)


def lines(
    told: AlteredRows, pair: tuple[str, str], *, speakers: str, computing: bool
) -> Iterator[tuple[str, Iterable[str]]]:
    """Tell one alteration.

    Args:
        told: rows of all.
        pair: what it is called, before and after.
        speakers: what they are called.
        computing: whether to tell what it costs to compute.

    Yields:
        Headings with their sentences, of which there may be none.
    """
    # Of an attribute with one group, or without a reference, everyone says as much.
    compared = [name for name in told.attributes if comparable(row for row in told.rates if row["attribute"] == name)]
    for attribute in compared or [ALL]:
        by = "Everyone" if attribute == ALL else f"By {attribute.replace('_', ' ')}"
        for place in told.places:
            yield f"{by}: {told.place_name(place)}", _recognized(told, pair, attribute, place, speakers)
    yield "Text", _content(told, pair)
    yield "Left out", _left_out(told, pair)
    yield "Recognition instead", _instead(told, pair)
    levels = told.levels(pair)
    yield "Who speaks", [*_known(told, pair), *level_gap_sentences(levels, KNOWN)]
    for heading, named in (("Quality, changes only", QUALITY), ("Emphasis", EMPHASIZED), ("Pace and pitch", SPOKEN)):
        yield heading, [*level_sentences(levels, named), *level_gap_sentences(levels, named)]
    delays = [row for row in told.found.latencies if row["alteration"] == pair[1]]
    yield "Delay", [delay_sentence(delays[0] if delays else None, computing=computing)]


def _known(told: AlteredRows, pair: tuple[str, str]) -> Iterator[str]:
    rows = told.pick(told.found.identities, pair)
    yield from identity_sentences(rows)
    everyone = [row for row in told.found.identities if row["attribute"] == ALL and row["before"] == pair[0]]
    for row in everyone:
        if row["after"] == pair[1] and (said := control_sentence(row, [one for one in everyone if one is not row])):
            yield said


def _recognized(told: AlteredRows, pair: tuple[str, str], attribute: str, place: Place, speakers: str) -> Iterator[str]:
    for measure in told.told:
        rows = told.at(pair, attribute, measure, place)
        if attribute == ALL:
            yield from change_sentences(rows, speakers)
        elif rows:
            yield from gap_sentences(rows)
            yield from change_sentences([*told.at(pair, ALL, measure, place), *rows], speakers)
    for measure in told.beside:
        everyone = told.at(pair, ALL, measure, place)
        own = [] if attribute == ALL else told.at(pair, attribute, measure, place)
        if said := beside_sentence([*everyone, *own]):
            yield said


def _content(told: AlteredRows, pair: tuple[str, str]) -> Iterator[str]:
    for place in told.places:
        rows = told.pick(told.rows, pair, measure=CONTENT, system=place[0], condition=place[1])
        if sentence := content_sentence(rows):
            yield (
                f"{told.place_name(place)}: {sentence}" if len(told.places) > 1 else sentence[0].upper() + sentence[1:]
            )
    if any(row["measure"] == CONTENT for row in told.pick(told.rows, pair)):
        yield CHANGED_TEXT


def _instead(told: AlteredRows, pair: tuple[str, str]) -> Iterator[str]:
    found = []
    for attribute in told.attributes:
        for place in told.places:
            row = widest(told.at(pair, attribute, WORDS, place))
            where = {"attribute": attribute, "group": row["group"] if row else None}
            others = told.pick(told.found.instead, pair, system=place[0], condition=place[1], **where)
            systems = len({system for system, line in told.places if line == place[1]})
            sentence = instead_sentence(row, others, systems=systems)
            several = systems > 1 and len(told.places) > 1
            found.append(f"{told.place_name(place)}: {sentence}" if several else sentence)
    yield from distinct(found)


def _left_out(told: AlteredRows, pair: tuple[str, str]) -> Iterator[str]:
    found = {place: _lost(told, pair, place) for place in told.places}
    if not found:
        return
    most = max(found, key=lambda place: sum(row["left_out"] for row in found[place]))
    if not found[most]:
        yield "No pair was left out: every utterance counts before and after."
        return
    named = "; ".join(f"{who(row)} {number(row['left_out'])}{_reasons(row['left_out_reasons'])}" for row in found[most])
    where = f" ({told.place_name(most)}, where they are most)" if len(found) > 1 else ""
    yield f"Utterances without a pair that counts, with their reasons{where}: {named}."


def _lost(told: AlteredRows, pair: tuple[str, str], place: Place) -> list[Row]:
    """Everyone and the groups that have utterances without a pair, on the first endpoint."""
    rows = (row for name in (ALL, *told.attributes) for row in told.at(pair, name, told.primary[0], place))
    return [row for row in rows if row["left_out"]]


def _reasons(counts: str | None) -> str:
    if not counts:
        return ""
    try:
        found = json.loads(counts)
    except ValueError:
        return f" ({counts})"
    return f" ({', '.join(f'{reason} {count}' for reason, count in found.items())})" if found else ""

"""Which utterances a sample holds, and who of the transcribers hears which of them when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from callgap.audio import utterance_seed

DOUBLED_EVERY = 10
"""Of the drawn utterances one in this many is heard twice: statistics of agreement rest on them."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn of one group.

    Attributes:
        group: the group.
        utterance_ids: in the order in which they were drawn.
        speakers: how many different speakers they are of.
        available: utterances that the group has.
        available_speakers: speakers that the group has.
    """

    group: str
    utterance_ids: tuple[str, ...]
    speakers: int
    available: int
    available_speakers: int


@dataclass(frozen=True)
class Listening:
    """One row of a sheet.

    Attributes:
        item: what the transcriber knows it by; numbers run on from sheet to sheet.
        sheet: from 1.
        utterance_id: what is heard.
        turn: 1, or 2 where the utterance is heard for the second time.
    """

    item: str
    sheet: int
    utterance_id: str
    turn: int


def draw(
    speakers: Mapping[str, str], groups: Mapping[str, str], wanted: Sequence[str], per_group: int, seed: int
) -> list[Drawn]:
    """Draw utterances of each group, speakers first: no speaker gives another before every one gave as many.

    A group's draw depends on the seed and the group alone, not on the other groups.

    Args:
        speakers: by utterance id, who speaks.
        groups: by speaker, the group.
        wanted: the groups to draw from.
        per_group: utterances of each; a group that has fewer gives all.
        seed: of the draw.

    Returns:
        One result per group, in the order of `wanted`.
    """
    held: dict[str, dict[str, list[str]]] = {group: defaultdict(list) for group in wanted}
    for utterance, speaker in sorted(speakers.items()):
        if groups[speaker] in held:
            held[groups[speaker]][speaker].append(utterance)
    return [_drawn(group, held[group], per_group, seed) for group in wanted]


def _drawn(group: str, held: Mapping[str, Sequence[str]], per_group: int, seed: int) -> Drawn:
    random = np.random.default_rng(utterance_seed(seed, "sample", group))
    # Sorted by round: the first utterance of every speaker comes before the second of any.
    dealt = [
        (turn, utterance)
        for speaker in random.permutation(sorted(held)).tolist()
        for turn, utterance in enumerate(random.permutation(held[speaker]).tolist())
    ]
    ids = [utterance for _, utterance in sorted(dealt, key=lambda pair: pair[0])[:per_group]]
    kept = set(ids)
    return Drawn(group, tuple(ids), sum(not kept.isdisjoint(own) for own in held.values()), len(dealt), len(held))


def deal(drawn: Sequence[Drawn], transcribers: int, seed: int) -> list[Listening]:
    """Share the drawn utterances out, one in ten to two transcribers.

    Every transcriber hears about as many of each group, so that no one's hand is taken for a group's. One transcriber
    alone hears the doubled ones half a sheet apart.

    Args:
        drawn: as `draw` gave it.
        transcribers: at least 1.
        seed: of the order.

    Returns:
        The rows of all sheets, in order.
    """
    random = np.random.default_rng(utterance_seed(seed, "sheets", str(transcribers)))
    everything = [utterance for part in drawn for utterance in part.utterance_ids]
    offset = int(random.integers(min(DOUBLED_EVERY, len(everything)))) if everything else 0
    doubled = set(everything[offset::DOUBLED_EVERY])
    piles: list[list[tuple[str, int]]] = [[] for _ in range(transcribers)]
    for part in drawn:
        loads: Counter[int] = Counter()
        for utterance in part.utterance_ids:
            least = sorted(range(transcribers), key=lambda sheet: (loads[sheet], len(piles[sheet])))
            for turn in (1, 2) if utterance in doubled else (1,):
                sheet = least[(turn - 1) % transcribers]
                piles[sheet].append((utterance, turn))
                loads[sheet] += 1
    ordered = [_apart(piles[0], random)] if transcribers == 1 else [_shuffled(pile, random) for pile in piles]
    rows = [(sheet, *row) for sheet, pile in enumerate(ordered, start=1) for row in pile]
    return [Listening(f"item-{number:04d}", *row) for number, row in enumerate(rows, start=1)]


def _shuffled(pile: Sequence[tuple[str, int]], random: np.random.Generator) -> list[tuple[str, int]]:
    return [pile[place] for place in random.permutation(len(pile))]


def _apart(pile: Sequence[tuple[str, int]], random: np.random.Generator) -> list[tuple[str, int]]:
    twice = {utterance for utterance, turn in pile if turn == 2}
    singles = _shuffled([row for row in pile if row[0] not in twice], random)
    half = len(pile) // 2
    spare = half - len(twice)
    before = _shuffled([*((utterance, 1) for utterance in sorted(twice)), *singles[:spare]], random)
    rest = iter(singles[spare:])
    after = [(row[0], 2) if row[0] in twice else next(rest) for row in before]
    return [*before, *after, *rest]

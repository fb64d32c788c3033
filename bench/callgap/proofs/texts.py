"""Counting errors against jiwer and against NIST sclite's rule, on drawn texts and on real ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer
import kaldialign

from callgap.errors import InputError
from callgap.proofs.null import EXPERIMENTS, heard_texts, systems
from callgap.proofs.oracle import Oracle
from callgap.scoring import WhisperEnglish
from callgap_kernels import count_errors

PAIRS = 5_000
_NAMES = ("substitutions", "deletions", "insertions")
_SHAPES = (("ab", 8), ("abcd", 12), ("abcdefghijklmnop", 30))
_LISTED = 20

SUBSTITUTION, OTHER = 4, 3
"""What sclite charges for a substitution, and for an insertion or deletion."""


@dataclass(frozen=True)
class Corpus:
    """Pairs of texts, each with words in its reference."""

    name: str
    said: Sequence[str]
    heard: Sequence[str]


@dataclass(frozen=True)
class Difference:
    """A pair of drawn texts in which sclite counts more errors.

    Attributes:
        said: the reference.
        heard: the hypothesis.
        ours: fewest errors.
        sclite: errors of the alignment that is cheapest where a substitution costs 4 and the others 3, which sclite
            chooses, as kaldialign finds it.
    """

    said: str
    heard: str
    ours: int
    sclite: int


def drawn(pairs: int = PAIRS) -> list[Corpus]:
    """Texts of few and of many different words, seeded."""
    rng = random.Random(5)
    corpora = []
    for letters, longest in _SHAPES:
        sides = [[" ".join(rng.choices(letters, k=rng.randint(1, longest))) for _ in range(pairs)] for _ in range(2)]
        corpora.append(Corpus(f"drawn, {len(letters)} words", *sides))
    return corpora


def real() -> tuple[list[Corpus], list[str]]:
    """Texts of real recognizers, normalized, and a sentence for each corpus that is not there."""
    corpora, absent = [], []
    normalize = WhisperEnglish()
    for experiment in EXPERIMENTS:
        try:
            system = systems(experiment)[0]
            pairs = [(normalize(said), normalize(heard)) for said, heard in heard_texts(experiment, system)]
        except InputError as error:
            absent.append(f"{experiment} is left out: {error}")
            continue
        said, heard = zip(*(pair for pair in pairs if pair[0]), strict=True)
        corpora.append(Corpus(system, said, heard))
    return corpora, absent


def against_jiwer(corpus: Corpus) -> Oracle:
    """Substitutions, deletions and insertions of each pair, and the rate of all."""
    counts = count_errors(corpus.said, corpus.heard, device="cpu")
    ours = zip(*(getattr(counts, name).tolist() for name in _NAMES), strict=True)
    theirs = [
        tuple(getattr(output, name) for name in _NAMES)
        for output in (jiwer.process_words(*pair) for pair in zip(corpus.said, corpus.heard, strict=True))
    ]
    differ = sum(mine != other for mine, other in zip(ours, theirs, strict=True))
    together = jiwer.process_words(list(corpus.said), list(corpus.heard)).wer
    rate = int(counts.errors.sum()) / sum(len(text.split()) for text in corpus.said)
    apart = abs(rate - together)
    return Oracle("errors of texts", "jiwer", corpus.name, len(theirs), differ, apart, 1e-12)


def against_sclite(corpus: Corpus) -> tuple[Oracle, list[Difference]]:
    """Pairs of which we count more errors than sclite, which must be none; those of which we count fewer, in a list."""
    ours = count_errors(corpus.said, corpus.heard, device="cpu").errors.tolist()
    theirs = [_by_sclite(*pair)["total"] for pair in zip(corpus.said, corpus.heard, strict=True)]
    more = sum(mine > other for mine, other in zip(ours, theirs, strict=True))
    rows = zip(corpus.said, corpus.heard, ours, theirs, strict=True)
    fewer = [Difference(*row) for row in rows if row[2] < row[3]]
    note = f"we count fewer in {len(fewer)}"
    return Oracle(
        "errors of texts, at most", "kaldialign, sclite mode", corpus.name, len(ours), more, 0.0, 0.0, note
    ), fewer


def sclite_weights_agree(corpus: Corpus) -> Oracle:
    """What kaldialign's alignments cost by sclite's weights, beside the least that any alignment can cost."""
    pairs = list(zip(corpus.said, corpus.heard, strict=True))
    differ = sum(_cost(_by_sclite(*pair)) != least_cost(*pair) for pair in pairs)
    return Oracle("cost of alignments by sclite's weights", "own matrix", corpus.name, len(pairs), differ, 0.0, 0.0)


def _by_sclite(said: str, heard: str) -> dict[str, int]:
    counts: dict[str, int] = kaldialign.edit_distance(said.split(), heard.split(), sclite_mode=True)
    return counts


def _cost(counts: dict[str, int]) -> int:
    return SUBSTITUTION * counts["sub"] + OTHER * (counts["ins"] + counts["del"])


def least_cost(said: str, heard: str) -> int:
    """Least cost of an alignment by the weights of NIST sclite (SCTK), of which kaldialign's are to have no more.

    Args:
        said: the reference.
        heard: the hypothesis.

    Returns:
        Sum of the weights: substitution 4, insertion and deletion 3.
    """
    reference, hypothesis = said.split(), heard.split()
    above = [OTHER * j for j in range(len(hypothesis) + 1)]
    for i, word in enumerate(reference, 1):
        row = [OTHER * i]
        for j, other in enumerate(hypothesis, 1):
            row.append(min(above[j - 1] + SUBSTITUTION * (word != other), above[j] + OTHER, row[-1] + OTHER))
        above = row
    return above[-1]


def run(pairs: int = PAIRS) -> tuple[list[Oracle], list[Difference], list[str]]:
    """Compare all texts.

    Args:
        pairs: of each kind of drawn texts.

    Returns:
        Comparisons, drawn texts of which sclite counts more errors (the first few), and what was left out.
    """
    made, (corpora, absent) = drawn(pairs), real()
    everything = [*made, *corpora]
    rows = [*map(against_jiwer, everything), *map(sclite_weights_agree, made)]
    listed: list[Difference] = []
    for corpus in everything:
        row, fewer = against_sclite(corpus)
        rows.append(row)
        # Texts of people are not copied into a published table; of these the row has the number.
        listed += fewer[:_LISTED] if corpus in made else []
    return rows, listed, absent

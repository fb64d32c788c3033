"""Other libraries that count errors, called as their users call them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jiwer
import kaldialign
import torchaudio
from rapidfuzz.distance import Levenshtein
from torchmetrics.functional.text import word_error_rate

from callgap_kernels.speed.cases import Texts

Split = tuple[int, int, int]


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes:
        name: Of the library.
        run: Counts the errors of pairs of texts in words.
        compare: From a result, what ours is compared with: see `Comparable`.
        at_most: Pairs that it is timed on, for it is slow.
    """

    name: str
    run: Callable[[Texts], Any]
    compare: Callable[[Any], "Comparable"]
    at_most: int


@dataclass(frozen=True)
class Comparable:
    """What a library says of pairs of texts; None where it says nothing.

    Attributes:
        splits: Substitutions, deletions and insertions of each pair.
        errors: Errors of each pair.
        total: Substitutions, deletions and insertions over all pairs.
        all_errors: Errors over all pairs.
        rate: Errors over reference words of all pairs, in single precision.
    """

    splits: list[Split] | None = None
    errors: list[int] | None = None
    total: Split | None = None
    all_errors: int | None = None
    rate: float | None = None


def _rapidfuzz(texts: Texts) -> list[Split]:
    splits = []
    for reference, hypothesis in zip(texts.references, texts.hypotheses, strict=True):
        substitutions = deletions = insertions = 0
        for tag, _, _ in Levenshtein.editops(reference.split(), hypothesis.split()).as_list():
            if tag == "replace":
                substitutions += 1
            elif tag == "delete":
                deletions += 1
            else:
                insertions += 1
        splits.append((substitutions, deletions, insertions))
    return splits


def _jiwer(texts: Texts) -> jiwer.WordOutput:
    return jiwer.process_words(texts.references, texts.hypotheses)


def _kaldialign(texts: Texts) -> dict[str, Any]:
    said, heard = ([text.split() for text in side] for side in (texts.references, texts.hypotheses))
    counts: dict[str, Any] = kaldialign.batch_error_rate(said, heard)
    return counts


def _torchaudio(texts: Texts) -> list[int]:
    pairs = zip(texts.references, texts.hypotheses, strict=True)
    return [torchaudio.functional.edit_distance(said.split(), heard.split()) for said, heard in pairs]


def _torchmetrics(texts: Texts) -> float:
    return float(word_error_rate(texts.hypotheses, texts.references))


PEERS = (
    Peer("rapidfuzz", _rapidfuzz, lambda splits: Comparable(splits=splits), at_most=100_000),
    Peer(
        "jiwer",
        _jiwer,
        lambda out: Comparable(total=(out.substitutions, out.deletions, out.insertions)),
        at_most=20_000,
    ),
    Peer("kaldialign", _kaldialign, lambda out: Comparable(all_errors=out["total"]), at_most=20_000),
    Peer("torchaudio", _torchaudio, lambda errors: Comparable(errors=errors), at_most=2_000),
    Peer("torchmetrics", _torchmetrics, lambda rate: Comparable(rate=rate), at_most=2_000),
)

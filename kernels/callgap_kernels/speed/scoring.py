"""Times of counting errors: texts beside other libraries, and sizes from 10,000 to 10,000,000 pairs."""

import os
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from callgap_kernels import EditCounts, Ragged, count_edits, count_errors
from callgap_kernels.edit_distance import reference as plain
from callgap_kernels.speed.cases import GROWING, SHAPES, Shape, Texts, draw_ids, draw_texts
from callgap_kernels.speed.floors import floor_rows, measure_rates
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case
from callgap_kernels.speed.peers import PEERS, Comparable

TEXTS = {"IVR": 100_000, "interview": 100_000, "10 minutes": 200}
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
# More texts than these repeat them, as objects too: the strings would not fit memory.
DRAWN_TEXTS = 1_000_000
# Other libraries get fewer pairs where these are longer than usual, and never fewer than a few.
USUAL_WORDS = 51
FEWEST = 3
# Pairs of every size that are compared with the plain reference.
CHECKED = 2_000


def beside_peers(device: str, rounds: int) -> Iterator[Timed]:
    """Time texts in, counts out, beside other libraries.

    Args:
        device: "cpu" or "cuda".
        rounds: Timed runs.

    Yields:
        Times, shape by shape.

    Raises:
        WrongResultError: If two libraries disagree.
    """
    for shape in SHAPES:
        texts = draw_texts(shape, TEXTS[shape.name])
        ours = count_errors(texts.references, texts.hypotheses, device=device)
        contenders = [*_ours(texts, ours, device), *_peers(texts, ours)]
        yield from time_case(f"texts, {shape.name}", contenders, rounds=rounds, device=device)


def growing(device: str, rounds: int, largest: int) -> Iterator[Timed]:
    """Time sizes from 10,000 pairs on; the cost of a pair must not grow.

    Args:
        device: "cpu" or "cuda".
        rounds: Timed runs.
        largest: Pairs of the largest size.

    Yields:
        Times of token ids and of texts, size by size.

    Raises:
        WrongResultError: If counts differ from the plain reference.
    """
    rates = None if device == "cpu" else measure_rates(device)
    for shape in GROWING:
        for pairs in (size for size in SIZES if size <= largest):
            case = f"ids, {shape.name}"
            yield from time_case(case, [_ids(shape, pairs, device)], rounds=rounds, device=device)
            if rates:
                yield from floor_rows(rates, case, shape, pairs, device)
        drawn = draw_texts(shape, min(largest, DRAWN_TEXTS))
        for pairs in (size for size in SIZES if size <= largest):
            texts = drawn.repeated(pairs)
            expected = count_errors(texts.references[:CHECKED], texts.hypotheses[:CHECKED], device="cpu")
            run = partial(count_errors, texts.references, texts.hypotheses, device=device)
            contender = Contender("callgap", run, pairs, partial(_begins_with, expected))
            yield from time_case(f"texts, {shape.name}", [contender], rounds=rounds, device=device)


def _ours(texts: Texts, expected: EditCounts, device: str) -> Iterator[Contender]:
    def run(threads: int) -> Callable[[], object]:
        return partial(count_errors, texts.references, texts.hypotheses, device=device, threads=threads)

    agree = partial(_begins_with, expected)
    if device != "cpu":
        yield Contender(f"callgap {device}", run(1), len(texts), agree)
        return
    yield Contender("callgap", run(1), len(texts), agree)
    if (os.cpu_count() or 1) > 1:
        yield Contender("callgap, 2 threads", run(2), len(texts), agree)


def _peers(texts: Texts, ours: EditCounts) -> Iterator[Contender]:
    for peer in PEERS:
        # The cost of a pair grows with the square of its words.
        shorter = (USUAL_WORDS / max(USUAL_WORDS, texts.shape.words)) ** 2
        some = texts.first(max(FEWEST, min(len(texts), int(peer.at_most * shorter))))

        def agree(result: object, peer: object = peer, pairs: int = len(some)) -> None:
            _require_equal(peer.name, peer.compare(result), ours, pairs)  # type: ignore[attr-defined]

        yield Contender(peer.name, partial(peer.run, some), len(some), agree)


def _ids(shape: Shape, pairs: int, device: str) -> Contender:
    said, heard, offsets = (torch.from_numpy(array).to(device) for array in draw_ids(shape, pairs))
    reference, hypothesis = Ragged(said, offsets), Ragged(heard, offsets)
    words = CHECKED * shape.words
    some = [Ragged(side[:words].cpu(), offsets[: CHECKED + 1].cpu()) for side in (said, heard)]
    expected = plain.align(*some).counts()
    run = partial(count_edits, reference, hypothesis, device=device)
    return Contender("callgap", run, pairs, partial(_begins_with, expected))


def _begins_with(expected: EditCounts, result: object) -> None:
    if not isinstance(result, EditCounts):
        raise WrongResultError(f"callgap gave {type(result).__name__}")
    for name in ("hits", "substitutions", "deletions", "insertions"):
        left, right = getattr(expected, name), getattr(result, name)
        if not torch.equal(left.cpu(), right[: len(left)].cpu()):
            raise WrongResultError(f"callgap: {name} differ")


def _require_equal(name: str, theirs: Comparable, ours: EditCounts, pairs: int) -> None:
    counts = torch.stack([ours.substitutions, ours.deletions, ours.insertions], dim=1)[:pairs].cpu().numpy()
    words = int(ours.reference_tokens[:pairs].sum())
    same = [
        theirs.splits is None or np.array_equal(theirs.splits, counts),
        theirs.errors is None or np.array_equal(theirs.errors, counts.sum(axis=1)),
        theirs.total is None or theirs.total == tuple(counts.sum(axis=0).tolist()),
        theirs.all_errors is None or theirs.all_errors == int(counts.sum()),
        theirs.rate is None or abs(theirs.rate - counts.sum() / words) < 1e-6,
    ]
    if not all(same):
        raise WrongResultError(f"callgap and {name} disagree on {pairs} pairs")

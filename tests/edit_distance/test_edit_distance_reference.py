"""Token sequences against rapidfuzz, operation by operation."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from callgap_kernels import Alignment, EditOperation, Ragged, align, count_edits
from callgap_kernels.edit_distance.reference import distances

Tokens = list[int]
OPERATION = {
    "equal": EditOperation.HIT,
    "replace": EditOperation.SUBSTITUTION,
    "delete": EditOperation.DELETION,
    "insert": EditOperation.INSERTION,
}
small_sequences = st.integers(1, 4).flatmap(
    lambda letters: st.tuples(*[st.lists(st.integers(0, letters - 1), max_size=14)] * 2)
)


def rapidfuzz_operations(reference: Tokens, hypothesis: Tokens) -> tuple[EditOperation, ...]:
    operations: list[EditOperation] = []
    for code in Levenshtein.opcodes(reference, hypothesis):
        length = max(code.src_end - code.src_start, code.dest_end - code.dest_start)
        operations += [OPERATION[code.tag]] * length
    return tuple(operations)


def random_pairs(pairs: int, seed: int) -> tuple[list[Tokens], list[Tokens]]:
    """Draw pairs over alphabets of 1 to 5 letters, every twentieth of them 60 to 140 tokens long."""
    rng = random.Random(seed)
    references: list[Tokens] = []
    hypotheses: list[Tokens] = []
    for pair in range(pairs):
        letters = rng.randint(1, 5)
        shortest, longest = (60, 140) if pair % 20 == 0 else (0, 14)
        for sequences in (references, hypotheses):
            length = rng.randint(shortest, longest)
            sequences.append([rng.randrange(letters) for _ in range(length)])
    return references, hypotheses


def align_lists(references: list[Tokens], hypotheses: list[Tokens]) -> Alignment:
    return align(Ragged.from_sequences(references), Ragged.from_sequences(hypotheses))


@settings(derandomize=True, max_examples=500, deadline=None)
@given(small_sequences)
def test_operations_equal_rapidfuzz_for_any_small_pair(pair: tuple[Tokens, Tokens]) -> None:
    reference, hypothesis = pair
    assert align_lists([reference], [hypothesis]).of_pair(0) == rapidfuzz_operations(reference, hypothesis)


def test_operations_equal_rapidfuzz_for_20000_random_pairs() -> None:
    references, hypotheses = random_pairs(20_000, seed=1)
    alignment = align_lists(references, hypotheses)
    expected = [rapidfuzz_operations(*pair) for pair in zip(references, hypotheses, strict=True)]
    assert [alignment.of_pair(pair) for pair in range(20_000)] == expected


@pytest.mark.parametrize("letters", [2, 5, 50])
def test_sum_of_errors_equals_rapidfuzz_where_rapidfuzz_divides_its_matrix(letters: int) -> None:
    rng = random.Random(letters)
    reference, hypothesis = ([rng.randrange(letters) for _ in range(length)] for length in (2_300, 2_500))
    counts = count_edits(Ragged.from_sequences([reference]), Ragged.from_sequences([hypothesis]))
    assert counts.errors.tolist() == [Levenshtein.distance(reference, hypothesis)]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(small_sequences)
def test_every_matrix_entry_is_the_distance_of_its_prefixes(pair: tuple[Tokens, Tokens]) -> None:
    reference, hypothesis = pair
    matrix = distances(np.array(reference, dtype=np.int32), np.array(hypothesis, dtype=np.int32))
    for i in range(len(reference) + 1):
        for j in range(len(hypothesis) + 1):
            assert matrix[i, j] == Levenshtein.distance(reference[:i], hypothesis[:j])


@settings(derandomize=True, max_examples=200, deadline=None)
@given(small_sequences)
def test_counts_add_up_to_both_lengths(pair: tuple[Tokens, Tokens]) -> None:
    reference, hypothesis = pair
    counts = count_edits(Ragged.from_sequences([reference]), Ragged.from_sequences([hypothesis]))
    assert counts.reference_tokens.tolist() == [len(reference)]
    assert (counts.hits + counts.substitutions + counts.insertions).tolist() == [len(hypothesis)]


# Worked by hand from the rule; each has another alignment with as many errors and another split.
@pytest.mark.parametrize(
    ("reference", "hypothesis", "operations"),
    [
        ([1, 2], [2, 1], "INSERTION HIT DELETION"),
        ([1, 2, 3], [3, 1], "INSERTION HIT DELETION DELETION"),
        ([0, 1, 2], [1, 2, 2], "SUBSTITUTION SUBSTITUTION HIT"),
    ],
)
def test_ties_resolve_as_documented(reference: Tokens, hypothesis: Tokens, operations: str) -> None:
    aligned = align_lists([reference], [hypothesis]).of_pair(0)
    assert " ".join(operation.name for operation in aligned) == operations


def test_a_batch_equals_its_pairs_one_by_one() -> None:
    references, hypotheses = random_pairs(200, seed=2)
    whole = count_edits(Ragged.from_sequences(references), Ragged.from_sequences(hypotheses))
    for pair, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        alone = count_edits(Ragged.from_sequences([reference]), Ragged.from_sequences([hypothesis]))
        together = whole.gather(torch.tensor([pair]))
        for name in ("hits", "substitutions", "deletions", "insertions"):
            assert torch.equal(getattr(alone, name), getattr(together, name))


def test_no_pairs_give_no_counts() -> None:
    counts = count_edits(Ragged.from_sequences([]), Ragged.from_sequences([]))
    assert counts.errors.shape == (0,)
    assert counts.errors.dtype == torch.int64


def test_operations_are_uint8_and_offsets_int64() -> None:
    alignment = align_lists([[1, 2], []], [[1], [5]])
    assert (alignment.operations.dtype, alignment.offsets.dtype) == (torch.uint8, torch.int64)
    assert alignment.operations.tolist() == [0, 2, 3]
    assert alignment.offsets.tolist() == [0, 2, 3]


@pytest.mark.parametrize("pair", [-1, 2])
def test_a_pair_that_does_not_exist_is_refused(pair: int) -> None:
    with pytest.raises(IndexError, match=f"pair {pair} of 2; accepted is 0 to 1"):
        align_lists([[1], [2]], [[1], [2]]).of_pair(pair)


def test_unequal_numbers_of_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="2 references and 1 hypotheses"):
        align_lists([[1], [2]], [[1]])

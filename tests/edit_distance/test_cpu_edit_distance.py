"""The CPU path against the plain reference, rapidfuzz and jiwer, in one call over mixed batches."""

import random
from collections.abc import Callable
from itertools import pairwise

import jiwer
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from callgap_kernels import Alignment, EditCounts, EditOperation, Ragged
from callgap_kernels.edit_distance import cpu
from callgap_kernels.edit_distance import reference as plain

Tokens = list[int]
Pair = tuple[Tokens, Tokens]
NAMES = ("hits", "substitutions", "deletions", "insertions")
# Around the kernel's words of 64 rows, its bands of 128 and its smallest tiles of 128 x 128.
LENGTHS = (0, 1, 2, 7, 63, 64, 65, 127, 128, 129, 192, 193, 255, 256, 257, 400)
ONE_BYTE = 1


def ragged_pair(pairs: list[Pair]) -> tuple[Ragged, Ragged]:
    return Ragged.from_sequences([said for said, _ in pairs]), Ragged.from_sequences([heard for _, heard in pairs])


def draw(rng: random.Random, length: int, letters: int) -> Tokens:
    return [rng.randrange(letters) for _ in range(length)]


def edited(rng: random.Random, tokens: Tokens, letters: int) -> Tokens:
    """Copy with about 10 % of the tokens lost, 10 % replaced and 5 % doubled."""
    kept = [rng.randrange(letters) if rng.random() < 0.1 else token for token in tokens if rng.random() < 0.9]
    return [token for token in kept for _ in range(1 + (rng.random() < 0.05))]


def runs(rng: random.Random, length: int, letters: int) -> Tokens:
    return [token for token in draw(rng, length, letters) for _ in range(rng.randint(1, 40))][:length]


def mixed_pairs(pairs: int, seed: int) -> list[Pair]:
    """Draw pairs of all kinds and lengths over alphabets of 1 to 1,000 letters."""
    rng = random.Random(seed)
    drawn: list[Pair] = []
    for _ in range(pairs):
        letters = rng.choice([1, 2, 3, 10, 1_000])
        said = rng.choice([draw, runs])(rng, rng.choice(LENGTHS), letters)
        other = rng.choice([draw, runs])(rng, rng.choice(LENGTHS), letters)
        shifted = [token + letters for token in said]
        heard = rng.choice([other, other, edited(rng, said, letters), said[::-1], said, shifted, said[1:] + said[:1]])
        drawn.append((said, heard))
    return drawn


def rapidfuzz_codes(said: Tokens, heard: Tokens) -> list[int]:
    codes: list[int] = []
    tags = {"equal": 0, "replace": 1, "delete": 2, "insert": 3}
    for code in Levenshtein.opcodes(said, heard):
        length = max(code.src_end - code.src_start, code.dest_end - code.dest_start)
        codes += [tags[code.tag]] * length
    return codes


def assert_same_counts(counts: EditCounts, expected: EditCounts) -> None:
    for name in NAMES:
        assert torch.equal(getattr(counts, name), getattr(expected, name)), name


def assert_same_alignment(alignment: Alignment, expected: Alignment) -> None:
    assert torch.equal(alignment.offsets, expected.offsets)
    assert torch.equal(alignment.operations, expected.operations)


def assert_equals_reference(pairs: list[Pair], memory: int = cpu.MEMORY_BUDGET, threads: int = 1) -> None:
    said, heard = ragged_pair(pairs)
    expected = plain.align(said, heard)
    assert_same_counts(cpu.count_edits(said, heard, threads=threads, memory=memory), expected.counts())
    assert_same_alignment(cpu.align(said, heard, threads=threads, memory=memory), expected)


def tiles(pairs: list[Pair], memory: int) -> list[int]:
    said, heard = ragged_pair(pairs)
    return cpu._align_batch(said, heard, np.empty(0, dtype=np.uint8), 1, memory)[4].tolist()


letters_and_pair = st.integers(1, 3).flatmap(
    lambda letters: st.tuples(*[st.lists(st.integers(0, letters - 1), max_size=14)] * 2)
)


@settings(max_examples=200)
@given(st.lists(letters_and_pair, max_size=12))
def test_small_batches_equal_the_reference_and_rapidfuzz(pairs: list[Pair]) -> None:
    assert_equals_reference(pairs)
    alignment = cpu.align(*ragged_pair(pairs))
    for pair, (said, heard) in enumerate(pairs):
        assert list(alignment.of_pair(pair)) == rapidfuzz_codes(said, heard)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from([ONE_BYTE, 20_000, cpu.MEMORY_BUDGET]),
    st.integers(1, 3),
)
def test_batches_of_mixed_lengths_equal_the_reference(seed: int, memory: int, threads: int) -> None:
    assert_equals_reference(mixed_pairs(6, seed), memory, threads)


@pytest.mark.parametrize("memory", [ONE_BYTE, cpu.MEMORY_BUDGET])
def test_mixed_lengths_equal_rapidfuzz_operation_by_operation(memory: int) -> None:
    pairs = mixed_pairs(400, seed=5)
    said, heard = ragged_pair(pairs)
    alignment = cpu.align(said, heard, memory=memory)
    bounds = alignment.offsets.tolist()
    codes = alignment.operations.tolist()
    for pair, (first, last) in enumerate(pairwise(bounds)):
        assert codes[first:last] == rapidfuzz_codes(*pairs[pair])
    assert_same_counts(cpu.count_edits(said, heard, memory=memory), alignment.counts())


def test_counts_equal_jiwer_pair_by_pair() -> None:
    pairs = [pair for pair in mixed_pairs(300, seed=6) if pair[0]]
    counts = cpu.count_edits(*ragged_pair(pairs))
    for pair, sides in enumerate(pairs):
        output = jiwer.process_words(*(" ".join(map(str, side)) for side in sides))
        assert [int(getattr(counts, name)[pair]) for name in NAMES] == [getattr(output, name) for name in NAMES]


@pytest.mark.parametrize("change", [edited, lambda rng, tokens, letters: draw(rng, 2_100, letters)])
@pytest.mark.parametrize("letters", [2, 500])
def test_thousands_of_tokens_equal_the_reference_whole_and_in_tiles(
    letters: int, change: Callable[[random.Random, Tokens, int], Tokens]
) -> None:
    rng = random.Random(letters)
    said = draw(rng, 1_900, letters)
    pairs = [([letters, *said, letters], [letters + 1, *change(rng, said, letters), letters + 1]), ([1, 2], [2])]
    assert tiles(pairs, cpu.MEMORY_BUDGET)[0] == 1
    assert tiles(pairs, ONE_BYTE)[0] > 10
    assert_equals_reference(pairs)
    assert_equals_reference(pairs, ONE_BYTE)


def test_tiles_are_used_where_the_matrix_exceeds_the_budget_and_only_there() -> None:
    rng = random.Random(7)
    lengths = [(129, 129), (40, 129), (600, 600), (64, 4_000), (4_000, 3)]
    pairs = [([9, *draw(rng, n, 4), 9], [8, *draw(rng, m, 4), 8]) for n, m in lengths]
    assert tiles(pairs, cpu.MEMORY_BUDGET) == [1, 1, 1, 1, 1]
    in_tiles = tiles(pairs, ONE_BYTE)
    assert in_tiles[1] == 1
    assert min(in_tiles[2:4]) > 1
    assert_equals_reference(pairs, ONE_BYTE)


def test_sixty_thousand_tokens_fit_the_default_budget() -> None:
    rng = random.Random(8)
    said = draw(rng, 60_000, 3_000)
    references, hypotheses = ragged_pair([([1, *said, 1], [2, *edited(rng, said, 3_000), 2])])
    bands = torch.tensor([(60_002 + 127) // 128]).numpy()
    scratch = cpu._scratch(bands, hypotheses.offsets.diff().numpy() + 1, cpu.MEMORY_BUDGET)
    assert 8 * (scratch.matrix + scratch.columns) + scratch.rows <= cpu.MEMORY_BUDGET
    counts = cpu._align_batch(references, hypotheses, np.empty(0, dtype=np.uint8), 1, cpu.MEMORY_BUDGET)[:, 0]
    assert counts[4] > 10
    assert counts[1:4].sum() == Levenshtein.distance(references.values.tolist(), hypotheses.values.tolist())
    assert counts[:3].sum() == len(references.values)


@pytest.mark.parametrize("memory", [ONE_BYTE, cpu.MEMORY_BUDGET])
@pytest.mark.parametrize("poison", [0x00, 0xAA, 0xFF])
def test_poisoned_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch, poison: int, memory: int) -> None:
    poisoned = []

    def fresh(shape: int | tuple[int, int], dtype: type[np.generic]) -> np.ndarray:
        array = np.empty(shape, dtype=dtype)
        array.view(np.uint8)[...] = poison
        poisoned.append(array)
        return array

    monkeypatch.setattr(cpu, "_fresh", fresh)
    assert_equals_reference(mixed_pairs(60, seed=9), memory)
    assert len(poisoned) == 8


@pytest.mark.parametrize("memory", [ONE_BYTE, cpu.MEMORY_BUDGET])
def test_any_number_of_threads_gives_the_same(memory: int) -> None:
    pairs = mixed_pairs(200, seed=10)
    for threads in (1, 2, 3):
        assert_equals_reference(pairs, memory, threads)


def test_more_threads_than_pairs_are_harmless() -> None:
    assert_equals_reference([([1, 2, 3], [1, 3]), ([], [4])], threads=7)


def test_ids_up_to_the_largest_int32_equal_small_ids() -> None:
    pairs = mixed_pairs(60, seed=11)
    largest = max(token for pair in pairs for side in pair for token in side)
    huge = [tuple([2**31 - 1 - (largest - token) * 997 for token in side] for side in pair) for pair in pairs]
    expected = cpu.align(*ragged_pair(pairs))
    assert_same_alignment(cpu.align(*ragged_pair([(said, heard) for said, heard in huge])), expected)


def test_ids_around_the_limit_of_the_table_are_told_apart() -> None:
    limit = cpu.DENSE_IDS
    for last in (limit - 1, limit):
        assert_equals_reference([([last, 0, last - 1, 5], [0, last, last - 1, last])])


def test_no_pairs_and_empty_pairs_give_no_errors() -> None:
    for pairs in ([], [([], [])], [([], []), ([], [])]):
        assert cpu.count_edits(*ragged_pair(pairs)).errors.tolist() == [0] * len(pairs)
        assert cpu.align(*ragged_pair(pairs)).offsets.tolist() == [0] * (len(pairs) + 1)


def test_an_empty_side_counts_all_of_the_other() -> None:
    alignment = cpu.align(*ragged_pair([([4, 4], []), ([], [5, 6, 7])]))
    assert alignment.of_pair(0) == (EditOperation.DELETION,) * 2
    assert alignment.of_pair(1) == (EditOperation.INSERTION,) * 3


def test_errors_are_fewer_than_with_the_weights_of_sclite() -> None:
    # sclite, with a substitution at 4 and a deletion or insertion at 3, aligns this pair with 6 errors.
    said, heard = ([ord(letter) for letter in text] for text in ("cdbbab", "aaccdb"))
    assert cpu.count_edits(*ragged_pair([(said, heard)])).errors.tolist() == [5]


def test_values_outside_of_the_sequences_are_not_read() -> None:
    values = torch.tensor([-5, 2**31 - 1, 4, 5, 6, 7, 2**31 - 1, -5], dtype=torch.int32)
    inner = Ragged(values, torch.tensor([2, 5, 6], dtype=torch.int64))
    other = Ragged.from_sequences([[4, 6], [7, 7]])
    assert_same_alignment(cpu.align(inner, other), plain.align(inner, other))
    assert_same_alignment(cpu.align(other, inner), plain.align(other, inner))
    assert cpu._batch(inner, other).ids == 8


def test_results_have_the_types_of_the_reference() -> None:
    pairs = ragged_pair([([1], [2])])
    assert [getattr(cpu.count_edits(*pairs), name).dtype for name in NAMES] == [torch.int64] * 4
    alignment = cpu.align(*pairs)
    assert (alignment.operations.dtype, alignment.offsets.dtype) == (torch.uint8, torch.int64)


@pytest.mark.parametrize("path", [cpu.count_edits, cpu.align])
def test_unequal_numbers_of_pairs_are_refused(path: Callable[[Ragged, Ragged], object]) -> None:
    with pytest.raises(ValueError, match="2 references and 1 hypotheses; accepted are equal numbers"):
        path(Ragged.from_sequences([[1], [2]]), Ragged.from_sequences([[1]]))


@pytest.mark.parametrize("name", ["threads", "memory"])
def test_no_threads_and_no_memory_are_refused(name: str) -> None:
    pairs = ragged_pair([([1], [2])])
    with pytest.raises(ValueError, match=f"{name} is 0; accepted is 1 or more"):
        cpu.count_edits(*pairs, **{name: 0})

"""Texts against jiwer, and what is refused."""

import random
from collections.abc import Callable

import jiwer
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from callgap_kernels import EditCounts, Ragged, count_errors
from callgap_kernels.edit_distance import cpu, texts
from callgap_kernels.tier import Tier
from callgap_kernels.tokens import encode

Process = Callable[[str, str], jiwer.WordOutput | jiwer.CharacterOutput]
JIWER: dict[str, Process] = {"word": jiwer.process_words, "character": jiwer.process_characters}
PAIRS = 20_000


def jiwer_counts(references: list[str], hypotheses: list[str], unit: str) -> list[tuple[int, int, int, int]]:
    outputs = [JIWER[unit](*pair) for pair in zip(references, hypotheses, strict=True)]
    return [(output.hits, output.substitutions, output.deletions, output.insertions) for output in outputs]


def as_tuples(counts: EditCounts) -> list[tuple[int, int, int, int]]:
    columns = (counts.hits, counts.substitutions, counts.deletions, counts.insertions)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def random_texts(texts: int, seed: int, words: str) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(words.split(), k=rng.randint(0, 9))) for _ in range(texts)]


@pytest.mark.parametrize(("unit", "words"), [("word", "a b c"), ("character", "a ba c")])
def test_counts_equal_jiwer_for_20000_random_pairs(unit: str, words: str) -> None:
    references, hypotheses = random_texts(PAIRS, 3, words), random_texts(PAIRS, 4, words)
    assert as_tuples(count_errors(references, hypotheses, unit)) == jiwer_counts(references, hypotheses, unit)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_character_counts_equal_jiwer_for_any_text(said: str, heard: str) -> None:
    assert as_tuples(count_errors([said], [heard], "character")) == jiwer_counts([said], [heard], "character")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text("ab  é", max_size=14), st.text("ab  é", max_size=14))
def test_word_counts_equal_jiwer_for_any_spacing(said: str, heard: str) -> None:
    assert as_tuples(count_errors([said], [heard])) == jiwer_counts([said], [heard], "word")


@pytest.mark.parametrize("space", ["\t", "\n", "\u00a0", "\u3000"])
def test_any_whitespace_separates_words(space: str) -> None:
    assert count_errors([f"pay{space}bill"], ["pay bill"]).hits.tolist() == [2]


def test_inner_spaces_are_characters_and_outer_ones_are_not() -> None:
    counts = count_errors([" a b "], ["ab"], "character")
    assert counts.reference_tokens.tolist() == [3]
    assert counts.deletions.tolist() == [1]


def test_an_empty_reference_counts_insertions_only() -> None:
    assert as_tuples(count_errors(["", ""], ["yes no", ""])) == [(0, 0, 0, 2), (0, 0, 0, 0)]


def test_no_texts_give_no_counts() -> None:
    assert as_tuples(count_errors([], [])) == []


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1 references and 3 hypotheses"):
        count_errors(["a"], ["a", "b", "c"])


@pytest.mark.parametrize("item", [None, float("nan"), b"a"])
def test_an_item_that_is_no_text_is_refused_by_index(item: object) -> None:
    with pytest.raises(ValueError, match=rf"hypotheses\[1\] is {type(item).__name__}; accepted is str"):
        count_errors(["a", "b"], ["a", item])  # type: ignore[list-item]


def test_one_text_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="references is one str"):
        count_errors("abc", ["a", "b", "c"])


def test_an_unknown_unit_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ValueError, match="unit is 'phone'; accepted are 'word', 'character'"):
        count_errors(["a"], ["a"], unit="phone")


def test_an_unknown_device_is_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match="device is 'mps'"):
        count_errors(["a"], ["a"], device="mps")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Everything compiled, in pieces of seven pairs; lists the sizes of the pieces."""
    sizes = []
    count_edits = cpu.count_edits

    def spy(reference: Ragged, hypothesis: Ragged) -> EditCounts:
        sizes.append(len(reference))
        return count_edits(reference, hypothesis)

    monkeypatch.setattr(encode, "_tier", Tier(worth_s=0.0, asked_s=1.0))
    monkeypatch.setattr(texts, "PAIRS_OF_A_PIECE", 7)
    monkeypatch.setattr(cpu, "count_edits", spy)
    return sizes


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("unit", ["word", "character"])
def test_pieces_and_threads_change_no_count(unit: str, threads: int, compiled: list[int]) -> None:
    references, hypotheses = random_texts(40, 3, "ab b a\u00e9"), random_texts(40, 4, "ab b a\u00e9")
    counts = count_errors(references, hypotheses, unit, threads=threads)
    assert as_tuples(counts) == jiwer_counts(references, hypotheses, unit)
    assert sum(compiled) == 40
    assert max(compiled) == 7


def test_no_pair_has_no_piece(compiled: list[int]) -> None:
    counts = count_errors([], [], threads=2)
    assert counts.hits.tolist() == []
    assert counts.hits.dtype == torch.int64


@pytest.mark.usefixtures("compiled")
def test_an_item_that_is_no_text_is_named_whatever_the_piece() -> None:
    texts_of_one_side = ["a"] * 30
    with pytest.raises(ValueError, match=r"hypotheses\[23\] is NoneType; accepted is str"):
        count_errors(texts_of_one_side, [*texts_of_one_side[:23], None, *texts_of_one_side[24:]])


@pytest.mark.parametrize("worth_s", [0.0, 1e9], ids=["compiled", "plain"])
def test_texts_may_come_from_iterators(worth_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_tier", Tier(worth_s=worth_s, asked_s=1.0))
    assert as_tuples(count_errors(iter(["a", "b"]), (text for text in ["a", "c"]))) == [(1, 0, 0, 0), (0, 1, 0, 0)]


@pytest.mark.parametrize("texts_of_a_side", [{"a", "b"}, {"a": 1, "b": 2}, None, 3])
def test_texts_without_an_order_are_refused(texts_of_a_side: object) -> None:
    with pytest.raises(ValueError, match=f"references is {type(texts_of_a_side).__name__}; accepted is a sequence"):
        count_errors(texts_of_a_side, ["a", "b"])

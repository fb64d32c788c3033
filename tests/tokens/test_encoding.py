"""Texts to ids: the compiled path equals str.split() and a dictionary, to the id."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callgap_kernels.tokens import Ragged, encode, encode_pairs, fast, source
from callgap_kernels.tokens.encode import encode_plain
from callgap_kernels.tokens.fast import encode_fast
from callgap_kernels.tokens.source import source_of

SPACES = "".join(chr(code) for code in range(0x110000) if chr(code).isspace())
# Neighbors of whitespace in Unicode or in the bytes of UTF-8, and what is often taken for whitespace.
NEAR_SPACES = "\0\x01\x07\x08\x0e\x1b\x21\x7f\x80\x84\x86\x9f\xa1\xc2\xe0\xe1\u167f\u1681\u180e\u1fff\u200b\u200c\u200d"
NEAR_SPACES += "\u2027\u202a\u202e\u2030\u205e\u2060\u2080\u2fff\u3001\u3040\ufeff\U00010000\U0010ffff\U0001f600"
SURROGATES = "\ud83d\ude00\udfff\ud800"
characters = st.one_of(
    st.sampled_from("ab c"), st.sampled_from(SPACES), st.sampled_from(NEAR_SPACES + SURROGATES), st.characters()
)
texts = st.text(characters, max_size=40)
pairs = st.lists(st.tuples(texts, texts), max_size=12)

Encoded = tuple[Ragged, Ragged]


def expected(references: list[str], hypotheses: list[str]) -> tuple[list[list[int]], list[list[int]]]:
    ids: dict[str, int] = {}
    said = [[ids.setdefault(word, len(ids)) for word in text.split()] for text in references]
    return said, [[ids.setdefault(word, len(ids)) for word in text.split()] for text in hypotheses]


def sequences(ragged: Ragged) -> list[list[int]]:
    values, offsets = ragged.values.tolist(), ragged.offsets.tolist()
    return [values[start:end] for start, end in pairwise(offsets)]


def by_path(path: Any, references: Any, hypotheses: Any, **options: int) -> tuple[list[list[int]], list[list[int]]]:
    said, heard = path(source_of("references", references), source_of("hypotheses", hypotheses), **options)
    for side in (said, heard):
        assert (side.values.dtype, side.offsets.dtype) == (torch.int32, torch.int64)
        Ragged(side.values, side.offsets)
    return sequences(said), sequences(heard)


def zipf_texts(count: int, seed: int, words: int = 3_000) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(f"w{int(words ** rng.random())}" * rng.randint(1, 3) for _ in range(9)) for _ in range(count)]


def words_of_length(rng: random.Random) -> list[str]:
    lengths = [1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 100, 1_000]
    words = ["".join(rng.choices("ab", k=rng.choice(lengths))) for _ in range(200)]
    return words + [f"{word[:-1]}c" for word in words] + [f"{word}\0" for word in words]


def test_str_split_knows_29_whitespace_characters() -> None:
    assert len(SPACES) == 29


@settings(max_examples=600)
@given(pairs)
@example([("a\0 a", "a\0\0 a b"), ("\0", " \0 ")])
@example([("\ud83d", "\ude00 \U0001f600 \ud83d\ude00")])
@example([("abcdefgh abcdefg abcdefghi", "abcdefgh\0 abcdefg\0 abcdefgh")])
@example([("é\u3000\xa0à", "\u2028x\u2029\x85 \u205f")])
def test_words_and_ids_equal_str_split_for_any_text(batch: list[tuple[str, str]]) -> None:
    references, hypotheses = [said for said, _ in batch], [heard for _, heard in batch]
    want = expected(references, hypotheses)
    assert by_path(encode_fast, references, hypotheses) == want
    assert by_path(encode_plain, references, hypotheses) == want


@given(st.lists(st.text(characters.filter(lambda c: not "\ud800" <= c <= "\udfff"), max_size=20), max_size=9))
def test_words_of_arrow_arrays_equal_str_split_for_any_text(batch: list[str]) -> None:
    want = expected(batch, batch[::-1])
    for kind in (pa.large_string(), pa.string()):
        arrays = pa.array(batch, kind), pa.array(batch[::-1], kind)
        assert by_path(encode_fast, *arrays) == want
        assert by_path(encode_plain, *arrays) == want


@settings(max_examples=300)
@given(pairs)
def test_characters_are_the_code_points_of_the_stripped_text(batch: list[tuple[str, str]]) -> None:
    references, hypotheses = [said for said, _ in batch], [heard for _, heard in batch]
    encoded = encode_pairs(references, hypotheses, "character")
    assert sequences(encoded.reference) == [list(map(ord, text.strip())) for text in references]
    assert sequences(encoded.hypothesis) == [list(map(ord, text.strip())) for text in hypotheses]


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_each_whitespace_character_separates_at_every_offset(space: str) -> None:
    batch = [f"{'x' * before}{space}{'y' * after}" for before in range(18) for after in (0, 1, 9)]
    assert by_path(encode_fast, batch, batch) == expected(batch, batch)


@pytest.mark.parametrize("other", NEAR_SPACES + SURROGATES, ids=ascii)
def test_each_other_character_separates_nowhere(other: str) -> None:
    batch = [f"{'x' * before}{other}{'y' * after}" for before in range(18) for after in (0, 1, 9)]
    assert by_path(encode_fast, batch, batch) == expected(batch, batch)


def test_words_of_every_length_with_equal_beginnings_and_ends_keep_apart() -> None:
    rng = random.Random(5)
    words = words_of_length(rng)
    batch = [" ".join(rng.choices(words, k=5)) for _ in range(500)]
    assert by_path(encode_fast, batch, batch[::-1]) == expected(batch, batch[::-1])


def test_whitespace_only_and_empty_texts_have_no_words() -> None:
    batch = ["", " ", "\u3000\x1c", "a", "", "  "]
    assert by_path(encode_fast, batch, [""] * 6) == ([[], [], [], [0], [], []], [[]] * 6)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 5_000])
def test_ids_do_not_depend_on_the_number_of_threads(threads: int, count: int) -> None:
    references, hypotheses = zipf_texts(count, 1), zipf_texts(count, 2)
    assert by_path(encode_fast, references, hypotheses, threads=threads) == expected(references, hypotheses)


@pytest.mark.parametrize("block", [1, 2, 3, 64])
@pytest.mark.parametrize("slots", [2, 8, 1_024])
@pytest.mark.parametrize("threads", [1, 2])
def test_small_blocks_and_tables_that_grow_give_the_same_ids(
    monkeypatch: pytest.MonkeyPatch, block: int, slots: int, threads: int
) -> None:
    monkeypatch.setattr(source, "TEXTS_PER_BLOCK", block)
    monkeypatch.setattr(fast, "FIRST_SLOTS", slots)
    references, hypotheses = (
        zipf_texts(150, 3),
        [f"{text}\0" if len(text) % 5 == 0 else text for text in zipf_texts(150, 4)],
    )
    assert by_path(encode_fast, references, hypotheses, threads=threads) == expected(references, hypotheses)


def test_fresh_memory_may_hold_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = np.empty
    monkeypatch.setattr(
        np, "empty", lambda shape, dtype: empty(shape, dtype) if not shape else np.full(shape, 77, dtype)
    )
    monkeypatch.setattr(fast, "FIRST_SLOTS", 64)
    references, hypotheses = zipf_texts(300, 6), zipf_texts(300, 7)
    assert by_path(encode_fast, references, hypotheses, threads=2) == expected(references, hypotheses)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string()], ids=str)
def test_arrow_texts_are_read_where_they_lie(kind: pa.DataType) -> None:
    array = pa.array(["first text", "second", "third one here"], kind).slice(1)
    block = next(source_of("references", array).blocks(0, 2))
    assert block.data.ctypes.data == array.buffers()[2].address


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string()], ids=str)
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("path", [encode_fast, encode_plain], ids=["fast", "plain"])
def test_slices_and_chunks_are_the_texts_they_show(kind: pa.DataType, threads: int, path: Any) -> None:
    batch = ["", "pay my bill", "a", "é à", *zipf_texts(50, 8), "last"]
    whole = pa.array(batch, kind)
    chunked = pa.chunked_array([whole.slice(0, 3), whole.slice(3, 0), whole.slice(3, 20), whole.slice(23)])
    options = {"threads": threads} if path is encode_fast else {}
    for cut in (slice(None), slice(2, 30), slice(54, None), slice(5, 5)):
        want = expected(batch[cut], batch[cut])
        length = len(batch[cut])
        assert by_path(path, whole.slice(cut.start or 0, length), batch[cut], **options) == want
        assert by_path(path, chunked.slice(cut.start or 0, length), batch[cut], **options) == want


def test_characters_of_arrow_arrays_are_those_of_the_texts() -> None:
    batch = ["x", " é\u3000a ", "", "plain"]
    array = pa.array(batch, pa.large_string()).slice(1)
    encoded = encode_pairs(array, batch[1:], "character")
    assert sequences(encoded.reference) == sequences(encoded.hypothesis) == [[0xE9, 0x3000, 0x61], [], list(b"plain")]


@pytest.mark.parametrize("references", [pa.array([], pa.string()), pa.chunked_array([], pa.large_string()), [], ()])
@pytest.mark.parametrize("unit", ["word", "character"])
def test_no_texts_give_no_tokens(references: Any, unit: str) -> None:
    encoded = encode_pairs(references, [], unit)
    assert (len(encoded.reference), len(encoded.hypothesis)) == (0, 0)
    assert by_path(encode_fast, references, []) == ([], [])


def test_large_input_takes_the_compiled_path_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(encode, "encode_fast", lambda *sides, threads: taken.append(threads) or encode_plain(*sides))
    monkeypatch.setattr(encode, "_tier", encode.Tier(worth_s=1e-3))
    encode_pairs(["a"], ["a"])
    assert taken == []
    encode_pairs(["a b"] * 2_000, ["a"] * 2_000, threads=2)
    encode_pairs(["a"], ["a"])
    assert taken == [2, 1]

"""NIST sclite weighs a substitution 4 and an insertion or deletion 3, so it may count more errors; never fewer."""

import random

import kaldialign
import pytest

from callgap_kernels import count_errors


def sclite_errors(reference: str, hypothesis: str) -> int:
    return kaldialign.edit_distance(reference.split(), hypothesis.split(), sclite_mode=True)["total"]


def random_text(rng: random.Random, letters: str, longest: int) -> str:
    return " ".join(rng.choices(letters, k=rng.randint(0, longest)))


@pytest.mark.parametrize(
    ("letters", "longest", "differ"), [("ab", 8, False), ("abcd", 12, True), ("abcdefghijklmnop", 30, True)]
)
def test_errors_are_never_more_than_sclite_counts(letters: str, longest: int, differ: bool) -> None:
    rng = random.Random(5)
    pairs = [tuple(random_text(rng, letters, longest) for _ in range(2)) for _ in range(5_000)]
    ours = count_errors([said for said, _ in pairs], [heard for _, heard in pairs]).errors.tolist()
    theirs = [sclite_errors(said, heard) for said, heard in pairs]
    assert all(mine <= their for mine, their in zip(ours, theirs, strict=True))
    assert any(mine < their for mine, their in zip(ours, theirs, strict=True)) == differ


def test_sclite_trades_two_substitutions_for_more_errors_of_the_cheaper_kinds() -> None:
    said, heard = "c d b b a b", "a a c c d b"
    assert sclite_errors(said, heard) == 6
    assert count_errors([said], [heard]).errors.tolist() == [5]

"""Words whose hashes are equal keep apart: the hash is inverted here to find them."""

import random

from callgap_kernels.tokens.fast import encode_fast
from callgap_kernels.tokens.source import source_of

MULTIPLIER = 0x9E3779B97F4A7C15
MASK = 2**64 - 1
LETTERS = [*range(0x21, 0x7F)]


def absorb(key: int, block: bytes) -> int:
    key = ((key ^ int.from_bytes(block, "little")) * MULTIPLIER) & MASK
    return key ^ (key >> 32)


def colliding_words(count: int) -> list[tuple[str, str]]:
    """Find pairs of different words of 16 letters that are equal to the hash after every byte was absorbed.

    With the states s and t after two first blocks, the second blocks x and x ^ s ^ t lead to the same state; both are
    letters for one choice of first blocks in a few hundred.
    """
    rng = random.Random(9)
    found: list[tuple[str, str]] = []
    while len(found) < count:
        first, other = (bytes(rng.choices(LETTERS, k=8)) for _ in range(2))
        difference = (absorb(16, first) ^ absorb(16, other)).to_bytes(8, "little")
        second = [next((x for x in LETTERS if x ^ byte in LETTERS), None) for byte in difference]
        if None not in second and first != other:
            partner = bytes(x ^ byte for x, byte in zip(second, difference, strict=True))  # type: ignore[operator]
            found.append(((first + bytes(second)).decode(), (other + partner).decode()))  # type: ignore[arg-type]
    return found


def test_words_with_equal_hashes_have_different_ids() -> None:
    pairs = colliding_words(12)
    for word, other in pairs:
        states = [absorb(absorb(16, text[:8].encode()), text[8:].encode()) for text in (word, other)]
        assert word != other
        assert states[0] == states[1]
    said = [" ".join(pair) for pair in pairs]
    heard = [f"{other} {word}" for word, other in pairs]
    reference, hypothesis = encode_fast(source_of("references", said), source_of("hypotheses", heard))
    assert reference.values.tolist() == list(range(24))
    assert hypothesis.values.reshape(-1, 2).flip(1).flatten().tolist() == list(range(24))


def test_the_hash_inverted_here_is_the_one_in_use() -> None:
    import numpy as np

    from callgap_kernels.tokens.cpu_kernel import _long_key

    for word, other in colliding_words(2):
        keys = [_long_key(np.frombuffer(text.encode(), np.uint8), 0, 16) for text in (word, other)]
        state = absorb(absorb(16, word[:8].encode()), word[8:].encode())
        assert keys == [(state & ~0xFF) | 0x100] * 2

"""Random permutations: Philox's words, uniform within strata, the same from numpy and numba and in any tile."""

import itertools
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from callgap_kernels.philox import philox4x32, split_seed
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import cpu, reference
from callgap_kernels.resampling.permutation.families import Family

LARGEST = 2**32 - 1


def family(sizes: list[int], strata: int = 1, groups: tuple[int, ...] | None = None) -> Family:
    group = np.repeat(np.arange(len(sizes)), sizes)
    ones = np.ones((len(group), 1))
    sums = SpeakerSums.from_arrays(ones, ones, group, np.empty((0, 2), dtype=np.int64))
    return Family.of_groups(sums, np.arange(len(group)) % strata, groups or range(len(sizes)))


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((LARGEST,) * 4, (LARGEST,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_words(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    assert philox4x32(tuple(map(np.uint64, counter)), key).tolist() == list(words)  # type: ignore[arg-type]


def test_a_seed_is_a_key_of_two_words() -> None:
    assert split_seed(0x299F31D0A4093822) == (0xA4093822, 0x299F31D0)


@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1])
@pytest.mark.parametrize("strata", [1, 3, 30])
@pytest.mark.parametrize("sizes", [[1, 1], [20, 17], [9, 1, 12, 8]])
def test_numba_draws_the_labels_of_the_reference(sizes: list[int], strata: int, seed: int) -> None:
    people = family(sizes, strata)
    assert np.array_equal(cpu.draw_labels(people, seed, 5, 90), reference.draw_labels(people, seed, 5, 90))


@pytest.mark.parametrize("path", [reference, cpu])
def test_any_tile_can_be_drawn_alone(path: ModuleType) -> None:
    people = family([6, 7], strata=2)
    whole = path.draw_labels(people, 3, 0, 50)
    assert np.array_equal(whole[13:31], path.draw_labels(people, 3, 13, 31))


def test_a_step_is_the_stated_word_of_the_stated_counter() -> None:
    people = family([3, 3])
    expected = people.labels.tolist()
    for k, i in enumerate(range(5, 0, -1)):
        counter = tuple(np.uint64(word) for word in (k // 4, 11, people.number, 1))
        word = int(philox4x32(counter, split_seed(9))[k % 4])  # type: ignore[arg-type]
        j = word * (i + 1) >> 32
        expected[i], expected[j] = expected[j], expected[i]
    assert reference.draw_labels(people, 9, 11, 12)[0].tolist() == expected


def test_labels_stay_in_their_stratum() -> None:
    people = family([10, 8, 12], strata=4)
    drawn = reference.draw_labels(people, 1, 0, 200)
    for first, end in itertools.pairwise(people.bounds.tolist()):
        assert (np.sort(drawn[:, first:end]) == np.sort(people.labels[first:end])).all()


def test_all_arrangements_are_equally_likely() -> None:
    people = family([2, 1, 1])
    drawn = reference.draw_labels(people, 4, 0, 12_000)
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 12
    assert stats.chisquare(counts).pvalue > 1e-3


def test_families_are_drawn_apart() -> None:
    sizes = [6, 6, 6]
    numbers = {pair: family(sizes, groups=pair).number for pair in itertools.combinations(range(3), 2)}
    assert len({*numbers.values(), family(sizes).number}) == 4
    one, other = (reference.draw_labels(family(sizes, groups=pair), 1, 0, 50) for pair in ((0, 1), (0, 2)))
    assert not np.array_equal(one, other)


def test_many_pairs_have_many_numbers() -> None:
    sizes = [1] * 40
    pairs = list(itertools.combinations(range(40), 2))
    assert sorted(family(sizes, groups=pair).number for pair in pairs) == list(range(1, len(pairs) + 1))


def test_another_seed_gives_other_draws() -> None:
    people = family([10, 10])
    draws = [reference.draw_labels(people, seed, 0, 20) for seed in (1, 2, 1 + 2**32)]
    assert not np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])

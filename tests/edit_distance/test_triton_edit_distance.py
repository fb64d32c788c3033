"""The CUDA path of edit distance against the reference: interpreted on the CPU, and for real under the marker gpu.

Run as a program, this file computes the interpreted cases: Triton must know that it interprets before it is imported.
"""

import os
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from callgap_kernels import Alignment, EditCounts, EditOperation, Ragged
from callgap_kernels.edit_distance import cpu, cuda, reference, triton_kernel

Tokens = list[int]
LARGEST = 2**31 - 1
TINY_MEMORY = 2_000
OPERATION = {
    "equal": EditOperation.HIT,
    "replace": EditOperation.SUBSTITUTION,
    "delete": EditOperation.DELETION,
    "insert": EditOperation.INSERTION,
}


@dataclass(frozen=True)
class Case:
    """A batch and the memory that it may take."""

    pairs: list[tuple[Tokens, Tokens]]
    memory: int = cuda.MEMORY_BUDGET

    @property
    def batch(self) -> tuple[Ragged, Ragged]:
        said, heard = ([pair[side] for pair in self.pairs] for side in (0, 1))
        return Ragged.from_sequences(said), Ragged.from_sequences(heard)


@dataclass(frozen=True)
class Found:
    """What the path under test gave for a case, and how it came about."""

    counts: Tensor
    operations: Tensor
    offsets: Tensor
    launches: set[tuple[Any, ...]]
    parts: int
    pairs_on_cpu: int


def drawn(rng: random.Random, lengths: list[tuple[int, int]], letters: int) -> list[tuple[Tokens, Tokens]]:
    return [tuple([rng.randrange(letters) for _ in range(n)] for n in pair) for pair in lengths]  # type: ignore[misc]


def mixed() -> list[tuple[Tokens, Tokens]]:
    """Any length, and enough short pairs that a program takes more than one tile."""
    rng = random.Random(1)
    pairs = drawn(rng, [(31, 4), (32, 5), (33, 3), (63, 4), (64, 6), (65, 5), (130, 4), (3, 31), (2, 33), (4, 65)], 3)
    for _ in range(72):
        pairs += drawn(rng, [(rng.randint(0, 8), rng.randint(0, 8))], rng.choice([2, 3, 200]))
    return [*pairs, ([], []), ([], [5]), ([5], []), ([5], [5]), ([5], [6])]


def adversarial() -> list[tuple[Tokens, Tokens]]:
    ends = [9, 8, 7]
    return [
        (list(range(20)), list(range(20))),
        (list(range(20)), list(range(20, 40))),
        ([1] * 12, [1] * 7),
        ([1] * 7, [1] * 12),
        (list(range(16)), list(range(16))[::-1]),
        ([1] * 10 + [2] * 10, [2] * 10 + [1] * 10),
        ([1, 2] * 8, [2, 1] * 8),
        ([*ends, 1, 2, *ends], [*ends, 2, 1, *ends]),
        ([*ends, *ends], ends),
        # Deletions that run through whole blocks of rows.
        ([0, *range(1, 140), 140], [5, 140, 0, 3]),
        ([0] * 200, [1, 0, 2]),
    ]


CASES = {
    "mixed": Case(mixed()),
    "adversarial": Case(adversarial()),
    "16 bits": Case([*drawn(random.Random(2), [(5, 6), (9, 4)], 3), ([40_000, 7, 40_001], [40_001, 40_000])]),
    "20 bits": Case([([2**20 - 1, 2**19, 0], [2**19, 0, 2**20 - 1]), ([2**16], [0])]),
    "31 bits": Case([([LARGEST, LARGEST - 1, 2**30, 0], [0, 2**30, LARGEST]), ([2**24 + 1], [2**24])]),
    "no pairs": Case([]),
    "no tokens": Case([([], []), ([], [])]),
    "settled": Case([([1, 2, 3], []), ([], [4]), ([5, 6, 7], [5, 7]), ([5, 7], [5, 6, 7])]),
    "tiny memory": Case(drawn(random.Random(3), [(6, 5), (5, 180), (40, 3), (3, 4)] * 4, 3), TINY_MEMORY),
}
names = pytest.mark.parametrize("name", CASES)


class Spied:
    """A kernel whose launches are written down."""

    def __init__(self, name: str, launches: set[tuple[Any, ...]]) -> None:
        self.kernel = getattr(triton_kernel, name)
        self.name, self.launches = name, launches

    def __getitem__(self, grid: tuple[int]) -> Callable[..., None]:
        def launch(*arguments: Any, **constants: Any) -> None:
            chosen = (constants.get(key) for key in ("word_bits", "carried", "planes"))
            self.launches.add((self.name, *chosen))
            self.kernel[grid](*arguments, **constants)

        return launch


def poisoned(shape: tuple[int, ...], *, dtype: torch.dtype, device: torch.device) -> Tensor:
    garbage = torch.empty(shape, dtype=dtype, device=device)
    garbage.view(torch.uint8).random_(256, generator=torch.Generator(device).manual_seed(4))
    return garbage


def on_cpu(align: Callable[..., Any], seen: list[int]) -> Callable[..., Any]:
    def spy(said: Ragged, heard: Ragged) -> Any:
        seen.append(len(said))
        return align(said, heard)

    return spy


@contextmanager
def watched(launches: set[tuple[Any, ...]], parts: list[int], seen: list[int]) -> Iterator[None]:
    """Write down what happens, and let all fresh memory hold garbage."""
    cut = cuda._parts

    def spy(*arguments: Any) -> Iterator[Any]:
        for part in cut(*arguments):
            parts.append(part.pairs)
            yield part

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "_empty", poisoned)
        patch.setattr(cuda, "_parts", spy)
        patch.setattr(cpu, "count_edits", on_cpu(lambda *batch: reference.align(*batch).counts(), seen))
        patch.setattr(cpu, "align", on_cpu(reference.align, seen))
        for name in ("trim_ends", "count_tiles", "write_tiles"):
            patch.setattr(triton_kernel, name, Spied(name, launches))
        yield


def find(case: Case, device: str) -> Found:
    launches: set[tuple[Any, ...]] = set()
    parts: list[int] = []
    seen: list[int] = []
    with watched(launches, parts, seen):
        counts = cuda.count_edits(*case.batch, device=device, memory=case.memory)
        aligned = cuda.align(*case.batch, device=device, memory=case.memory)
    assert {counts.hits.device.type, aligned.operations.device.type} == {torch.device(device).type}
    tensors = (stacked(counts).cpu(), aligned.operations.cpu(), aligned.offsets.cpu())
    return Found(*tensors, launches=launches, parts=len(parts), pairs_on_cpu=sum(seen))


def stacked(counts: EditCounts) -> Tensor:
    return torch.stack([counts.hits, counts.substitutions, counts.deletions, counts.insertions])


def random_batch(pairs: int, longest: int, seed: int) -> tuple[Ragged, Ragged]:
    """References and edited copies of them: every tenth token replaced, dropped or doubled."""
    rng = random.Random(seed)
    said, heard = [], []
    for _ in range(pairs):
        tokens = [rng.randrange(20_000) for _ in range(rng.randint(0, longest))]
        edits = (rng.choice([[], [token, token], [token + 1]]) if rng.random() < 0.1 else [token] for token in tokens)
        said.append(tokens)
        heard.append([token for edit in edits for token in edit])
    return Ragged.from_sequences(said), Ragged.from_sequences(heard)


def rapidfuzz_operations(pair: tuple[Tokens, Tokens]) -> tuple[EditOperation, ...]:
    operations: list[EditOperation] = []
    for code in Levenshtein.opcodes(*pair):
        operations += [OPERATION[code.tag]] * max(code.src_end - code.src_start, code.dest_end - code.dest_start)
    return tuple(operations)


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """The cases in a process of their own: Triton is imported there with the variable set."""
    path = tmp_path_factory.mktemp("interpreted") / "found.pickle"
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    subprocess.run([sys.executable, __file__, str(path)], env=environment, check=True)
    with path.open("rb") as file:
        return {name: Found(**values) for name, values in pickle.load(file).items()}


@pytest.fixture(scope="module", params=["interpreter", pytest.param("cuda", marks=pytest.mark.gpu)])
def found(request: pytest.FixtureRequest) -> dict[str, Found]:
    if request.param == "interpreter":
        return request.getfixturevalue("interpreted")
    return {name: find(case, "cuda") for name, case in CASES.items()}


@names
def test_operations_equal_the_reference(found: dict[str, Found], name: str) -> None:
    expected = reference.align(*CASES[name].batch)
    assert torch.equal(found[name].offsets, expected.offsets)
    assert torch.equal(found[name].operations, expected.operations)


@names
def test_counts_equal_the_reference(found: dict[str, Found], name: str) -> None:
    assert torch.equal(found[name].counts, stacked(reference.align(*CASES[name].batch).counts()))


@names
def test_operations_equal_rapidfuzz(found: dict[str, Found], name: str) -> None:
    aligned = Alignment(found[name].operations, found[name].offsets)
    expected = [rapidfuzz_operations(pair) for pair in CASES[name].pairs]
    assert [aligned.of_pair(pair) for pair in range(len(expected))] == expected


def test_results_are_int64_and_operations_uint8(found: dict[str, Found]) -> None:
    assert {(each.counts.dtype, each.offsets.dtype) for each in found.values()} == {(torch.int64, torch.int64)}
    assert {each.operations.dtype for each in found.values()} == {torch.uint8}


def test_every_kernel_ran_at_every_width_of_the_rows(found: dict[str, Found]) -> None:
    shapes = {(32, False), (64, False), (64, True)}
    tiles = {(kernel, *shape, 8) for kernel in ("count_tiles", "write_tiles") for shape in shapes}
    assert found["mixed"].launches == {("trim_ends", None, None, None), *tiles}


@pytest.mark.parametrize(("name", "planes"), [("adversarial", 8), ("16 bits", 16), ("20 bits", 20), ("31 bits", 31)])
def test_tokens_are_compared_by_as_many_bits_as_the_largest_has(
    found: dict[str, Found], name: str, planes: int
) -> None:
    assert {launch[-1] for launch in found[name].launches if launch[0] == "count_tiles"} == {planes}


def test_settled_pairs_are_not_aligned_for_their_counts(found: dict[str, Found]) -> None:
    assert {launch[0] for launch in found["settled"].launches} == {"trim_ends", "write_tiles"}


def test_a_batch_beyond_the_budget_is_cut_and_its_largest_pairs_go_to_the_cpu(found: dict[str, Found]) -> None:
    assert found["tiny memory"].parts > 2
    # The four pairs of 180 columns, of which a lane exceeds the budget: counted, counted for `align`, and aligned.
    assert found["tiny memory"].pairs_on_cpu == 3 * 4
    assert {launch[0] for launch in found["tiny memory"].launches} == {"trim_ends", "count_tiles", "write_tiles"}


def test_the_cpu_is_refused_where_triton_does_not_interpret() -> None:
    with pytest.raises(ValueError, match='device is "cpu"; accepted is "cuda", or "cpu" under TRITON_INTERPRET=1'):
        cuda.count_edits(*CASES["settled"].batch, device="cpu")


@pytest.mark.parametrize("operation", [cuda.count_edits, cuda.align])
def test_unequal_numbers_of_pairs_and_no_memory_are_refused(operation: Callable[..., Any]) -> None:
    one, two = Ragged.from_sequences([[1]]), Ragged.from_sequences([[1], [2]])
    with pytest.raises(ValueError, match="2 references and 1 hypotheses"):
        operation(two, one, device="cuda")
    with pytest.raises(ValueError, match="memory is 0"):
        operation(one, one, device="cuda", memory=0)


def test_the_path_says_in_a_sentence_why_it_cannot_run() -> None:
    fault = cuda.available()
    assert (fault is None) == torch.cuda.is_available()
    assert fault is None or " " in fault


@pytest.mark.gpu
@pytest.mark.parametrize(("pairs", "longest"), [(200_000, 60), (2_000, 900), (6, 12_000)])
@pytest.mark.parametrize("resident", [False, True])
def test_large_batches_equal_the_cpu_path(pairs: int, longest: int, resident: bool) -> None:
    batch = random_batch(pairs, longest, seed=pairs)
    place = "cuda" if resident else "cpu"
    moved = [Ragged(side.values.to(place), side.offsets.to(place)) for side in batch]
    expected = cpu.align(*batch)
    aligned = cuda.align(*moved, device="cuda")
    assert torch.equal(aligned.offsets.cpu(), expected.offsets)
    assert torch.equal(aligned.operations.cpu(), expected.operations)
    counts = cuda.count_edits(*moved, device="cuda", memory=2**28)
    assert torch.equal(stacked(counts).cpu(), stacked(expected.counts()))


if __name__ == "__main__":
    results = {name: vars(find(case, "cpu")) for name, case in CASES.items()}
    Path(sys.argv[1]).write_bytes(pickle.dumps(results))

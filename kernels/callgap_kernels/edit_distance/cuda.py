"""Edit distance on CUDA: trims, sorts, plans and launches the Triton kernels, in parts that fit a budget.

All results equal those of `reference.py`. Under TRITON_INTERPRET=1 the same code runs on the CPU.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import torch
import triton
from torch import Tensor

from callgap_kernels.device import cuda_fault
from callgap_kernels.edit_distance import triton_kernel as kernel
from callgap_kernels.edit_distance.buckets import Group, Plan, plan
from callgap_kernels.edit_distance.counts import Alignment, EditCounts
from callgap_kernels.tokens.ragged import Ragged

# Half is for the tokens and measures of the part of a batch at work, half for the bit vectors of a launch.
MEMORY_BUDGET: Final = 2 * 2**30
# Tokens are compared by so many bits; each number is a compiled kernel.
PLANES: Final = (8, 16, 20, 31)

_TOKEN_BYTES: Final = 4
# Lengths, places and keys of a pair, and what sorting them takes.
_PAIR_BYTES: Final = 96
# Programs (warps) of a launch per multiprocessor; so many fit at 128 registers each.
_PROGRAMS: Final = 16
# The interpreter's programs run one after the other; two make it go through the loop over tiles.
_INTERPRETED_PROGRAMS: Final = 2


@dataclass(frozen=True)
class _Part:
    """Consecutive pairs of a batch on the device.

    Attributes:
        first: Number of the first pair in the batch.
        tokens: Reference values and offsets, hypothesis values and offsets, as the kernels take them.
    """

    first: int
    tokens: tuple[Tensor, Tensor, Tensor, Tensor]

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return len(self.tokens[1]) - 1

    @property
    def device(self) -> torch.device:
        """Where the pairs lie."""
        return self.tokens[1].device


@dataclass(frozen=True)
class _Trimmed:
    """Pairs without their common ends.

    Attributes:
        measures: Common prefix, rows and columns, int64 [3, pair].
        order: Pairs sorted by key, int64 [pair].
        plan: Launches.
        planes: Bits by which tokens are compared.
    """

    measures: Tensor
    order: Tensor
    plan: Plan
    planes: int


def available() -> str | None:
    """Say whether CUDA can run the kernels: Triton imports, torch finds a device of compute capability 7.0 or newer.

    Returns:
        None if it can, else one sentence why not.
    """
    return cuda_fault()


def count_edits(
    reference: Ragged, hypothesis: Ragged, *, device: torch.device | str, memory: int = MEMORY_BUDGET
) -> EditCounts:
    """Count hits, substitutions, deletions and insertions per pair.

    Args:
        reference: What was said, one sequence per pair, on the CPU or on the device.
        hypothesis: What was recognized, one sequence per pair, on the CPU or on the device.
        device: A CUDA device; the CPU under TRITON_INTERPRET=1.
        memory: Bytes on the device besides inputs that lie there and results. A pair whose bit vectors (a quarter byte
            per cell between the common ends, and rounding) exceed half of it is aligned on the CPU.

    Returns:
        Counts as int64 tensors [pair] on the device.

    Raises:
        ValueError: If the numbers of pairs differ, or `device` or `memory` is not accepted.
    """
    place = _require(reference, hypothesis, device, memory)
    counts = _empty((4, len(reference)), dtype=torch.int64, device=place)
    with _on(place):
        for part in _parts(reference, hypothesis, place, memory // 2):
            _count(part, counts[:, part.first :], memory // 2)
    return EditCounts(*counts)


def align(
    reference: Ragged, hypothesis: Ragged, *, device: torch.device | str, memory: int = MEMORY_BUDGET
) -> Alignment:
    """Align each hypothesis with its reference.

    Args:
        reference: As in `count_edits`.
        hypothesis: As in `count_edits`.
        device: As in `count_edits`.
        memory: As in `count_edits`.

    Returns:
        Operations of each pair in reading order, on the device.

    Raises:
        ValueError: If the numbers of pairs differ, or `device` or `memory` is not accepted.
    """
    place = _require(reference, hypothesis, device, memory)
    counts = _empty((4, len(reference)), dtype=torch.int64, device=place)
    operations = [torch.empty(0, dtype=torch.uint8, device=place)]
    with _on(place):
        for part in _parts(reference, hypothesis, place, memory // 2):
            mine = counts[:, part.first :]
            trimmed = _count(part, mine, memory // 2)
            operations.append(_write(part, trimmed, mine[:, : part.pairs].sum(dim=0), memory // 2))
    return Alignment(torch.cat(operations), _offsets(counts.sum(dim=0)))


def _count(part: _Part, counts: Tensor, memory: int) -> _Trimmed:
    """Fill `counts` [4, part.pairs and more]; rows of it lie `counts.stride(0)` apart."""
    trimmed = _trim(part, counts, memory)
    for group in trimmed.plan.groups:
        if group.kind != kernel.SETTLED:
            _launch(kernel.count_tiles, part, trimmed, group, memory, counts, counts.stride(0))
    if trimmed.plan.oversized:
        from callgap_kernels.edit_distance import cpu

        pairs = trimmed.order[trimmed.plan.oversized]
        alone = cpu.count_edits(*_on_cpu(part, pairs))
        rows = torch.stack([alone.hits, alone.substitutions, alone.deletions, alone.insertions])
        counts[:, pairs] = rows.to(part.device)
    return trimmed


def _write(part: _Part, trimmed: _Trimmed, lengths: Tensor, memory: int) -> Tensor:
    """Give the operations of a part, of which each pair has `lengths`."""
    offsets = _offsets(lengths)
    # Common ends are hits, code 0, and stay as they are here.
    operations = torch.zeros(int(offsets[-1]), dtype=torch.uint8, device=part.device)
    for group in trimmed.plan.groups:
        _launch(kernel.write_tiles, part, trimmed, group, memory, operations, offsets)
    if trimmed.plan.oversized:
        from callgap_kernels.edit_distance import cpu

        pairs = trimmed.order[trimmed.plan.oversized]
        alone = cpu.align(*_on_cpu(part, pairs))
        for pair, start, end in zip(pairs.tolist(), alone.offsets[:-1], alone.offsets[1:], strict=True):
            operations[offsets[pair] : offsets[pair + 1]] = alone.operations[start:end].to(part.device)
    return operations


def _trim(part: _Part, counts: Tensor, memory: int) -> _Trimmed:
    measures = _empty((3, part.pairs), dtype=torch.int64, device=part.device)
    keys = _empty((part.pairs,), dtype=torch.int32, device=part.device)
    programs = -(-part.pairs // kernel.LANES)
    kernel.trim_ends[(programs,)](
        *part.tokens, part.pairs, *measures, keys, counts, counts.stride(0), threads=kernel.LANES, num_warps=1
    )
    keys, order = keys.sort()
    _, rows, columns = measures
    # A warp for each of the four schedulers of a multiprocessor.
    launches = plan(keys, order, rows, columns, memory, least_tiles=4 * _multiprocessors(part.device))
    return _Trimmed(measures, order, launches, _planes(part))


def _planes(part: _Part) -> int:
    largest = max((int(values.max()) for values in part.tokens[::2] if len(values)), default=0)
    return next(planes for planes in PLANES if largest < 1 << planes)


def _launch(
    tiles: Any, part: _Part, trimmed: _Trimmed, group: Group, memory: int, output: Tensor, places: Tensor | int
) -> None:
    """Run `count_tiles` or `write_tiles` on a group."""
    most = _PROGRAMS * _multiprocessors(part.device) if part.device.type == "cuda" else _INTERPRETED_PROGRAMS
    tile_bytes = max(1, group.lanes * group.pair_bytes)
    programs = max(1, min(group.tiles, most, memory // tile_bytes))
    lanes = programs * group.columns * group.lanes
    word = torch.uint32 if group.width == 32 else torch.uint64
    rises, falls = (_empty((lanes * group.blocks,), dtype=word, device=part.device) for _ in range(2))
    carried = group.kind >= kernel.BLOCKS
    carries = _empty((lanes if carried else 0,), dtype=torch.uint8, device=part.device)
    tiles[(programs,)](
        *part.tokens, *trimmed.measures, trimmed.order, group.first, group.pairs, group.lanes, rises, falls, carries,
        group.blocks, group.columns, output, places,
        word_bits=group.width, carried=carried, planes=trimmed.planes, threads=kernel.LANES, num_warps=1,
    )  # fmt: skip


def _parts(reference: Ragged, hypothesis: Ragged, device: torch.device, memory: int) -> Iterator[_Part]:
    """Cut a batch so that what a part brings to the device fits the budget, at one pair the least."""
    brought = [_TOKEN_BYTES * (side.values.device != device) for side in (reference, hypothesis)]
    total = _PAIR_BYTES * len(reference)
    total += sum(each * len(side.values) for each, side in zip(brought, (reference, hypothesis), strict=True))
    cuts = [0, len(reference)]
    if total > memory:
        sizes = (each * side.offsets.cpu() for each, side in zip(brought, (reference, hypothesis), strict=True))
        cost = _PAIR_BYTES * torch.arange(len(reference) + 1) + sum(sizes)
        wanted = torch.arange(memory, total, memory)
        cuts = torch.unique(torch.tensor([0, *torch.searchsorted(cost, wanted).tolist(), len(reference)])).tolist()
    for first, end in pairwise(cuts):
        if end > first:
            yield _Part(first, (*_slice(reference, first, end, device), *_slice(hypothesis, first, end, device)))


def _slice(side: Ragged, first: int, end: int, device: torch.device) -> tuple[Tensor, Tensor]:
    offsets = side.offsets[first : end + 1]
    if side.values.device == device:
        return side.values.contiguous(), offsets.to(device, non_blocking=True).contiguous()
    start, stop = offsets[0], offsets[-1]
    values = side.values[start:stop].to(device, non_blocking=True)
    return values.contiguous(), (offsets - start).to(device, non_blocking=True)


def _on_cpu(part: _Part, pairs: Tensor) -> tuple[Ragged, Ragged]:
    reference, reference_offsets, hypothesis, hypothesis_offsets = part.tokens
    sides = ((reference, reference_offsets), (hypothesis, hypothesis_offsets))
    chosen = []
    for values, offsets in sides:
        bounds = zip(offsets[pairs].tolist(), offsets[pairs + 1].tolist(), strict=True)
        sequences = [values[start:end].cpu() for start, end in bounds]
        chosen.append(Ragged(torch.cat(sequences), _offsets(torch.tensor([len(each) for each in sequences]))))
    return chosen[0], chosen[1]


def _offsets(lengths: Tensor) -> Tensor:
    offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64, device=lengths.device)
    torch.cumsum(lengths, dim=0, out=offsets[1:])
    return offsets


def _empty(shape: tuple[int, ...], *, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty(shape, dtype=dtype, device=device)


def _multiprocessors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1


def _on(device: torch.device) -> AbstractContextManager[Any]:
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _require(reference: Ragged, hypothesis: Ragged, device: torch.device | str, memory: int) -> torch.device:
    if len(reference) != len(hypothesis):
        raise ValueError(f"{len(reference)} references and {len(hypothesis)} hypotheses; accepted are equal numbers")
    if memory < 1:
        raise ValueError(f"memory is {memory}; accepted is 1 or more")
    place = torch.device(device)
    if place.type == "cuda":
        return torch.device("cuda", place.index if place.index is not None else torch.cuda.current_device())
    if place.type != "cpu" or isinstance(kernel.trim_ends, triton.JITFunction):
        raise ValueError(f'device is "{place}"; accepted is "cuda", or "cpu" under TRITON_INTERPRET=1')
    return place

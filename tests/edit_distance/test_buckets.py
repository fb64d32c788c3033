"""Which pairs a launch of the CUDA path takes together; no kernel runs here."""

import random

import pytest
import torch

from callgap_kernels.edit_distance import buckets, triton_kernel


def sort_key(rows: int, columns: int) -> int:
    if not rows or not columns:
        return columns
    blocks = -(-rows // 64)
    kind = (1 if rows <= 32 else 2) if blocks == 1 else 2 + (blocks - 1).bit_length()
    return (kind << 26) + columns


def planned(lengths: list[tuple[int, int]], memory: int) -> tuple[buckets.Plan, list[tuple[int, int]]]:
    lengths = sorted(lengths, key=lambda pair: sort_key(*pair))
    keys = torch.tensor([sort_key(*pair) for pair in lengths], dtype=torch.int32)
    rows, columns = torch.tensor(lengths).T
    return buckets.plan(keys, torch.arange(len(lengths)), rows, columns, memory, least_tiles=8), lengths


@pytest.mark.parametrize("memory", [2**12, 2**20, 2**31])
def test_a_plan_takes_each_pair_once_within_the_budget(memory: int) -> None:
    rng = random.Random(5)
    lengths = [(round(10 ** rng.uniform(0, 4)) - 1, round(10 ** rng.uniform(0, 4)) - 1) for _ in range(500)]
    plan, lengths = planned(lengths, memory)
    places = [range(group.first, group.first + group.pairs) for group in plan.groups]
    assert sorted([place for each in places for place in each] + plan.oversized) == list(range(500))
    for group, taken in zip(plan.groups, places, strict=True):
        settled = group.kind == triton_kernel.SETTLED
        assert settled or max(lengths[place][1] for place in taken) <= group.columns
        assert settled or max(lengths[place][0] for place in taken) <= group.blocks * group.width
        assert group.lanes * group.pair_bytes <= memory
    alone = [-(-lengths[place][0] // 32) * 4 * 2 * lengths[place][1] for place in plan.oversized]
    assert all(2 * size > memory for size in alone)


def test_what_a_plan_pads_is_bounded() -> None:
    rng = random.Random(6)
    plan, lengths = planned([(rng.randint(1, 3_000), rng.randint(1, 3_000)) for _ in range(2_000)], 2**31)
    for group in plan.groups:
        taken = lengths[group.first : group.first + group.pairs]
        assert group.columns < 256 or group.columns < 2 * min(columns for _, columns in taken)
        assert group.blocks <= 2 * -(-min(rows for rows, _ in taken) // 64)


def test_few_long_pairs_are_spread_over_tiles() -> None:
    plan, _ = planned([(1_000, 1_000)] * 10, 2**31)
    assert [(group.lanes, group.tiles) for group in plan.groups] == [(1, 10)]

"""Which pairs a launch of the CUDA path takes together, and how much scratch memory it needs.

Pairs come sorted by key: how many words their rows take, then their columns. A group is a run of that order whose pairs
need about the same, so that what a tile pads stays small: columns up to 255, then within a factor of 2; rows of at most
32, of at most 64, then blocks of 64 within a factor of 2.
"""

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from callgap_kernels.edit_distance.triton_kernel import BEYOND, BLOCKS, COLUMN_BITS, LANES, ONE_WORD, SETTLED

# Below this many columns scratch memory is small, and a launch more would cost more than it saves.
_FEW_COLUMNS_BITS: Final = 8


@dataclass(frozen=True)
class Group:
    """Pairs of one launch.

    Attributes:
        kind: Class of the pairs, SETTLED to BEYOND.
        first: Place of the first pair in sorted order.
        pairs: Number of pairs.
        columns: Most columns of a pair.
        blocks: Most words that the rows of a pair take.
        lanes: Pairs of a tile.
    """

    kind: int
    first: int
    pairs: int
    columns: int
    blocks: int
    lanes: int = LANES

    @property
    def width(self) -> int:
        """Rows per word."""
        return 32 if self.kind in (SETTLED, ONE_WORD) else 64

    @property
    def tiles(self) -> int:
        """Tiles of the pairs."""
        return -(-self.pairs // self.lanes)

    @property
    def pair_bytes(self) -> int:
        """Scratch bytes of a lane: two words per column and block, and a carry per column between blocks."""
        return self.columns * (2 * self.blocks * self.width // 8 + (self.kind >= BLOCKS))


@dataclass(frozen=True)
class Plan:
    """Launches of a batch.

    Attributes:
        groups: What the device takes; settled pairs, if any, come first.
        oversized: Places, in sorted order, of the pairs that exceed the budget alone.
    """

    groups: list[Group]
    oversized: list[int]


def plan(keys: Tensor, order: Tensor, rows: Tensor, columns: Tensor, memory: int, least_tiles: int) -> Plan:
    """Group the pairs of a batch.

    Args:
        keys: Int32 [pair], sorted.
        order: Int64 [pair], the pair of each key.
        rows: Int64 [pair], reference tokens between the common ends.
        columns: Int64 [pair], hypothesis tokens between the common ends.
        memory: Bytes that the scratch of a launch may take.
        least_tiles: Tiles that keep the device busy; long pairs share a tile only beyond that.

    Returns:
        Launches such that a tile of each fits the budget.
    """
    groups: list[Group] = []
    oversized: list[int] = []
    for bucket in _buckets(keys, order, rows, columns):
        places = range(bucket.first, bucket.first + bucket.pairs)
        if bucket.kind == BEYOND:
            oversized += places
        elif bucket.pair_bytes <= memory:
            groups.append(_spread(bucket, memory, least_tiles))
        else:
            alone = [_alone(bucket, place, order, rows, columns) for place in places]
            groups += [group for group in alone if group.pair_bytes <= memory]
            oversized += [group.first for group in alone if group.pair_bytes > memory]
    return Plan(groups, oversized)


def _buckets(keys: Tensor, order: Tensor, rows: Tensor, columns: Tensor) -> list[Group]:
    edges = [0, *(1 << bits for bits in range(_FEW_COLUMNS_BITS, COLUMN_BITS))]
    bounds = [(kind << COLUMN_BITS) + edge for kind in range(BEYOND + 1) for edge in edges]
    starts = torch.searchsorted(keys, torch.tensor(bounds, dtype=torch.int32, device=keys.device))
    ends = torch.cat([starts[1:], starts.new_tensor([len(keys)])])
    # Within a bucket keys grow with the columns, so the last pair has the most.
    most = columns[order[(ends - 1).clamp(min=0)]]
    table = zip(bounds, *torch.stack([starts, ends, most]).tolist(), strict=True)
    buckets = []
    for bound, start, end, widest in table:
        if start == end:
            continue
        kind = bound >> COLUMN_BITS
        blocks = -(-int(rows[order[start:end]].max()) // 64) if BLOCKS <= kind < BEYOND else 1
        buckets.append(Group(kind, start, end - start, 0 if kind == SETTLED else widest, blocks))
    return buckets


def _spread(bucket: Group, memory: int, least_tiles: int) -> Group:
    """Put fewer pairs into a tile where the memory, or how few long pairs there are, asks for it."""
    lanes = LANES
    few = bucket.kind >= BLOCKS
    while lanes > 1 and (lanes * bucket.pair_bytes > memory or (few and bucket.pairs < lanes * least_tiles)):
        lanes //= 2
    return replace(bucket, lanes=lanes)


def _alone(bucket: Group, place: int, order: Tensor, rows: Tensor, columns: Tensor) -> Group:
    pair = order[place]
    blocks = -(-int(rows[pair]) // bucket.width)
    return replace(bucket, first=place, pairs=1, columns=int(columns[pair]), blocks=blocks, lanes=1)

"""What became of which token, by group."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from callgap_kernels import NO_TOKEN, Alignment, EditOperation, Ragged, align, count_confusions

SEQUENCES = st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=5)


def walked(said: list[int], heard: list[int], operations: tuple[EditOperation, ...]) -> list[tuple[int, int]]:
    """Pairs of tokens, read off one operation at a time."""
    ours, theirs, found = iter(said), iter(heard), []
    for operation in operations:
        left = NO_TOKEN if operation == EditOperation.INSERTION else next(ours)
        right = NO_TOKEN if operation == EditOperation.DELETION else next(theirs)
        found.append((left, right))
    return found


@given(SEQUENCES, SEQUENCES, st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_counts_are_those_of_a_walk_along_each_alignment(
    said: list[list[int]], heard: list[list[int]], groups: list[int]
) -> None:
    pairs = min(len(said), len(heard))
    reference, hypothesis = Ragged.from_sequences(said[:pairs]), Ragged.from_sequences(heard[:pairs])
    alignment = align(reference, hypothesis)
    expected = Counter(
        (groups[pair], *tokens)
        for pair in range(pairs)
        for tokens in walked(said[pair], heard[pair], alignment.of_pair(pair))
    )
    table = count_confusions(reference, hypothesis, alignment, torch.tensor(groups[:pairs]))
    columns = (table.group, table.said, table.heard, table.count)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert {row[:3]: row[3] for row in rows} == expected
    assert rows == sorted(rows)


def test_the_largest_token_and_group_are_kept_apart() -> None:
    largest = 2**31 - 1
    said, heard = Ragged.from_sequences([[largest], [0]]), Ragged.from_sequences([[largest - 1], [largest]])
    table = count_confusions(said, heard, align(said, heard), torch.tensor([2**40, 0]))
    assert table.group.tolist() == [0, 2**40]
    assert table.said.tolist() == [0, largest]
    assert table.heard.tolist() == [largest, largest - 1]


def test_the_largest_groups_are_not_mixed_up() -> None:
    said = Ragged.from_sequences([[1, 2, 3], [4], [1]])
    groups = torch.tensor([2**62, 2**63 - 1, 0])
    table = count_confusions(said, said, align(said, said), groups)
    assert table.group.tolist() == [0, *[2**62] * 3, 2**63 - 1]
    assert table.said.tolist() == [1, 1, 2, 3, 4]


def test_no_pair_gives_no_row() -> None:
    nothing = Ragged.from_sequences([])
    table = count_confusions(nothing, nothing, align(nothing, nothing), torch.empty(0, dtype=torch.int64))
    assert len(table.count) == 0


def test_an_alignment_of_other_sequences_is_refused() -> None:
    said, heard = Ragged.from_sequences([[1, 2]]), Ragged.from_sequences([[1]])
    with pytest.raises(ValueError, match="the alignment is not of these sequences"):
        count_confusions(heard, said, align(said, heard), torch.tensor([0]))


def test_an_alignment_with_other_boundaries_is_refused() -> None:
    said = Ragged.from_sequences([[1], [2, 3]])
    alignment = Alignment(torch.zeros(3, dtype=torch.uint8), torch.tensor([0, 2, 3]))
    with pytest.raises(ValueError, match="the alignment is not of these sequences"):
        count_confusions(said, said, alignment, torch.tensor([0, 0]))


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (torch.tensor([0]), r"group is torch.int64 \(1,\); accepted is int64 \(2,\)"),
        (torch.tensor([0.0, 1.0]), "group is torch.float32"),
        (torch.tensor([0, -3]), "pair 1: group is -3; accepted is 0 or more"),
    ],
)
def test_groups_that_are_none_are_refused(group: torch.Tensor, message: str) -> None:
    said = Ragged.from_sequences([[1], [2]])
    with pytest.raises(ValueError, match=message):
        count_confusions(said, said, align(said, said), group)

"""Recordings are read ahead by threads: the order stays, faults reach their caller, and memory stays bounded."""

import threading
import time

import pytest
import torch

from callgap.corpus.ahead import items_ahead
from callgap.corpus.files import Item
from callgap.records import OK


def item(name):
    return Item(name, torch.zeros(1), (0, 1), OK)


def windows(row):
    yield from (item(f"{row}.{window}") for window in range(row % 3))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_items_come_in_the_order_of_the_rows_with_all_their_windows(workers):
    expected = [f"{row}.{window}" for row in range(50) for window in range(row % 3)]
    assert [found.utterance_id for found in items_ahead(range(50), windows, workers)] == expected


def test_rows_are_read_at_once_on_several_threads():
    meeting = threading.Barrier(2, timeout=20)

    def together(row):
        if row < 2:
            # Neither goes on before the other is here.
            meeting.wait()
        yield item(str(row))

    assert [found.utterance_id for found in items_ahead(range(4), together, 2)] == ["0", "1", "2", "3"]


def test_no_more_rows_are_begun_than_are_kept_waiting():
    begun = []

    def noted(row):
        begun.append(row)
        yield item(str(row))

    items = items_ahead(range(1000), noted, 2)
    next(items)
    time.sleep(0.05)
    assert len(begun) <= 12
    items.close()


def test_a_fault_of_a_row_is_raised_where_its_items_are_due():
    def broken(row):
        if row == 3:
            raise ValueError("row three")
        yield item(str(row))

    items = items_ahead(range(10), broken, 3)
    assert [next(items).utterance_id for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(ValueError, match="row three"):
        next(items)

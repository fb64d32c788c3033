"""The control changes nothing, so every delta to it is exactly zero."""

import torch

from callgap.alteration import Identity
from callgap.audio import batch_of
from callgap.records import ItemStatus, Status


def test_every_delta_is_exactly_zero():
    signals = [torch.rand(n, generator=torch.Generator().manual_seed(n)) * 2 - 1 for n in (0, 1, 999)]
    batch = batch_of(
        signals, 16000, ["a", "b", "c"], [ItemStatus(Status.EXCLUDED, "empty_audio"), *[ItemStatus(Status.OK)] * 2]
    )
    altered = Identity().alter(batch)
    assert not (altered.samples - batch.samples).any()
    assert torch.equal(altered.lengths, batch.lengths)
    assert (altered.sample_rate, altered.utterance_ids, altered.statuses) == (16000, ("a", "b", "c"), batch.statuses)

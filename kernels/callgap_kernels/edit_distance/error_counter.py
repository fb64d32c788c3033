"""Errors per speaker, summed over as many batches as come, in constant memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from callgap_kernels.edit_distance.counts import TIES, EditCounts
from callgap_kernels.edit_distance.dispatch import count_edits, require_options
from callgap_kernels.options import require_whole
from callgap_kernels.tokens import Ragged

WHOLE: Final = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


@dataclass(frozen=True, eq=False)
class SpeakerErrors:
    """Sums over all pairs of each speaker.

    Attributes:
        pairs: Int64 tensor [speaker], pairs seen.
        counts: Sums of hits, substitutions, deletions and insertions, int64 [speaker].
    """

    pairs: Tensor
    counts: EditCounts


class ErrorCounter:
    """Sums the edits of batches per speaker; what it holds does not grow with the batches.

    Example:
        >>> counter = ErrorCounter(speakers=2)
        >>> said, heard = Ragged.from_sequences([[7, 8], [7], [9]]), Ragged.from_sequences([[7], [7], [8]])
        >>> counter.update(said, heard, [0, 0, 1])
        >>> sums = counter.compute()
        >>> sums.counts.hits, sums.counts.errors
        (tensor([2, 0]), tensor([1, 1]))
    """

    def __init__(self, speakers: int, *, device: str | None = None, threads: int = 1) -> None:
        """Start at 0.

        Args:
            speakers: Number of speakers; their ids are 0 to speakers - 1.
            device: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else the CPU.
            threads: Threads of the CPU path.

        Raises:
            ValueError: If there is no speaker, or `device` or `threads` is not accepted.
        """
        require_whole("speakers", speakers, 1)
        self._place = require_options(device, threads, TIES)
        self._threads = threads
        self._sums = torch.zeros((speakers, 5), dtype=torch.int64, device=self._place)

    def update(self, references: Ragged, hypotheses: Ragged, speaker_ids: Tensor | Sequence[int]) -> None:
        """Add a batch; one that is refused changes nothing.

        Args:
            references: What was said, one sequence per pair.
            hypotheses: What was recognized, one sequence per pair.
            speaker_ids: Speaker of each pair, integers [pair].

        Raises:
            ValueError: If the numbers of pairs or ids differ, or an id is of no speaker; the message names the pair.
        """
        ids = self._checked(speaker_ids, pairs=len(references))
        counts = count_edits(references, hypotheses, device=str(self._place), threads=self._threads)
        columns = [counts.hits, counts.substitutions, counts.deletions, counts.insertions, torch.ones_like(ids)]
        self._sums.index_add_(0, ids, torch.stack(columns, dim=1))

    def compute(self) -> SpeakerErrors:
        """Give the sums so far.

        Returns:
            Copies, on the device.
        """
        hits, substitutions, deletions, insertions, pairs = self._sums.T.contiguous().clone()
        return SpeakerErrors(pairs, EditCounts(hits, substitutions, deletions, insertions))

    def reset(self) -> None:
        """Start again at 0."""
        self._sums.zero_()

    def _checked(self, speaker_ids: Tensor | Sequence[int], pairs: int) -> Tensor:
        ids = _whole_numbers(speaker_ids).to(self._place)
        if ids.shape != (pairs,):
            raise ValueError(f"speaker_ids has shape {tuple(ids.shape)}; accepted is one id per pair, ({pairs},)")
        unknown = torch.nonzero((ids < 0) | (ids >= len(self._sums)))
        if len(unknown):
            pair = int(unknown[0])
            raise ValueError(f"pair {pair}: speaker id is {int(ids[pair])}; accepted is 0 to {len(self._sums) - 1}")
        return ids


def _whole_numbers(ids: Tensor | Sequence[int]) -> Tensor:
    if isinstance(ids, Tensor):
        if ids.dtype not in WHOLE:
            raise ValueError(f"speaker_ids has dtype {ids.dtype}; accepted are integers")
        return ids.long()
    values = np.array(ids)
    if not values.size:
        return torch.zeros(values.shape, dtype=torch.int64)
    if values.dtype.kind not in "iu":
        raise ValueError(
            f"speaker_ids has dtype {values.dtype}; accepted are integers, 0 to the number of speakers - 1"
        )
    return torch.from_numpy(values.astype(np.int64))

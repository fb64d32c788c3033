"""Errors per speaker, summed over as many batches as come, in constant memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from callgap_kernels.device import choose_device
from callgap_kernels.edit_distance.counts import EditCounts
from callgap_kernels.edit_distance.dispatch import count_edits
from callgap_kernels.tokens import Ragged


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
            ValueError: If there is no speaker, or `device` is not accepted.
        """
        if speakers < 1:
            raise ValueError(f"speakers is {speakers}; accepted is 1 or more")
        self._place = choose_device(device)
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
        ids = torch.as_tensor(speaker_ids, device=self._place)
        if not len(ids):
            ids = ids.long()
        if ids.dtype.is_floating_point or ids.dtype in (torch.bool, torch.complex64, torch.complex128):
            raise ValueError(f"speaker_ids has dtype {ids.dtype}; accepted are integers")
        if ids.shape != (pairs,):
            raise ValueError(f"speaker_ids has shape {tuple(ids.shape)}; accepted is one id per pair, ({pairs},)")
        ids = ids.long()
        unknown = torch.nonzero((ids < 0) | (ids >= len(self._sums)))
        if len(unknown):
            pair = int(unknown[0])
            raise ValueError(f"pair {pair}: speaker id is {int(ids[pair])}; accepted is 0 to {len(self._sums) - 1}")
        return ids

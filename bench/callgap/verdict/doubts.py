"""What takes a verdict from a contrast whose limits alone support it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.fairness.gaps import Method
from callgap.fairness.standing import MARGIN
from callgap.verdict.cells import MARGIN as SIMULATED_MARGIN
from callgap.verdict.cells import is_offered
from callgap.verdict.words import DISADVANTAGED, UNCERTAIN, WITHIN, by_limits

_EVEN = "recordings in which speakers say about equally much"
_ALONE = "speakers among whom no single one decides"
_KEPT = "a run in which no text is lost"


@dataclass(frozen=True)
class Doubts:
    """What takes a verdict from a contrast whose limits alone support it: each a reason and what would change it."""

    contrast: Mapping[str, Any]
    margin: float
    others: Sequence[Mapping[str, Any]]

    def of(self, verdict: str) -> tuple[str, str] | None:
        """The first doubt about a verdict; about its size for `disadvantaged` is asked elsewhere."""
        doubts = (
            self.of_method,
            self.of_proof,
            self._lost,
            self._normalizers,
            self._weights,
            self._references,
            self._one_speaker,
        )
        return next((found for doubt in doubts if (found := doubt(verdict))), None)

    def of_size(self) -> tuple[str, str] | None:
        """Why a gap above the margin may be one below it."""
        half = self.margin / 2
        alone = self.contrast.get("difference_leave_one_out")
        if alone is not None and alone <= half:
            found = f"without one speaker the gap is {_points(alone)}, not above half the margin"
            return found, _ALONE
        charged = self.contrast.get("difference_lost_charged_lower")
        if charged is not None and charged <= self.margin:
            return "it does not hold when lost texts count as errors", _KEPT
        mean = self.contrast.get("difference_speaker_mean")
        if mean is not None and self._weighs() and mean <= self.margin:
            return f"it depends on how speakers are weighted: in speaker means the gap is {_points(mean)}", _EVEN
        return None

    def of_method(self, verdict: str) -> tuple[str, str] | None:
        """Exact limits of rare events never say that groups are alike."""
        if verdict == WITHIN and self.contrast.get("method") == Method.EXACT:
            return "a group has hardly any such event, or none, and so few show nothing", "more calls per speaker"
        return None

    def of_proof(self, verdict: str) -> tuple[str, str] | None:
        """Whether simulation has shown that the verdict is rarely false with so many speakers."""
        sizes = [self._effective(side) for side in ("group", "reference")]
        if verdict == WITHIN and min(sizes) < MARGIN:
            found = f"it needs {MARGIN} speakers on each side, here worth {sizes[0]:.0f} and {sizes[1]:.0f}"
            return found, f"at least {MARGIN} speakers on each side, who speak about equally much"
        if verdict == WITHIN and self.margin > SIMULATED_MARGIN:
            found = f"it is proven for margins of up to {100 * SIMULATED_MARGIN:g} points, here {100 * self.margin:g}"
            return found, "a margin no wider than that"
        if is_offered(verdict, *sizes):
            return None
        found = f"{sizes[0]:.0f} and {sizes[1]:.0f}"
        return (
            f"with speakers worth {found} its error rate is not proven (results/evidence/cells.csv)",
            "more speakers, or speakers who speak about equally much",
        )

    def _effective(self, side: str) -> float:
        worth = self.contrast.get(f"{side}_effective_speakers")
        return float(self.contrast[f"{side}_speakers"] if worth is None else worth)

    def _lost(self, verdict: str) -> tuple[str, str] | None:
        gap, lower, upper = (self.contrast.get(f"difference_lost_charged{end}") for end in ("", "_lower", "_upper"))
        if gap is None and lower is None and upper is None:
            return None
        if lower is not None and upper is not None and _supports(verdict, lower, upper, self.margin):
            return None
        return "it does not hold when lost texts count as errors", _KEPT

    def _normalizers(self, verdict: str) -> tuple[str, str] | None:
        if self.contrast.get("normalizer") is not None and not self.others:
            return "only one normalizer is declared, and a verdict needs two", "a second declared normalizer"
        for row in self.others:
            lower, upper = row.get("difference_lower"), row.get("difference_upper")
            wanted = UNCERTAIN if verdict == DISADVANTAGED else verdict
            if lower is None or upper is None or not _supports(wanted, lower, upper, self.margin):
                name = row["normalizer"]
                return f"it does not hold under the normalizer {name}", "spelling that is the same for every group"
        return None

    def _weights(self, verdict: str) -> tuple[str, str] | None:
        mean = self.contrast.get("difference_speaker_mean")
        if mean is None or not self._weighs() or _supports(verdict, mean, mean, self.margin):
            return None
        return f"it depends on how speakers are weighted: in speaker means the gap is {_points(mean)}", _EVEN

    def _weighs(self) -> bool:
        mean = self.contrast.get("difference_speaker_mean")
        return mean is not None and abs(mean - self.contrast["difference"]) > self.margin

    def _references(self, verdict: str) -> tuple[str, str] | None:
        error = self.contrast.get("reference_error")
        if error is None or verdict not in (DISADVANTAGED, UNCERTAIN) or self.contrast["difference_lower"] > error:
            return None
        return (
            f"errors of the references alone may make up {_points(error)} of it",
            "references transcribed from the recordings",
        )

    def _one_speaker(self, verdict: str) -> tuple[str, str] | None:
        alone = self.contrast.get("difference_leave_one_out")
        if alone is None or verdict not in (DISADVANTAGED, UNCERTAIN) or alone > 0:
            return None
        return "without one speaker there is no gap", _ALONE


def _supports(verdict: str, lower: float, upper: float, margin: float) -> bool:
    """Whether limits found in another way allow a verdict: a gap must exclude 0, its size is asked elsewhere."""
    if verdict == UNCERTAIN:
        return lower > 0
    if verdict == DISADVANTAGED:
        return lower > margin
    return by_limits(lower, upper, margin) == verdict


def _points(rate: float) -> str:
    return f"{100 * rate:+.1f} points"

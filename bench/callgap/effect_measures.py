"""What is counted before and after an alteration, utterance by utterance: endpoints, and words heard otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from callgap.assembly import units
from callgap.effect_pairs import Pair
from callgap.evaluation import split_probes
from callgap.fairness.before_after import Measured
from callgap.fairness.endpoints import ENDPOINTS, capped, per_speaker
from callgap.finished import Finished
from callgap.ivr import without_repetitions
from callgap.records import Status
from callgap_kernels import count_errors

CONTENT_CHANGED = "content_changed"
"""Words by which the text after differs from the text before, per word of the text before. Some are corrections."""

BESIDE = ("not_completed", "wer", "cer", "unusable")
"""Endpoints that are told beside the declared ones: their limits hold together too, and do not widen those of these."""

RATE, LEVEL = "rate", "level"

Frames = tuple[pd.DataFrame, pd.DataFrame]
"""Observations before and after: `speaker_id`, `utterance_id`, `numerator`, `denominator`."""


@dataclass(frozen=True, eq=False)
class Observations:
    """One measure, before and after.

    Attributes:
        name: of the measure.
        measured: what it is.
        frames: of the utterances (or calls) that either run tells something of.
        charged: the same with lost texts counted as wrong; None where nothing was lost, or where that says nothing.
        pooled: a ratio of sums over speakers; else speakers weigh equally.
        cap: most that a speaker weighs, as a multiple of the median speaker.
        normalizer: under which texts were compared; None of calls and voices.
        sums: by speaker, before and after, where these are no sums of `frames`.
        attribute: of which alone it is told; None of all.
        is_beside: whether it is none of the declared endpoints, and its limits are apart from theirs.
    """

    name: str
    measured: Measured
    frames: Frames
    charged: Frames | None = None
    pooled: bool = False
    cap: float | None = None
    normalizer: str | None = None
    sums: Frames | None = None
    attribute: str | None = None
    is_beside: bool = False

    @cached_property
    def common(self) -> set[str]:
        """Utterances that both runs tell something of."""
        return _common(self.frames)

    @cached_property
    def by_speaker(self) -> Frames:
        """Sums of each speaker over the common utterances."""
        return self.sums or self._summed(self.frames)

    @cached_property
    def charged_by_speaker(self) -> Frames | None:
        """The same with lost texts counted as wrong."""
        return self._summed(self.charged) if self.charged else None

    def counted(self, speakers: Collection[str]) -> tuple[int, int]:
        """Common utterances of some speakers, and those that only one of both runs tells something of."""
        people = list(speakers)
        ids = [set(frame.loc[frame["speaker_id"].isin(people), "utterance_id"]) for frame in self.frames]
        return len(ids[0] & ids[1]), len(ids[0] ^ ids[1])

    def _summed(self, frames: Frames) -> Frames:
        common = list(_common(frames))
        before, after = (
            capped(
                per_speaker(frame[frame["utterance_id"].isin(common)], self.pooled), self.cap if self.pooled else None
            )
            for frame in frames
        )
        return before, after


def _common(frames: Frames) -> set[str]:
    return set(frames[0]["utterance_id"]) & set(frames[1]["utterance_id"])


@dataclass(frozen=True)
class Heard:
    """What became of one utterance."""

    status: str
    reason: str | None
    text: str | None


@dataclass(eq=False)
class Runs:
    """What is read of runs, each once: one run before an alteration stands beside many after it."""

    _read: dict[tuple[str, str], Any] = field(default_factory=dict)

    def observed(self, run: Finished, *, charged: bool) -> dict[str, pd.DataFrame]:
        """By endpoint, one row per utterance."""
        key = str(run.directory.path), f"observed {charged}"
        if key not in self._read:
            found = run.observed(charged=charged)
            # Whether 700 are in a group takes ten times as long to ask of Arrow's texts.
            self._read[key] = {name: f.assign(speaker_id=f["speaker_id"].astype(object)) for name, f in found.items()}
        known: dict[str, pd.DataFrame] = self._read[key]
        return known

    def unit(self, run: Finished) -> Mapping[str, Any]:
        """The objects of the run's configuration."""
        key = str(run.directory.path), "unit"
        if key not in self._read:
            self._read[key] = units(run.directory.config())
        known: Mapping[str, Any] = self._read[key]
        return known

    def heard(self, run: Finished) -> dict[str, Heard]:
        """By utterance, what was understood where it begins a call; what only probes the recognizer is left out."""
        key = str(run.directory.path), "heard"
        if key not in self._read:
            hypotheses = run.directory.read_table("hypotheses.parquet")
            tables = (without_repetitions(table) for table in (run.utterances, hypotheses))
            rows, _ = split_probes(self.unit(run)["ivr"], *tables)
            names = ("utterance_id", "status", "reason", "text")
            self._read[key] = {
                row["utterance_id"]: Heard(row["status"], row["reason"], row["text"])
                for row in rows.select(names).to_pylist()
            }
        known: dict[str, Heard] = self._read[key]
        return known


def rates(pair: Pair, runs: Runs) -> list[Observations]:
    """The endpoints that the runs declare, what is heard otherwise after the alteration, and `BESIDE`.

    Args:
        pair: of runs.
        runs: what was read of them.

    Returns:
        Those of which both runs tell something for an utterance.
    """
    found = [*_endpoints(pair, runs), _content_changed(pair, runs)]
    return [each for each in found if each is not None and each.common]


def lost_or_excluded(heard: Mapping[str, Heard], of: Mapping[str, str], speakers: Collection[str]) -> dict[str, int]:
    """How many utterances of some speakers have no text, by status and reason.

    Args:
        heard: by utterance.
        of: by utterance, who speaks.
        speakers: those who count.
    """
    people = set(speakers)
    counted = Counter(
        f"{what.status}:{what.reason}" if what.reason else what.status
        for utterance, what in heard.items()
        if what.status != Status.OK and of[utterance] in people
    )
    return dict(sorted(counted.items()))


def _endpoints(pair: Pair, runs: Runs) -> Iterator[Observations]:
    plan = pair.after.plan
    margins = pair.after.directory.config()["verdict"]["margins"]
    plain, charged = ([runs.observed(run, charged=lost) for run in (pair.before, pair.after)] for lost in (False, True))
    for name in dict.fromkeys([*plan["endpoints"], *BESIDE]):
        endpoint = ENDPOINTS[name]
        frames = plain[0][name], plain[1][name]
        owed = (charged[0][name], charged[1][name]) if name in charged[0] else None
        yield Observations(
            name,
            Measured(True, is_share=endpoint.is_share, margin=margins.get(name)),
            frames,
            owed if owed and _common(owed) != _common(frames) else None,
            endpoint.pooled,
            plan.get("speaker_cap"),
            None if endpoint.of_calls else pair.after.normalizer,
            is_beside=name not in plan["endpoints"],
        )


def _content_changed(pair: Pair, runs: Runs) -> Observations | None:
    """Word errors of the text after, with the text before in the place of what was said."""
    scoring = runs.unit(pair.after)["scoring"]
    normalize = scoring.normalizers[scoring.primary]
    texts = [
        {utterance: normalize(what.text) for utterance, what in runs.heard(run).items() if what.text is not None}
        for run in (pair.before, pair.after)
    ]
    both = [utterance for utterance in texts[0] if utterance in texts[1]]
    if not both:
        return None
    counts = count_errors([texts[0][u] for u in both], [texts[1][u] for u in both], unit="word")
    errors = (counts.substitutions + counts.deletions + counts.insertions).tolist()
    words = (counts.hits + counts.substitutions + counts.deletions).tolist()
    margin = pair.after.directory.config()["verdict"]["margins"].get("wer")
    changed = dict(zip(both, zip(errors, words, strict=True), strict=True))
    speakers = pair.after.speakers
    return Observations(
        CONTENT_CHANGED,
        Measured(True, is_worse=False, margin=margin),
        (_frame(texts[0], changed, speakers, 0), _frame(texts[1], changed, speakers, 1)),
        pooled=True,
        cap=pair.after.plan.get("speaker_cap"),
        normalizer=pair.after.normalizer,
    )


def _frame(
    texts: Mapping[str, str], changed: Mapping[str, tuple[int, int]], speakers: Mapping[str, str], share: int
) -> pd.DataFrame:
    """Rows of all texts; before, no word of any text differs from itself."""
    counts = [changed.get(utterance, (0, 0)) for utterance in texts]
    return pd.DataFrame(
        {
            "speaker_id": pd.Series([speakers[utterance] for utterance in texts], dtype=object),
            "utterance_id": pd.Series(list(texts), dtype=object),
            "numerator": [errors * share for errors, _ in counts],
            "denominator": [words for _, words in counts],
        }
    )

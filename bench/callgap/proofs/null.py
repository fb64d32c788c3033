"""Real speakers under shuffled labels: no group differs from another, whatever is found is false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from hydra.utils import instantiate
from omegaconf import DictConfig

from callgap.configuration import composed
from callgap.errors import InputError
from callgap.fairness.contrasts import Compared
from callgap.fairness.endpoints import observe
from callgap.fairness.gaps import Resampling, simultaneous
from callgap.fairness.membership import membership
from callgap.fairness.standing import Standing
from callgap.fairness.treatment import Treatment
from callgap.proofs.coverage import ALPHA, RESAMPLES
from callgap.proofs.sampling_error import slack
from callgap.proofs.workers import spread
from callgap.records import OUTCOMES, Context
from callgap.scoring import Scorer, WhisperEnglish
from callgap.verdict.words import DISADVANTAGED, UNCERTAIN, by_limits

ATTRIBUTE = "accent"
ENDPOINTS = ("wer", "unusable")
EXPERIMENTS = ("artie-vendors-2019", "afrispeech-vendors")
FEWEST = 200
"""Arrangements of the labels of each system, at the least, for the published figure."""

_CHUNK = 10


@dataclass(frozen=True, eq=False)
class Spoken:
    """What one recognizer made of real speakers.

    Attributes:
        corpus: name of the corpus.
        system: name of the recognizer.
        reference: what each group is compared with.
        margins: by endpoint.
        observed: by endpoint, one row per speaker.
        groups: label of each speaker.
    """

    corpus: str
    system: str
    reference: str
    margins: dict[str, float]
    observed: dict[str, pd.DataFrame]
    groups: dict[str, str]


@dataclass(frozen=True)
class Shuffled:
    """Arrangements of the labels of one recognizer's speakers.

    Attributes:
        corpus: name of the corpus.
        system: name of the recognizer.
        reference: what each group is compared with.
        speakers: whose labels were shuffled.
        groups: of enough speakers to be judged.
        arrangements: of the labels.
        any_gap: those in which any group was `disadvantaged` or had a `gap, size uncertain`, by the limits.
        any_disadvantaged: those in which any group was `disadvantaged`.
        accepted: largest share with any gap that is accepted: alpha and two standard errors.
        holds: whether it is no larger.
    """

    corpus: str
    system: str
    reference: str
    speakers: int
    groups: int
    arrangements: int
    any_gap: int
    any_disadvantaged: int
    accepted: float
    holds: bool


@dataclass(frozen=True, eq=False)
class Task:
    """Some arrangements of one recognizer's speakers."""

    spoken: Spoken
    first: int
    arrangements: int
    seed: int


def systems(experiment: str) -> list[str]:
    """The recognizers of an experiment."""
    swept = composed([f"experiment={experiment}"]).hydra.sweeper.params["recognizer"]
    return str(swept).split(",")


def spoken(experiment: str, recognizer: str) -> Spoken:
    """Score one recognizer's texts under the English normalizer.

    Args:
        experiment: that names the corpus and its reference.
        recognizer: one of `systems`.

    Returns:
        Sums per speaker.

    Raises:
        InputError: the corpus or the texts are not there.
    """
    config, utterances, texts = _looked_up(experiment, recognizer)
    references = list(zip(utterances["utterance_id"].to_pylist(), utterances["text"].to_pylist(), strict=True))
    scores = Scorer("whisper-english", {"whisper-english": WhisperEnglish()}, ("word",)).score(references, texts)
    speakers = dict(zip(utterances["utterance_id"].to_pylist(), utterances["speaker_id"].to_pylist(), strict=True))
    observed = observe(scores, OUTCOMES.empty_table(), speakers, "")
    return Spoken(
        str(config.hydra.runtime.choices["corpus"]),
        recognizer,
        config.fairness.references[ATTRIBUTE],
        {name: float(config.verdict.margins[name]) for name in ENDPOINTS},
        {name: _summed(observed[name]) for name in ENDPOINTS},
        membership(utterances, ATTRIBUTE),
    )


def heard_texts(experiment: str, recognizer: str) -> list[tuple[str, str]]:
    """What was said and what was recognized, as written, of each utterance for which there is a text.

    Raises:
        InputError: the corpus or the texts are not there.
    """
    _, utterances, texts = _looked_up(experiment, recognizer)
    said = zip(utterances["utterance_id"].to_pylist(), utterances["text"].to_pylist(), strict=True)
    return [(text, str(texts[name]["text"])) for name, text in said if texts[name]["text"] is not None]


def _looked_up(experiment: str, recognizer: str) -> tuple[DictConfig, pa.Table, dict[str, dict[str, object]]]:
    """The configuration, the table `utterances`, and by utterance id the text and its status."""
    config = composed([f"experiment={experiment}", f"recognizer={recognizer}"])
    corpus, listed = instantiate(config.corpus), instantiate(config.recognizer)
    utterances = corpus.utterances()
    texts: dict[str, dict[str, object]] = {}
    for batch in corpus.load(utterances):
        found = listed.transcribe(batch, Context("en-US"))
        for name, heard in zip(found.utterance_ids, found.hypotheses, strict=True):
            texts[name] = {"text": heard.text, "status": heard.status.status}
    return config, utterances, texts


def _summed(observed: pd.DataFrame) -> pd.DataFrame:
    sums = observed.groupby("speaker_id", sort=True)[["numerator", "denominator"]].sum().reset_index()
    return sums.assign(utterance_id=sums["speaker_id"])


def shuffled(task: Task) -> list[tuple[bool, bool]]:
    """By arrangement, whether any gap was found, and any disadvantage."""
    of = task.spoken
    names, labels = list(of.groups), np.array(list(of.groups.values()))
    found = []
    for number in range(task.first, task.first + task.arrangements):
        mixed = np.random.default_rng([task.seed, number]).permutation(labels)
        compared = _compared(of, dict(zip(names, mixed.tolist(), strict=True)), number)
        verdicts = _verdicts(compared, of.margins)
        found.append((bool(verdicts & {DISADVANTAGED, UNCERTAIN}), DISADVANTAGED in verdicts))
    return found


def _compared(of: Spoken, groups: dict[str, str], seed: int) -> Compared:
    treatment = Treatment(of.observed, groups, of.reference, None, None)
    return Compared(treatment, ENDPOINTS, Resampling(ALPHA, RESAMPLES, seed))


def _verdicts(compared: Compared, margins: dict[str, float]) -> set[str]:
    judged = {key: pair for key, pair in compared.pairs.items() if compared.standing(key) is Standing.JUDGED}
    gaps = simultaneous(judged, compared.plan)
    return {by_limits(gap.difference.lower, gap.difference.upper, margins[key[1]]) for key, gap in gaps.items()}


def run(
    arrangements: int, seed: int, workers: int, experiments: Sequence[str] = EXPERIMENTS
) -> tuple[list[Shuffled], list[str]]:
    """Shuffle the labels of every recognizer's speakers.

    Args:
        arrangements: of each.
        seed: of the shuffling.
        workers: processes.
        experiments: whose corpora are taken.

    Returns:
        One row per recognizer, and a sentence for each experiment whose data are not there.
    """
    found: list[Spoken] = []
    absent = []
    for experiment in experiments:
        try:
            found += [spoken(experiment, recognizer) for recognizer in systems(experiment)]
        except InputError as error:
            absent.append(f"{experiment} is left out: {error}")
    tasks = [
        Task(of, first, min(_CHUNK, arrangements - first), seed)
        for of in found
        for first in range(0, arrangements, _CHUNK)
    ]
    counted: dict[str, list[tuple[bool, bool]]] = {of.system: [] for of in found}
    for task, result in zip(tasks, spread(shuffled, tasks, workers, "shuffled labels"), strict=True):
        counted[task.spoken.system] += result
    return [_row(of, counted[of.system]) for of in found], absent


def _row(of: Spoken, results: list[tuple[bool, bool]]) -> Shuffled:
    gaps, disadvantaged = (sum(result[place] for result in results) for place in (0, 1))
    compared = _compared(of, of.groups, 0)
    judged = {group for group, endpoint in compared.pairs if compared.standing((group, endpoint)) is Standing.JUDGED}
    accepted = ALPHA + slack(ALPHA, len(results))
    return Shuffled(
        of.corpus,
        of.system,
        of.reference,
        len(of.groups),
        len(judged),
        len(results),
        gaps,
        disadvantaged,
        round(accepted, 6),
        gaps / len(results) <= accepted,
    )

"""How far a corpus's groups are from the labels of an accent classifier: groups of ten persons at least, never one.

What the classifier says of an utterance is added up in this process, by speaker, and forgotten; only means of groups
are written. Workers write down what they find utterance by utterance, so this is a pass of its own over the recordings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import torch
from jaxtyping import Float64
from rich.console import Console
from torch import Tensor

from callgap.audio import AudioBatch
from callgap.corpus import Card
from callgap.errors import InputError, one_of
from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.ivr import without_repetitions
from callgap.judging import memberships
from callgap.progress import track
from callgap.records import table
from callgap.run_directory import RunDirectory
from callgap.speech import Noted, Speech
from callgap.voice import AccentClassifier
from callgap.voice_records import ACCENTS

ACCENTS_FILE = "accents.csv"

LEAST_SPEAKERS = 10
"""Groups of fewer are left out: a mean of few persons says much of each."""

_LEAST_WORDS = 4
_SYNTHETIC = "synthetic"
_KEY = "voice.accent_classifier"

Means = Mapping[str, Float64[Tensor, " label"]]


def check_accents(unit: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check that accents are classified only where those who speak agreed, and that it can be done.

    Args:
        unit: by stage, the objects of the configuration.
        choices: by stage, the name of the unit.

    Raises:
        InputError: nobody says who consented, the corpus has no audio or not that attribute, or the checkpoint cannot
            be used.
    """
    classifier: AccentClassifier | None = unit["voice"].accent_classifier
    if classifier is None:
        return
    if not unit["corpus"].has_audio:
        raise InputError(f"{_KEY}: corpus={choices['corpus']} holds transcripts and no audio; accepted: null")
    card = unit["corpus"].card
    _check_consent(classifier.consent, card, choices["corpus"])
    known = [name for name, attribute in card.attributes.items() if attribute.of_person]
    if classifier.attribute not in known:
        raise InputError(
            f"{_KEY}.attribute: the corpus has no attribute of persons {classifier.attribute!r}; "
            f"{one_of(classifier.attribute, known)}"
        )
    _ = classifier.labels


def _check_consent(consent: str | None, card: Card, corpus: str) -> None:
    said = " ".join((consent or "").split())
    if card.synthetic and said == _SYNTHETIC:
        return
    if len(said.split()) < _LEAST_WORDS:
        also = f", or {_SYNTHETIC}" if card.synthetic else ""
        raise InputError(
            f"{_KEY}.consent: found {consent!r} for corpus={corpus}; accepted: a sentence that says who agreed to have "
            f"their accent classified, and how{also}"
        )


def classified(
    directory: RunDirectory,
    speech: Speech,
    utterances: pa.Table,
    unit: Mapping[str, Any],
    choices: Mapping[str, str],
    console: Console,
) -> dict[str, Any]:
    """Classify what a run heard and write `accents.csv`, where the run asks for it.

    Args:
        directory: with the table `covariates` of the whole run.
        speech: the corpus, altered.
        utterances: table `utterances` of the run.
        unit: by stage, the objects of the configuration.
        choices: by stage, the name of the unit.
        console: for progress.

    Returns:
        `accents` for `run.json`: what was asked and which groups are left out; empty where nothing is classified.
    """
    classifier: AccentClassifier | None = unit["voice"].accent_classifier
    if classifier is None:
        return {}
    heard = set(directory.read_table("covariates.parquet")["utterance_id"].to_pylist())
    rows = _usable(utterances, heard)
    names = dict(zip(rows["utterance_id"].to_pylist(), rows["speaker_id"].to_pylist(), strict=True))
    batches = track(_counted(speech, rows), rows.num_rows, "classifying accents", console)
    attributes = {classifier.attribute: unit["corpus"].card.attributes[classifier.attribute]}
    sorted_in = memberships(utterances, unit["fairness"], attributes)[classifier.attribute]
    groups = _groups(speaker_means(classifier, batches, names), sorted_in)
    written = {group: means for group, means in groups.items() if len(means) >= LEAST_SPEAKERS}
    place = {"corpus": choices["corpus"], "alteration": choices["alteration"], "attribute": classifier.attribute}
    found = [{**place, **row} for group, means in written.items() for row in _rows(group, means, classifier.labels)]
    directory.write_table(ACCENTS_FILE, table(found, ACCENTS))
    asked = {name: getattr(classifier, name) for name in ("checkpoint", "revision", "attribute", "consent")}
    return {"accents": {**asked, "groups_left_out": sorted(groups.keys() - written.keys())}}


def speaker_means(classifier: AccentClassifier, batches: Iterator[AudioBatch], speaker_of: Mapping[str, str]) -> Means:
    """Mean probabilities of each speaker, weighted by seconds; they stay in memory.

    Args:
        classifier: of accents.
        batches: altered recordings, each window once.
        speaker_of: by utterance id.

    Returns:
        By speaker, of whom something could be classified, the probability of each label.
    """
    sums: dict[str, Float64[Tensor, " label"]] = defaultdict(lambda: torch.zeros((), dtype=torch.float64))
    seconds: dict[str, float] = defaultdict(float)
    for batch in batches:
        found = classifier.probabilities(batch)
        lengths = (batch.lengths.double() / batch.sample_rate).tolist()
        for utterance, probabilities, length in zip(batch.utterance_ids, found, lengths, strict=True):
            if probabilities is not None:
                sums[speaker_of[utterance]] = sums[speaker_of[utterance]] + length * probabilities
                seconds[speaker_of[utterance]] += length
    return {speaker: total / seconds[speaker] for speaker, total in sums.items()}


def _usable(utterances: pa.Table, heard: set[str]) -> pa.Table:
    rows = without_repetitions(utterances)
    ids, faults = rows["utterance_id"].to_pylist(), rows["fault"].to_pylist()
    kept = [name in heard and fault is None for name, fault in zip(ids, faults, strict=True)]
    return rows.filter(pa.array(kept, pa.bool_()))


def _counted(speech: Speech, rows: pa.Table) -> Iterator[tuple[int, AudioBatch]]:
    for batch in speech.altered(rows, Noted(), measured=False):
        yield int((batch.windows[:, 0] == 0).sum()), batch


def _groups(means: Means, sorted_in: Mapping[str, str]) -> dict[str, list[Float64[Tensor, " label"]]]:
    groups: dict[str, list[Float64[Tensor, " label"]]] = defaultdict(list)
    for speaker in sorted(means):
        if (group := sorted_in[speaker]) not in (UNKNOWN, CONTRADICTORY):
            groups[group].append(means[speaker])
    return {group: groups[group] for group in sorted(groups)}


def _rows(group: str, means: list[Float64[Tensor, " label"]], labels: tuple[str, ...]) -> Iterator[dict[str, object]]:
    mean = torch.stack(means).mean(dim=0).tolist()
    for label, value in zip(labels, mean, strict=True):
        yield {"group": group, "speakers": len(means), "label": label, "mean_probability": value}

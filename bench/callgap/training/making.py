"""Trains every model of a folder and writes down what each of them heard."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from callgap.altering import altering, transmitting
from callgap.progress import track
from callgap.provenance import provenance
from callgap.recognizer.folds import FoldRecord, Folds
from callgap.recognizer.neural.loading import require_transformers
from callgap.training.checkpoint import processor_of, save
from callgap.training.dataset import Dataset, Example, read_dataset, require_audio
from callgap.training.holdout import Fold, folds_of
from callgap.training.loop import Trained, fit, texts_of
from callgap.training.settings import Settings
from callgap.training.unfinished import Unfinished, unfinished
from callgap.weights import device_of


def make(
    unit: Mapping[str, Any], content: Mapping[str, Any], corpus: str, settings: Settings, console: Console
) -> Path:
    """Train one model for each fold and keep them in one folder.

    Args:
        unit: by stage, the objects of the configuration.
        content: the configuration.
        corpus: its name.
        settings: how to train.
        console: for progress.

    Returns:
        The folder: `fold-0`, ... with a checkpoint each, `folds.json` (what each model heard), `train.json`
        (provenance). It is there whole or not at all; models that were finished before an interruption wait beside it,
        in `.NAME.unfinished`, until the same training goes on.

    Raises:
        InputError: the corpus cannot be learned, nobody can be left out as wanted, or a package is missing.
    """
    require_transformers()
    data = _read(unit, content["seed"], settings, console)
    folds = folds_of(data.examples, settings.holdout)
    heard_of = {"name": corpus, "fingerprint": unit["corpus"].fingerprint()}
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads or _cores())
    told = {
        "corpus": heard_of,
        "examples": len(data.examples),
        "left_out": dict(data.left_out),
        "config": {name: content[name] for name in ("corpus", "alteration", "channel", "seed")},
        "train": settings.model_dump(mode="json", exclude={"output"}),
    }
    try:
        with unfinished(settings.output, told | _machine()) as models:
            done = [_fold(fold, f"fold-{n}", models, settings, console) for n, fold in enumerate(folds)]
            Folds(
                holdout=settings.holdout.by,
                groups=tuple(f"{settings.holdout.attribute}={group}" for group in settings.holdout.groups),
                corpus=heard_of,
                language=unit["corpus"].card.language,
                folds=tuple(record for record, _ in done),
            ).write(models.path)
            _write_provenance(models.path, told | {"folds": [note for _, note in done]})
            models.become(settings.output)
    finally:
        torch.set_num_threads(threads)
    return settings.output


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _machine() -> dict[str, object]:
    """What the weights follow from beside corpus and configuration."""
    device = device_of(None, "CALLGAP_DEVICE")
    return {
        "transformers": version("transformers"),
        "trained_on": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
    }


def _write_provenance(folder: Path, told: Mapping[str, object]) -> None:
    text = json.dumps({**provenance(), **_machine(), **told}, indent=1, ensure_ascii=False)
    (folder / "train.json").write_text(text + "\n", encoding="utf-8")


def _read(unit: Mapping[str, Any], seed: int, settings: Settings, console: Console) -> Dataset:
    corpus = unit["corpus"]
    require_audio(corpus)
    utterances = corpus.utterances()
    return read_dataset(
        corpus,
        altering(unit["alteration"], corpus, utterances, seed),
        transmitting(unit["channel"], corpus, utterances, seed),
        unit["engine"],
        sample_rate=settings.sample_rate,
        longest_s=settings.longest_s,
        attribute=settings.holdout.attribute,
        console=console,
    )


def _fold(
    fold: Fold, name: str, models: Unfinished, settings: Settings, console: Console
) -> tuple[FoldRecord, dict[str, Any]]:
    found = models.kept(name)
    if found is not None:
        console.print(f"{name}: finished before", highlight=False)
        return found
    found = _train_fold(fold, models.fresh(name), settings, console)
    models.keep(name, *found)
    return found


def _train_fold(fold: Fold, folder: Path, settings: Settings, console: Console) -> tuple[FoldRecord, dict[str, Any]]:
    device, count = device_of(None, "CALLGAP_DEVICE"), len(fold.heard)
    processor = processor_of((example.text for example in fold.heard), settings)
    epochs = ((count, trained) for trained in fit(fold.heard, processor, settings, device))
    for latest in track(epochs, settings.epochs * count, f"training {folder.name}", console):
        trained: Trained = latest
    exact = _exact(trained, processor, fold.held_out, settings, device)
    sha256 = save(trained.model, processor, folder)
    note: dict[str, Any] = {
        "folder": folder.name,
        "heard": count,
        "held_out": len(fold.held_out),
        "held_out_exact": exact,
        "parameters": trained.model.num_parameters(),
        "losses": [round(loss, 5) for loss in trained.losses],
        "seconds": [round(spent, 2) for spent in trained.seconds],
    }
    if exact is not None:
        console.print(f"{folder.name}: {exact:.1%} of what it was not trained on is exact", highlight=False)
    return FoldRecord(
        folder=folder.name, sha256=sha256, heard=_seconds(fold.heard), held_out=_seconds(fold.held_out)
    ), note


def _exact(
    trained: Trained, processor: Any, examples: Sequence[Example], settings: Settings, device: torch.device
) -> float | None:
    if not examples:
        return None
    texts = texts_of(trained.model, processor, examples, device, settings.batch_size)
    right = sum(text == example.text for text, example in zip(texts, examples, strict=True))
    return round(right / len(examples), 4)


def _seconds(examples: Sequence[Example]) -> dict[str, float]:
    return {example.utterance_id: round(example.duration_s, 4) for example in examples}

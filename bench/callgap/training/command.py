"""The command `train`: from the words of a command line to a folder of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from callgap.assembly import options, units
from callgap.configuration import choices_of, composed, plain, sentence
from callgap.errors import InputError, one_of
from callgap.training.making import make
from callgap.training.settings import Settings, settings_of


def train_command(arguments: Sequence[str], console: Console) -> Path:
    """Do what `callgap train` was told.

    Args:
        arguments: overrides, as in `corpus=fsdd holdout=speaker train.epochs=20`.
        console: for progress.

    Returns:
        The folder of the checkpoints.

    Raises:
        InputError: the arguments, or the corpus, are at fault; no folder is left behind.
    """
    config = composed(_overrides(arguments), config_name="train")
    if config.get("resume") is not None:
        raise InputError(
            f"resume={config.resume}: leave it out; the same command goes on by itself where it was interrupted"
        )
    settings = settings_of(_recipe(config))
    content = plain(_with_corpus(config, settings))
    options(content)
    unit = units(content)
    if settings.output.exists():
        raise InputError(f"train.output={settings.output} is there already: remove it, or name another folder")
    return make(unit, content, choices_of(config)["corpus"], settings, console)


def _overrides(arguments: Sequence[str]) -> list[str]:
    """`holdout=speaker` and `holdout.groups=...` are short for what stands below `train.holdout`."""
    chosen = [argument for argument in arguments if argument.startswith("holdout=")]
    others = [f"train.{given}" if given.startswith("holdout.") else given for given in arguments if given not in chosen]
    # Whoever leaves out no group wants none of those that an experiment names.
    anew = [] if chosen in ([], ["holdout=group"]) else ["train.holdout.attribute=null", "train.holdout.groups=[]"]
    return [*anew, *(argument.replace("holdout=", "train.holdout.by=", 1) for argument in chosen), *others]


def _recipe(config: DictConfig) -> Mapping[str, Any]:
    try:
        content = OmegaConf.to_container(config.train, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise InputError(sentence(error)) from None
    if not isinstance(content, dict):
        raise InputError(f"train: found {content!r}; accepted are its keys, as in train.epochs=20")
    return {str(key): value for key, value in content.items()}


def _with_corpus(config: DictConfig, settings: Settings) -> DictConfig:
    """The configuration with the keys of the corpus that differ in training, and a checkpoint that is not yet there."""
    for key in settings.corpus:
        if key not in config.corpus:
            raise InputError(f"train.corpus.{key}: corpus has no such key; {one_of(key, map(str, config.corpus))}")
    config.corpus = OmegaConf.merge(config.corpus, dict(settings.corpus))
    if "checkpoint" in config.recognizer:
        config.recognizer.checkpoint = str(settings.output)
    return config

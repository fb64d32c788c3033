"""Finds the corpus at a path: a manifest, a Kaldi data folder, or one that callgap knows by its published layout."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from shutil import disk_usage
from typing import Any

import yaml
from hydra.utils import get_class

from callgap.assembly import unit
from callgap.configuration import composed, plain
from callgap.corpus import Attribute, Corpus
from callgap.corpus.archives import require_new, unpack
from callgap.corpus.card import Archive, Card
from callgap.corpus.checking import corpus_at, is_described
from callgap.corpus.fetching import fetch
from callgap.corpus.git_repositories import checked_out
from callgap.corpus.grouping import card_from
from callgap.corpus.published import Published, fitting
from callgap.errors import InputError, one_of
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.judging import examined
from callgap.listing import choices
from callgap.resources import conf_dir


@dataclass(frozen=True, eq=False)
class Found:
    """A corpus, as a run would read it.

    Attributes:
        corpus: the corpus.
        attributes: what a run compares; None takes its card's.
        read_as: the experiment, and which part of the corpus; empty where there is nothing to choose.
        unfilled: fields of its card that are still to be filled in.
    """

    corpus: Corpus
    attributes: Mapping[str, Attribute] | None = None
    read_as: str = ""
    unfilled: Sequence[str] = ()


def found_at(path: Path, name: str | None = None, settings: Sequence[str] = ()) -> Found:
    """The corpus at a path.

    Args:
        path: a manifest, a folder that holds one, a Kaldi data folder, or an unpacked archive of a corpus that callgap
            knows.
        name: which of these it is, as in `corpus=name`; None looks at its layout.
        settings: of the corpus, as `split=all`; of a published one only.

    Returns:
        The corpus, as its experiment reads it where it has one.

    Raises:
        InputError: there is no corpus, the layout fits several, the name is not of one that has a root, or a setting
            is none.
    """
    if name is None and (path.is_file() or is_described(path)):
        if settings:
            raise InputError(f"--set {settings[0]}: {path} is a corpus of your own; accepted: of a published one")
        corpus, unfilled = corpus_at(path)
        return Found(corpus, unfilled=unfilled)
    if name is None:
        name = _recognized(path)
    return _used(name, path, settings)


def usual(name: str, settings: Sequence[str] = ()) -> Found:
    """The corpus of a choice, where a run would look for it.

    Raises:
        InputError: there is no such choice, its configuration needs more, or a setting is none.
    """
    return _used(name, None, settings)


def _used(name: str, root: Path | None, settings: Sequence[str]) -> Found:
    if name not in choices("corpus"):
        raise InputError(f"--corpus: found {name!r}; {one_of(name, choices('corpus'))}")
    experiments = [one for one in choices("experiment") if re.fullmatch(rf"{name}(-[a-z]{{2}})?", one)]
    starts = [f"experiment={one}" for one in experiments] if name in readers() else []
    errors = []
    for start in sorted(starts, key=lambda start: _changed(start, settings)) or [f"corpus={name}"]:
        try:
            return _as(start, name, root, settings)
        except InputError as error:
            errors.append(error)
    # Of an experiment per language, the first one's error is as good as any.
    raise errors[0]


def _changed(start: str, settings: Sequence[str]) -> int:
    """How many of some settings an experiment has otherwise: of French, the experiment of French has the fewest."""
    if not settings:
        return 0
    own = plain(composed([start]))["corpus"]
    return sum(str(own.get(key)) != value for key, _, value in (setting.partition("=") for setting in settings))


def _as(start: str, name: str, root: Path | None, settings: Sequence[str]) -> Found:
    chosen = [start, *(["ivr=none"] if start.startswith("corpus=") else [])]
    config = plain(composed([*chosen, *(f"corpus.{setting}" for setting in settings)]))
    if root is not None and "root" not in config["corpus"]:
        raise InputError(
            f"--corpus {name} is not read from a folder; accepted: without a path, or one of {', '.join(readers())}"
        )
    given = {} if root is None else {"root": str(root)}
    parts = {stage: unit(stage, config[stage]) for stage in ("fairness", "verdict", "ivr")}
    corpus: Corpus = unit("corpus", {**config["corpus"], **given})
    corpus.utterances()
    if not isinstance(corpus, Published):
        return Found(corpus)
    own = {field.name for field in fields(corpus)} - {field.name for field in fields(Published)}
    part = [f"{one}={getattr(corpus, one)}" for one in sorted(own) if getattr(corpus, one) is not None]
    found = examined({"corpus": corpus, **parts})
    # Everyone else is no group that has to be there.
    attributes = {
        one: of.model_copy(update={"reference": None}) if of.reference == EVERYONE_ELSE else of
        for one, of in found.items()
    }
    return Found(corpus, attributes, f"{start}{': ' if part else ''}{', '.join(part)}")


def fetched(name: str, to: Path, told: Callable[[int], object] = lambda size: None) -> Path:
    """Download a corpus: its archive, which is unpacked, or its repository.

    Args:
        name: of a card of datasets/.
        to: the folder to make.
        told: is called with the bytes of each block that arrived.

    Returns:
        The folder.

    Raises:
        InputError: there is no such card, it names nothing to fetch, or that cannot be fetched or unpacked.
    """
    card = card_from(Path(name))
    if card.repository is not None:
        return checked_out(card.repository.address, card.repository.commit, to)
    if card.archive is None:
        raise InputError(_not_fetched(name, card))
    return _unpacked(card.archive, to, told)


def _not_fetched(name: str, card: Card) -> str:
    choice = conf_dir() / "corpus" / f"{name}.yaml"
    if choice.is_file() and "download" in yaml.safe_load(choice.read_text(encoding="utf-8")):
        return f"{name} is fetched by the run that reads it: corpus={name} corpus.download=true"
    why = "its makers ask for an agreement, or no checksum of it is known"
    return f"{name} cannot be fetched: {why}; {card.home} and datasets/{name}/README.md say how to get it"


def _unpacked(archive: Archive, to: Path, told: Callable[[int], object]) -> Path:
    require_new(to)
    file = to.with_name(f"{to.name}.download")
    begun = (file, file.with_name(f"{file.name}.part"))
    there = sum(place.stat().st_size for place in begun if place.exists())
    if (free := disk_usage(to.parent).free) < archive.size - there:
        raise InputError(
            f"{to.parent} has {free:,} bytes left; accepted: {archive.size:,} for the archive, and what it unpacks to"
        )
    fetch(archive.address, file, archive.sha256, told, archive.size)
    try:
        unpack(file, to, nested=archive.nested)
    except InputError as error:
        raise InputError(f"{error}; {file} is kept, so that the same command need not download it again") from None
    file.unlink()
    return to


@cache
def readers() -> Mapping[str, type[Published]]:
    """By name of the choice, the classes that read a corpus in its published layout."""
    found: dict[str, type[Published]] = {}
    for path in sorted((conf_dir() / "corpus").glob("*.yaml")):
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        # One that builds on another choice has no class of its own.
        made = get_class(content["_target_"]) if "_target_" in content else None
        if made is not None and issubclass(made, Published):
            found[path.stem] = made
    return found


def _recognized(path: Path) -> str:
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    fit = [name for name, reader in readers().items() if fitting(reader, path) is not None]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise InputError(f"{path} has the layout of {' and of '.join(fit)}: give --corpus {fit[0]}, for example")
    raise InputError(
        f"{path} is no corpus that is known by its layout: found neither manifest.csv, nor wav.scp, text and utt2spk, "
        f"nor what {', '.join(readers())} hold; if it is another of callgap list corpus, name it with --corpus; if it "
        f"is your own, begin with callgap corpus init {shlex.quote(str(path))}"
    )

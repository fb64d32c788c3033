"""Composes and checks configurations: a bad key or value becomes one sentence before anything runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from callgap.config_files import check_folder, unreadable
from callgap.errors import InputError, first_line, one_of
from callgap.overrides import parsed, without_addresses
from callgap.resources import conf_dir

STAGES = (
    *("corpus", "alteration", "voice", "channel", "recognizer", "scoring", "fairness", "ivr", "verdict", "report"),
    "engine",
)

_NO_RESULT = ("engine", "batch_size", "resume", "dry_run", "hydra")
_LEFT_OUT = (("alteration", "identity"), ("ivr", "none"))
_PLACES = ("root", "home", "download", "place", "manifest", "file", "path", "audio_root", "speakers", "strict")
_MANNERS = ("concurrency", "longest_wait_s", "key_variable", "allow_plain")
"""How a server is asked, whatever it answers."""

_OPEN = (
    *("fairness.parents", "fairness.references", "fairness.standardize", "verdict.margins"),
    *("corpus.bands", "corpus.columns", "corpus.labels", "corpus.only", "corpus.references"),
)
"""Mappings whose entries a user names; the units check the names."""


def register_resolvers() -> None:
    """Make `${callgap.cell:}` known: the name of a run's cell and a hash of its configuration."""
    OmegaConf.register_new_resolver(
        "callgap.cell", lambda _root_: f"{cell_name(choices_of(_root_))}-{_short(_root_)}", replace=True
    )


def composed(overrides: Sequence[str], *, config_dir: str | None = None, config_name: str = "config") -> DictConfig:
    """Compose a configuration, the `hydra` node included.

    Args:
        overrides: as on the command line.
        config_dir: a further folder of configurations, as `--config-dir` gives it.
        config_name: `config` of a run, or `train`.

    Returns:
        The configuration.

    Raises:
        InputError: a key or a choice does not exist, or an override or a file of the folder cannot be read.
    """
    register_resolvers()
    for override in overrides:
        # Hydra's own words would show all of it.
        parsed(override)
    if config_dir:
        check_folder(Path(config_dir), (*STAGES, "experiment"))
    further = [f"hydra.searchpath=[{_quoted(f'file://{config_dir}')}]"] if config_dir else []
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            chosen = [*opened(overrides), *further]
            config: DictConfig = compose(config_name, overrides=chosen, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise InputError(sentence(error, overrides, config_dir, config_name)) from None
    except yaml.YAMLError as error:
        raise InputError(unreadable(error)) from None
    finally:
        GlobalHydra.instance().clear()
    _require_open(overrides, config_dir, config_name)
    return config


def opened(overrides: Sequence[str]) -> list[str]:
    """Let overrides of mappings that hold a user's names add entries, as the plus sign does for single ones.

    Args:
        overrides: as on the command line.

    Returns:
        The same, in the form that Hydra wants for them.
    """
    return [f"++{override}" if _open_key(override) else override for override in overrides]


def _open_key(override: str) -> str | None:
    """The open mapping that an override changes, where it has no sign that says how."""
    key = override.partition("=")[0]
    return next((name for name in _OPEN if key == name or key.startswith(f"{name}.")), None)


def _require_open(overrides: Sequence[str], config_dir: str | None, config_name: str) -> None:
    """Refuse an entry of a mapping that the chosen unit does not have."""
    if not (keys := {key for override in overrides if (key := _open_key(override))}):
        return
    kept = [override for override in overrides if not _open_key(override)]
    before = composed(kept, config_dir=config_dir, config_name=config_name)
    for key in sorted(keys):
        if OmegaConf.select(before, key) is None:
            raise InputError(_unknown_key(key, overrides, config_dir, config_name))


def _quoted(value: str) -> str:
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved configuration without Hydra's own node and without how a recognizer is trained.

    Raises:
        InputError: an interpolation cannot be resolved, or a mandatory value is missing.
    """
    try:
        content = OmegaConf.to_container(
            OmegaConf.masked_copy(config, [str(key) for key in config if key not in ("hydra", "train")]),
            resolve=True,
            throw_on_missing=True,
        )
    except OmegaConfBaseException as error:
        raise InputError(sentence(error)) from None
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def choices_of(config: DictConfig) -> dict[str, str]:
    """Which unit was chosen for each stage.

    Raises:
        InputError: a stage has no choice, or several.
    """
    chosen = config.hydra.runtime.choices
    for stage in STAGES:
        if stage not in chosen:
            raise InputError(f"{stage}: one choice is needed, found none or several; see callgap list {stage}")
    return {stage: str(chosen[stage]) for stage in STAGES}


def cell_name(choices: Mapping[str, str]) -> str:
    """Name of a run from its choices, an alteration `identity` and a service `none` left out."""
    parts = [(stage, choices[stage]) for stage in ("corpus", "alteration", "channel", "recognizer", "ivr")]
    return "-".join(name for stage, name in parts if (stage, name) not in _LEFT_OUT)


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of everything in a resolved configuration that a result depends on (not of where the work is done)."""
    kept = {key: value for key, value in content.items() if key not in _NO_RESULT}
    # Where a corpus, stored transcripts or a log lie changes nothing; what a corpus holds has a fingerprint of its own.
    for stage in ("corpus", "recognizer", "ivr"):
        kept[stage] = {key: value for key, value in kept[stage].items() if key not in (*_PLACES, *_MANNERS)}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def difference(stored: Any, found: Any, path: str = "") -> str | None:
    """The first key in which two configurations differ, with both values."""
    if isinstance(stored, Mapping) and isinstance(found, Mapping):
        for key in [*stored, *(k for k in found if k not in stored)]:
            if not path and key in _NO_RESULT:
                continue
            result = difference(stored.get(key), found.get(key), f"{path}.{key}" if path else str(key))
            if result:
                return result
        return None
    return None if stored == found else f"{path}: stored {stored!r}, found {found!r}"


def _short(config: DictConfig) -> str:
    return fingerprint(plain(config))[:8]


def sentence(
    error: Exception, overrides: Sequence[str] = (), config_dir: str | None = None, config_name: str = "config"
) -> str:
    """Say in one sentence what Hydra or OmegaConf found wrong.

    Args:
        error: what they raised.
        overrides: that led to it.
        config_dir: as in `composed`.
        config_name: the same.

    Returns:
        The key or choice, what is wrong with it and what is accepted.
    """
    text = str(error)
    missing = re.search(r"Could not (?:find|load) '([^']*/)?([^'/]+)'", text)
    choices = re.findall(r"^\t(\S+)$", text, flags=re.MULTILINE)
    if missing and choices:
        return f"{(missing[1] or '').rstrip('/')}={missing[2]}: there is no such choice; {one_of(missing[2], choices)}"
    unknown = re.search(r"Could not override '([^']+)'", text) or re.search(r"Key '([^']+)' is not in struct", text)
    if unknown:
        return _unknown_key(unknown[1], overrides, config_dir, config_name)
    if isinstance(error, MissingMandatoryValue):
        key = error.full_key or str(error.key)
        return f"{key} has no value and needs one: {key}=..."
    return without_addresses(first_line(error))


def _unknown_key(key: str, overrides: Sequence[str], config_dir: str | None, config_name: str) -> str:
    kept = [o for o in overrides if not f"{o.lstrip('+~').partition('=')[0]}.".startswith(f"{key}.")]
    if len(kept) == len(overrides):
        return f"{key}: there is no such key"
    config = composed(kept, config_dir=config_dir, config_name=config_name)
    if OmegaConf.select(config, key) is not None:
        return f"{key} takes new entries one by one and with a plus sign, as in +{key}.NAME=VALUE"
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    known = [str(k) for k in node if k not in ("hydra", "_target_")] if isinstance(node, DictConfig) else []
    return f"{key}: there is no such key; {one_of(name, known)}"

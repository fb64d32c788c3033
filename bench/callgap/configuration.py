"""Composes and checks configurations: a bad key or value becomes one sentence before anything runs."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callgap.errors import InputError, one_of
from callgap.resources import conf_dir

STAGES = ("corpus", "alteration", "channel", "recognizer", "scoring", "fairness", "ivr", "verdict", "report", "engine")
JUDGING = ("scoring", "fairness", "verdict", "report")
"""The stages that can be done again on stored hypotheses."""

_NO_RESULT = ("engine", "resume", "hydra")


def register_resolvers() -> None:
    """Make `${callgap.cell:}` known: the name of a run's cell and a hash of its configuration."""
    OmegaConf.register_new_resolver(
        "callgap.cell", lambda _root_: f"{cell_name(choices_of(_root_))}-{_short(_root_)}", replace=True
    )


def composed(overrides: Sequence[str], *, config_dir: str | None = None) -> DictConfig:
    """Compose a configuration, the `hydra` node included.

    Args:
        overrides: as on the command line.
        config_dir: a further folder of configurations, as `--config-dir` gives it.

    Returns:
        The configuration.

    Raises:
        InputError: a key or a choice does not exist, or an override cannot be read.
    """
    register_resolvers()
    further = [f"hydra.searchpath=[{_quoted(f'file://{config_dir}')}]"] if config_dir else []
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config: DictConfig = compose("config", overrides=[*overrides, *further], return_hydra_config=True)
            return config
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(_sentence(error, overrides, config_dir)) from None
    finally:
        GlobalHydra.instance().clear()


def _quoted(value: str) -> str:
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved configuration without Hydra's own node.

    Raises:
        InputError: an interpolation cannot be resolved, or a mandatory value is missing.
    """
    try:
        content = OmegaConf.to_container(
            OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]),
            resolve=True,
            throw_on_missing=True,
        )
    except OmegaConfBaseException as error:
        raise InputError(_sentence(error)) from None
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def judged_otherwise(stored: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Change how a stored configuration judges; what it says of the recordings stays as it is stored.

    Args:
        stored: a resolved configuration.
        overrides: of the stages in `JUDGING`: another choice (`fairness=NAME`) or a value (`scoring.primary=none`).

    Returns:
        The changed configuration.

    Raises:
        InputError: a key or a choice does not exist, or an override cannot be read.
    """
    config = OmegaConf.create({key: value for key, value in stored.items() if key != "hydra"})
    OmegaConf.set_struct(config, True)
    for override in overrides:
        try:
            parsed = OverridesParser.create().parse_override(override)
            stage, _, key = parsed.key_or_group.partition(".")
            if key:
                OmegaConf.update(config, parsed.key_or_group, parsed.value(), force_add=parsed.is_add())
            else:
                config[stage] = composed([override])[stage]
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(_sentence(error)) from None
    return plain(config)


def choices_of(config: DictConfig) -> dict[str, str]:
    """Which unit was chosen for each stage."""
    chosen = config.hydra.runtime.choices
    return {stage: str(chosen[stage]) for stage in STAGES}


def cell_name(choices: Mapping[str, str]) -> str:
    """Name of a run from its choices, `identity` left out."""
    parts = [choices[stage] for stage in ("corpus", "alteration", "channel", "recognizer", "ivr")]
    return "-".join(part for part in parts if part != "identity")


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of everything in a resolved configuration that a result depends on (not of where the work is done)."""
    kept = {key: value for key, value in content.items() if key not in _NO_RESULT}
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


def units(content: Mapping[str, Any]) -> dict[str, Any]:
    """Make the unit of every stage.

    Args:
        content: a resolved configuration.

    Returns:
        By stage, the object that its `_target_` names.

    Raises:
        InputError: a value has the wrong type or lies outside its range, a key is unknown, or a package is missing.
    """
    return {stage: _unit(stage, content[stage]) for stage in STAGES}


class Options(BaseModel):
    """The values of a configuration that belong to no stage.

    Attributes:
        seed: of everything drawn at random in the recordings' way.
        batch_size: utterances per piece of work.
    """

    model_config = ConfigDict(frozen=True)
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    batch_size: Annotated[int, Field(ge=1, le=100_000)]


def options(content: Mapping[str, Any]) -> Options:
    """Check the values that belong to no stage.

    Raises:
        InputError: a value has the wrong type or lies outside its range.
    """
    try:
        return Options.model_validate({name: content[name] for name in Options.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][0]}: found {first['input']!r}; {first['msg']}") from None


def _unit(stage: str, content: Mapping[str, Any]) -> Any:
    try:
        return instantiate(content, _convert_="all")
    except HydraException as error:
        cause = _root_of(error)
        if isinstance(cause, ValidationError):
            raise InputError(_validation(stage, cause)) from None
        if isinstance(cause, ModuleNotFoundError):
            raise InputError(f"{stage} needs the package {cause.name!r}, which is not installed") from None
        raise InputError(f"{stage}: {_first_line(cause)}") from None


def _root_of(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _validation(stage: str, error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join([stage, *(str(part) for part in first["loc"])])
    if first["type"] == "unexpected_keyword_argument":
        return f"{key}: there is no such key"
    message = first["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if isinstance(first["input"], Mapping) else f"{key}: found {first['input']!r}; {message}"


def _short(config: DictConfig) -> str:
    return fingerprint(plain(config))[:8]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _sentence(error: Exception, overrides: Sequence[str] = (), config_dir: str | None = None) -> str:
    text = str(error)
    missing = re.search(r"Could not (?:find|load) '([^']*/)?([^'/]+)'", text)
    choices = re.findall(r"^\t(\S+)$", text, flags=re.MULTILINE)
    if missing and choices:
        return f"{(missing[1] or '').rstrip('/')}={missing[2]}: there is no such choice; {one_of(missing[2], choices)}"
    unknown = re.search(r"Could not override '([^']+)'", text) or re.search(r"Key '([^']+)' is not in struct", text)
    if unknown:
        return _unknown_key(unknown[1], overrides, config_dir)
    return _first_line(error)


def _unknown_key(key: str, overrides: Sequence[str], config_dir: str | None) -> str:
    kept = [override for override in overrides if override.lstrip("+~").split("=", 1)[0] != key]
    if len(kept) == len(overrides):
        return f"{key}: there is no such key"
    config = composed(kept, config_dir=config_dir)
    if OmegaConf.select(config, key) is not None:
        return f"{key} takes new entries one by one and with a plus sign, as in +{key}.NAME=VALUE"
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    known = [str(k) for k in node if k not in ("hydra", "_target_")] if isinstance(node, DictConfig) else []
    return f"{key}: there is no such key; {one_of(name, known)}"


def now() -> float:
    """Seconds of a clock that never goes back."""
    return time.perf_counter()

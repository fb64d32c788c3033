"""Makes the units of a run from its configuration; a wrong value becomes one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from hydra.errors import HydraException
from hydra.utils import instantiate
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callgap.configuration import STAGES
from callgap.errors import InputError, first_line, one_of
from callgap.ivr import Graph, NoService, Service
from callgap.overrides import without_addresses

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_UNMEASURED = {"_target_": "callgap.voice.Measures"}
"""Of runs that were made before voices were measured in runs."""


def units(content: Mapping[str, Any]) -> dict[str, Any]:
    """Make the unit of every stage.

    Args:
        content: a resolved configuration.

    Returns:
        By stage, the object that its `_target_` names.

    Raises:
        InputError: a value has the wrong type or lies outside its range, a key is unknown, or a package is missing.
    """
    content = {"voice": _UNMEASURED, **content}
    for stage in STAGES:
        if not isinstance(content.get(stage), Mapping):
            raise InputError(f"{stage}: found {content.get(stage)!r}; accepted is one of callgap list {stage}")
    made = {stage: unit(stage, content[stage]) for stage in STAGES}
    if not isinstance(made["ivr"], Service | Graph | NoService):
        found = content["ivr"]["_target_"]
        raise InputError(
            f"ivr._target_: found {found!r}, which is no service; accepted: callgap.ivr.Graph, for example"
        )
    return made


class Options(BaseModel):
    """The values of a configuration that belong to no stage.

    Attributes:
        seed: of everything drawn at random in the recordings' way.
        batch_size: utterances per piece of work.
    """

    model_config = ConfigDict(frozen=True)
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    batch_size: Annotated[int, Field(ge=1, le=100_000)]


_KEYS = (*STAGES, *Options.model_fields, "resume", "dry_run")


def options(content: Mapping[str, Any]) -> Options:
    """Check the values that belong to no stage.

    Raises:
        InputError: a value has the wrong type or lies outside its range, or a key is unknown.
    """
    for key in content:
        if key not in _KEYS:
            raise InputError(f"{key}: there is no such key; {one_of(key, _KEYS)}")
    try:
        return Options.model_validate({name: content[name] for name in Options.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"{first['loc'][0]}: found {without_addresses(repr(first['input']))}; {first['msg']}"
        ) from None


def unit(stage: str, content: Mapping[str, Any]) -> Any:
    """Make the unit of one stage.

    Args:
        stage: its name, for errors.
        content: its part of a resolved configuration.

    Returns:
        The object that its `_target_` names.

    Raises:
        InputError: as of `units`.
    """
    if not isinstance(content.get("_target_"), str):
        raise InputError(f"{stage}._target_: found {content.get('_target_')!r}; accepted: the name of a unit's class")
    try:
        return instantiate(content, _convert_="all")
    except HydraException as error:
        cause = _root_of(error)
        if isinstance(cause, ValidationError):
            raise InputError(_validation(_place(stage, str(error)), cause)) from None
        if isinstance(cause, ModuleNotFoundError) and str(cause.name).startswith("callgap."):
            raise InputError(f"{_place(stage, str(error))}._target_: callgap has no {_target(error)!r}") from None
        if isinstance(cause, ModuleNotFoundError):
            raise InputError(f"{stage} needs the package {cause.name!r}, which is not installed") from None
        raise InputError(f"{stage}: {first_line(cause)}") from None


def _target(error: BaseException) -> str:
    found = re.search(r"locating target '([^']*)'", str(error))
    return found[1] if found else "such target"


def _root_of(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _place(stage: str, message: str) -> str:
    inside = re.search(r"full_key: (\S+)", message)
    # Hydra writes the second link of a list as links1.
    return f"{stage}.{re.sub(r'(?<=[a-z_])(?=[0-9]+(?:[.]|$))', '.', inside[1])}" if inside else stage


def _validation(stage: str, error: ValidationError) -> str:
    first = _gravest(error.errors())
    key = ".".join([stage, *(str(part) for part in first["loc"])])
    if first["type"] == "unexpected_keyword_argument":
        return f"{key}: there is no such key"
    if first["type"].startswith("union_tag"):
        # The key that says which of several kinds a value is of.
        return _unknown_kind(key, first)
    # A tuple is written down as a list.
    message = first["msg"].removeprefix("Value error, ").replace("valid tuple", "valid list")
    # An address may hold a secret.
    shown = isinstance(first["input"], str | int | float | list | tuple | None) and "://" not in str(first["input"])
    return f"{key}: found {first['input']!r}; {message}" if shown else f"{key}: {message}"


def _gravest(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    """The first one; where a key is missing, one beside it that does not exist, which is the same key misspelled."""
    first = errors[0]
    if first["type"] != "missing":
        return first
    beside = (e for e in errors if e["type"] == "unexpected_keyword_argument" and e["loc"][:-1] == first["loc"][:-1])
    return next(beside, first)


def _unknown_kind(key: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    name = str(context.get("discriminator", "kind")).strip("'")
    if error["type"] == "union_tag_not_found":
        return f"{key}.{name}: found nothing, and it is needed"
    kinds = re.findall(r"'([^']+)'", str(context.get("expected_tags", "")))
    return f"{key}.{name}: found {context.get('tag')!r}; {one_of(str(context.get('tag')), kinds)}"

"""The command `doctor`: what works on this machine, found by trying it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path
from typing import Any

import pooch
import torch
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.channel import codecs_available
from callgap.configuration import choices_of, composed, plain
from callgap.corpus.espeak import espeak
from callgap.errors import first_line
from callgap.listing import choices
from callgap.records import Context, Grammar
from callgap_kernels import count_errors
from callgap_kernels.device import cuda_fault

CREDENTIALS = {
    "HF_TOKEN": "gated corpora and models of Hugging Face",
    "OPENAI_API_KEY": "recognizer=openai-http with recognizer.key_variable=OPENAI_API_KEY",
    "GROQ_API_KEY": "recognizer=openai-http with recognizer.key_variable=GROQ_API_KEY",
}
_WORD, _VOICE, _LANGUAGE = "yes", "en-us", "en-US"
_LEAST_FREE_GB = 0.5
_LACKS = re.compile(r"not installed|\bneeds\b|cannot be read")
"""In the sentence of what is no fault of the machine's: something was not given or not installed."""


class State(StrEnum):
    """What came of trying something."""

    WORKS = "works"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing that was tried.

    Attributes:
        area: what it belongs to.
        item: its name.
        state: what came of it.
        detail: what was found, or what it needs.
        needed: whether a run without overrides rests on it.
    """

    area: str
    item: str
    state: State
    detail: str
    needed: bool = False


def doctor_command(console: Console) -> int:
    """Try everything and print what came of it.

    Args:
        console: for the table; without a terminal, one line per item.

    Returns:
        0 where everything works that a run without overrides needs, else 1.
    """
    findings = examine()
    if console.is_terminal:
        console.print(_table(findings))
    else:
        for finding in findings:
            console.print("  ".join(_cells(finding)), highlight=False, markup=False, soft_wrap=True)
    lacking = [finding.item for finding in findings if finding.needed and finding.state is not State.WORKS]
    told = f"a run without overrides needs: {', '.join(lacking)}" if lacking else "a run without overrides can be made"
    console.print(told, highlight=False, markup=False, soft_wrap=True)
    return 1 if lacking else 0


def examine() -> list[Finding]:
    """Try everything, one thing after the other; a fault of one is a finding and stops no other.

    Returns:
        Findings, by area.
    """
    parts = (_compute, _speech, _recognizers, _codecs, _extras, _credentials, _data, _disk)
    return [finding for part in parts for finding in part()]


def _tried(area: str, item: str, attempt: Callable[[], str], *, needed: bool = False) -> Finding:
    try:
        return Finding(area, item, State.WORKS, attempt(), needed)
    # Whatever a library raises on this machine is what the user has to read.
    except Exception as error:
        return Finding(area, item, State.BROKEN, first_line(error), needed)


def _compute() -> Iterator[Finding]:
    yield Finding("compute", "python", State.WORKS, f"{platform.python_version()}, {platform.machine()}", True)
    yield _tried("compute", "torch", lambda: _computed("cpu"), needed=True)
    if not torch.cuda.is_available():
        yield Finding("compute", "cuda", State.ABSENT, "no CUDA device: everything runs on the CPU")
    for index in range(torch.cuda.device_count()):
        yield _tried("compute", f"cuda:{index}", lambda index=index: _cuda(index))  # type: ignore[misc]
    yield _imported("compute", "triton", "GPU kernels need it")


def _computed(device: str) -> str:
    # 1 + 2 + ... + 100: a device that is there and wrong is broken.
    total = int(torch.arange(101, device=device).sum())
    if total != 5050:
        raise RuntimeError(f"it adds wrongly: found {total}, should be 5050")
    return torch.__version__


def _cuda(index: int) -> str:
    _computed(f"cuda:{index}")
    if fault := cuda_fault(f"cuda:{index}"):
        raise RuntimeError(fault)
    counts = count_errors(["call my bank"], ["call the bank"], device=f"cuda:{index}")
    if (int(counts.hits), int(counts.substitutions), int(counts.errors)) != (2, 1, 1):
        raise RuntimeError("it counts errors wrongly: should be 2 hits and 1 substitution")
    major, minor = torch.cuda.get_device_capability(index)
    return f"{torch.cuda.get_device_name(index)}, compute capability {major}.{minor}, counts errors"


def _imported(area: str, package: str, absent: str) -> Finding:
    try:
        found = importlib.import_module(package)
    except ModuleNotFoundError:
        return Finding(area, package, State.ABSENT, f"not installed: {absent}")
    except Exception as error:
        return Finding(area, package, State.BROKEN, first_line(error))
    return Finding(area, package, State.WORKS, str(getattr(found, "__version__", "")))


def _speech() -> Iterator[Finding]:
    def speak() -> str:
        signal = espeak().speak(_WORD, _VOICE, pitch=50, rate=160)
        if not len(signal) or not bool(signal.abs().max() > 0):
            raise RuntimeError("it gave silence")
        return f"said {_WORD!r} in {len(signal) / espeak().sample_rate:.1f} s of sound"

    yield _tried("speech", "espeak-ng", speak, needed=True)


def _recognizers() -> Iterator[Finding]:
    # Nothing is downloaded to find out whether it would work.
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        default = choices_of(composed([]))["recognizer"]
        for name in choices("recognizer"):
            yield _recognizer(name, needed=name == default)
    finally:
        os.environ.pop("HF_HUB_OFFLINE")
        if before is not None:
            os.environ["HF_HUB_OFFLINE"] = before


def _recognizer(name: str, *, needed: bool) -> Finding:
    config = composed([f"recognizer={name}"])
    if missing := sorted(OmegaConf.missing_keys(config.recognizer)):
        return Finding("recognizers", name, State.ABSENT, f"needs {', '.join(missing)}", needed)
    finding = _tried("recognizers", name, lambda: _heard(units(plain(config))["recognizer"]), needed=needed)
    if finding.state is State.BROKEN and _LACKS.search(finding.detail):
        return replace(finding, state=State.ABSENT)
    return finding


def _heard(recognizer: Any) -> str:
    grammar = Grammar("doctor", (_WORD, "no"))
    recognizer.check([grammar], _LANGUAGE)
    if not recognizer.hears:
        return "its texts can be read"
    signal = espeak().speak(_WORD, _VOICE, pitch=50, rate=160)
    batch = batch_of([signal], espeak().sample_rate, [_WORD])
    found = recognizer.transcribe(batch, Context(_LANGUAGE, grammar)).hypotheses[0]
    if not found.text:
        raise RuntimeError(f"it heard nothing where {_WORD!r} was said ({found.status.reason or found.status.status})")
    return f"heard {found.text!r} where {_WORD!r} was said"


def _codecs() -> Iterator[Finding]:
    for name, detail in codecs_available().items():
        state = State.WORKS if detail.startswith("ok ") else State.ABSENT if _LACKS.search(detail) else State.BROKEN
        yield Finding("codecs", name, state, detail.removeprefix("ok "))


def _extras() -> Iterator[Finding]:
    for extra, packages in _packages_of_extras().items():
        lacking = [package for package in packages if not _installed(package)]
        if lacking:
            detail = f"lacks {', '.join(lacking)}: pip install 'callgap[{extra}]'"
            yield Finding("extras", extra, State.ABSENT, detail)
        else:
            yield _tried("extras", extra, partial(_imported_all, packages))


def _imported_all(packages: Sequence[str]) -> str:
    for package in packages:
        importlib.import_module(_module_of(package))
    return ", ".join(f"{package} {version(package)}" for package in packages)


def _module_of(package: str) -> str:
    usual = package.replace("-", "_")
    if importlib.util.find_spec(usual):
        return usual
    named = (module for module, owners in packages_distributions().items() if package in owners and module[0] != "_")
    return next(named, usual)


def _packages_of_extras() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for requirement in requires("callgap") or []:
        extra = re.search(r"extra == ['\"]([\w.-]+)['\"]", requirement)
        package = re.match(r"[\w.-]+", requirement)
        if extra and package:
            found[extra[1]].append(package[0])
    return found


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _credentials() -> Iterator[Finding]:
    for name, purpose in CREDENTIALS.items():
        # Whether, never what: no value of a credential leaves the environment.
        is_set = bool(os.environ.get(name))
        state = State.WORKS if is_set else State.ABSENT
        yield Finding("credentials", name, state, f"{'set' if is_set else 'not set'}: for {purpose}")


def _data() -> Iterator[Finding]:
    place = os.environ.get("CALLGAP_DATA")
    if place:
        yield _tried("data", "CALLGAP_DATA", lambda: _held(Path(place)))
    else:
        yield Finding("data", "CALLGAP_DATA", State.ABSENT, "not set: it may name a folder of public corpora")


def _held(folder: Path) -> str:
    held = sorted(inside.name for inside in folder.iterdir() if inside.is_dir())
    return f"{folder}: {', '.join(held) or 'no folders'}"


def _disk() -> Iterator[Finding]:
    yield _tried("disk", "outputs", lambda: _free(Path("outputs").absolute()), needed=True)
    yield _tried("disk", "cache", lambda: _free(Path(pooch.os_cache("callgap"))))


def _free(folder: Path) -> str:
    place = next(ancestor for ancestor in (folder, *folder.parents) if ancestor.is_dir())
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(b"callgap")
    free_gb = shutil.disk_usage(place).free / 1e9
    if free_gb < _LEAST_FREE_GB:
        raise RuntimeError(f"{folder}: {free_gb:.1f} GB free, {_LEAST_FREE_GB} GB are needed")
    return f"{folder}: {free_gb:.1f} GB free"


_STYLES = {State.WORKS: "green", State.ABSENT: "yellow", State.BROKEN: "bold red"}


def _table(findings: Sequence[Finding]) -> Table:
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("area", "item", "state", "detail"):
        shown.add_column(column, overflow="fold")
    for finding in findings:
        area, item, state, detail = _cells(finding)
        shown.add_row(area, item, Text(state, style=_STYLES[finding.state]), Text(detail))
    return shown


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    return finding.area, finding.item, finding.state.value, finding.detail

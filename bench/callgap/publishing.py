"""Published copies of runs: one folder per table, without a machine's path, without a speaker's name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import yaml

from callgap.alteration_effects import effects_of, write_effects
from callgap.analyses import OF_CALLS, SCHEMAS
from callgap.errors import InputError
from callgap.fairness.faults import unpublished
from callgap.finished import Finished
from callgap.procurement import Procurement, procurement
from callgap.report import Alterations, render_html, render_markdown
from callgap.run_directory import RunDirectory, failed_in, runs_in

# Keys whose values say where something lies; a folder may be named after a client or a person.
_PLACES = ("root", "manifest", "file", "path", "audio_root", "speakers", "card", "equivalences", "environment")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+|null|None")
_PATH = re.compile(r"(?<![\w.:/-])(?:/|~|\.\.?/|[A-Za-z]:[\\/])[^\s,;'\"\])}]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def publish_runs(runs: Sequence[Path], results: Path, name: str) -> Path:
    """Write finished runs as one published table.

    Args:
        runs: run directories; a directory of a sweep stands for its runs.
        results: folder of published tables.
        name: of the table; files of an earlier publication are replaced.

    Returns:
        The folder of the table.

    Raises:
        InputError: a run was not finished, one of a sweep failed, a fault of its data forbids it, or the name is no
            plain lower-case name.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"--to: found {name!r}, accepted: lower-case letters, digits, '.', '_' and '-'")
    for given in runs:
        _require_none_failed(given)
    target = results / name
    directories = [RunDirectory.open(path) for given in runs for path in runs_in(given)]
    for directory in directories:
        _require_publishable(directory)
    reports = [_published(directory) for directory in directories]
    altered = effects_of([Finished(directory, directory.report()) for directory in directories])
    # A reason may name a folder.
    told = _clean_reason(altered.told()) if altered else None
    files = {
        "table.md": render_markdown(reports, target.name, told),
        "report.html": render_html(reports, target.name, told),
        "run.json": json.dumps({"runs": [_clean(d.provenance()) for d in directories]}, indent=2) + "\n",
        "config.yaml": yaml.safe_dump({"runs": [_clean(d.config()) for d in directories]}, sort_keys=False),
    }
    systems = _side_by_side(directories)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (target / name).write_text(text, encoding="utf-8")
    _write_systems(systems, target)
    write_effects(altered, target)
    sources = {"table.csv": "groups.csv", **{f"{name}.csv": f"{name}.csv" for name in ("contrasts", *SCHEMAS)}}
    if any(_are_own_words(report["card"]) for report in reports):
        del sources["confusions.csv"]
        (target / "confusions.csv").unlink(missing_ok=True)
    for name, source in sources.items():
        (target / name).write_bytes(_concatenated([directory.path / source for directory in directories]))
    for table in (*OF_CALLS, "accents"):
        _write_where_there([directory.path / f"{table}.csv" for directory in directories], target / f"{table}.csv")
    return target


def _clean_reason(told: Alterations) -> Alterations:
    return replace(told, reason=_clean(told.reason))


def _write_where_there(sources: Sequence[Path], target: Path) -> None:
    paths = [path for path in sources if path.is_file()]
    if paths:
        target.write_bytes(_concatenated(paths))
    else:
        target.unlink(missing_ok=True)


def _require_publishable(directory: RunDirectory) -> None:
    for place, why in unpublished(directory.report().get("faults", [])).items():
        of = " ".join(name for name in place if name)
        raise InputError(f"{directory.path}{f' ({of})' if of else ''} must not be published: {why}")


def _side_by_side(directories: Sequence[RunDirectory]) -> Procurement | None:
    """The systems in one table, where two or more can be compared."""
    finished = [Finished(directory, directory.report()) for directory in directories]
    if len({run.system for run in finished}) < 2:
        return None
    found = procurement(finished)
    return found if found.systems.num_rows else None


def _write_systems(found: Procurement | None, target: Path) -> None:
    if found is None:
        for name in ("systems.csv", "procurement.csv", "procurement.md"):
            (target / name).unlink(missing_ok=True)
        return
    for name, table in (("systems.csv", found.systems), ("procurement.csv", found.table)):
        pa.csv.write_csv(table, target / name, pa.csv.WriteOptions(quoting_style="needed"))
    (target / "procurement.md").write_text(found.markdown, encoding="utf-8")


def _concatenated(paths: Sequence[Path]) -> bytes:
    for path in paths:
        if not path.is_file():
            raise InputError(
                f"{path.parent} has no {path.name}: the run was not finished, go on with resume={path.parent}"
            )
    texts = [path.read_text(encoding="utf-8") for path in paths]
    header = texts[0].split("\n", 1)[0]
    return "".join([header + "\n", *(text.split("\n", 1)[1] for text in texts)]).encode()


def _published(directory: RunDirectory) -> dict[str, Any]:
    report = directory.report()
    report["provenance"] = _clean(report["provenance"])
    utterances = directory.read_table("utterances.parquet")
    said = _are_own_words(report["card"])
    report["worst"] = [] if said else _anonymous(report, utterances)
    report["confusions"] = [] if said else report["confusions"]
    return report


def _are_own_words(card: Mapping[str, Any]) -> bool:
    """What people really said may hold names and numbers, and it is such words unless the card says otherwise."""
    return card["text_source"] != "prompt" and not card["synthetic"]


def _anonymous(report: Mapping[str, Any], utterances: pa.Table) -> Any:
    speakers = {s: f"s{n:02d}" for n, s in enumerate(sorted(set(utterances["speaker_id"].to_pylist())), start=1)}
    ids = dict(zip(utterances["utterance_id"].to_pylist(), utterances["speaker_id"].to_pylist(), strict=True))
    numbers = {u: f"{speakers[s]}-u{n:05d}" for n, (u, s) in enumerate(ids.items(), start=1)}
    return _renamed(report["worst"], speakers, numbers)


def _renamed(value: Any, speakers: Mapping[str, str], utterances: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, speakers, utterances) for item in value]
    if not isinstance(value, dict):
        return value
    names = {"speaker_id": speakers, "utterance_id": utterances}
    return {k: names[k][v] if k in names else _renamed(v, speakers, utterances) for k, v in value.items()}


def _require_none_failed(path: Path) -> None:
    for name, why in failed_in(path).items():
        raise InputError(f"{path}: the run {name} failed ({why}); name the runs to be published, or run it again")


def _clean(value: Any, key: str = "") -> Any:
    """Replace every path of this machine, and every command line: its arguments may hold a key."""
    if isinstance(value, Mapping):
        return {name: _clean(item, str(name)) for name, item in value.items()}
    if key == "command" and value is not None:
        return "<command>"
    if isinstance(value, list):
        return [_clean(item, key) for item in value]
    if not isinstance(value, str):
        return value
    if key == "overrides" and "=" in value:
        name, given = value.split("=", 1)
        return f"{name}={_clean(given, name.rpartition('.')[2])}"
    if key in _PLACES and not _PLAIN.fullmatch(value):
        return "<path>"
    return _PATH.sub("<path>", value)

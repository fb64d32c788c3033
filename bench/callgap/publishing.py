"""Published copies of runs: one folder per table, without a machine's path, without a speaker's name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import yaml

from callgap.errors import InputError
from callgap.report import render_html, render_markdown
from callgap.run_directory import RunDirectory, runs_in

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def publish_runs(runs: Sequence[Path], target: Path) -> Path:
    """Write finished runs as one published table.

    Args:
        runs: run directories; a directory of a sweep stands for its runs.
        target: `results/<name>`; files of an earlier publication are replaced.

    Returns:
        The target.

    Raises:
        InputError: a run was not finished, or the name is no plain lower-case name.
    """
    if not _NAME.fullmatch(target.name):
        raise InputError(f"--to: found {target.name!r}, accepted: lower-case letters, digits, '.', '_' and '-'")
    directories = [RunDirectory.open(path) for given in runs for path in runs_in(given)]
    reports = [_published(directory) for directory in directories]
    files = {
        "table.md": render_markdown(reports, target.name),
        "report.html": render_html(reports, target.name),
        "run.json": json.dumps({"runs": [_clean(d.provenance()) for d in directories]}, indent=2) + "\n",
        "config.yaml": yaml.safe_dump({"runs": [_clean(d.config()) for d in directories]}, sort_keys=False),
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (target / name).write_text(text, encoding="utf-8")
    for name, source in (("table.csv", "groups.csv"), ("contrasts.csv", "contrasts.csv")):
        (target / name).write_bytes(_concatenated([directory.path / source for directory in directories]))
    return target


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
    report["worst"] = _anonymous(report, utterances)
    return report


def _anonymous(report: Mapping[str, Any], utterances: pa.Table) -> Any:
    card = report["card"]
    if card["text_source"] != "prompt" and not card["synthetic"]:
        # What people really said may hold names and numbers, and it is such words unless the card says otherwise.
        return []
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


def _clean(value: Any) -> Any:
    """Replace every path of this machine."""
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, str) and re.search(r"(^|=)(/|~|\.\.?/|[A-Za-z]:[\\/])", value):
        return re.sub(r"(^|=)(/|~|\.\.?/|[A-Za-z]:[\\/]).*", r"\1<path>", value)
    return value

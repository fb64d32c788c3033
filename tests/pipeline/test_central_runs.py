"""Whole runs with a central recognizer: the same bytes whatever happened, one sentence where something is wrong."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from runs import TINY, callgap, digest

from callgap.publishing import publish_runs
from callgap.run_directory import RunDirectory

SUPPORT = Path(__file__).resolve().parents[1] / "support"
CENTRAL = [*TINY, "recognizer=energetic", "fairness.resamples=1000", "fairness.permutations=200", "engine.workers=0"]
MOMENTS = 5


def recognition(path):
    return json.loads((path / "run.json").read_text())["recognition"]


def parts(path):
    return len(list((path / "hypotheses").glob("part-*.parquet")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("central")
    callgap("run", *CENTRAL, f"hydra.run.dir={folder / 'whole'}", cwd=folder)
    return folder / "whole"


def test_where_the_recognizer_works_changes_no_byte(whole, tmp_path):
    arguments = [argument for argument in CENTRAL if argument != "recognizer=energetic"]
    callgap("run", *arguments, "recognizer=energetic-plain", f"hydra.run.dir={tmp_path / 'plain'}", cwd=tmp_path)
    assert digest(whole) == digest(tmp_path / "plain")
    for path in (whole, tmp_path / "plain"):
        found = recognition(path)
        assert found["audio_s"] > 10
        assert found["rtfx"] == pytest.approx(found["audio_s"] / found["wall_s"], rel=0.5)
    assert recognition(whole)["audio_s"] == recognition(tmp_path / "plain")["audio_s"]
    assert recognition(tmp_path / "plain")["notes"] == {}
    assert recognition(whole)["notes"]["device"] == "none"


def test_the_latencies_are_quantiles_of_the_timings(whole):
    seconds = sorted(pq.read_table(whole / "timings.parquet")["latency_s"].to_pylist())
    found = recognition(whole)["latency_s"]
    assert found["p50"] == pytest.approx(seconds[len(seconds) // 2], rel=0.02)
    assert found["p50"] < found["p95"] < found["p99"] < seconds[-1]


def test_a_published_copy_keeps_the_speed(whole, tmp_path):
    published = publish_runs([whole], tmp_path, "copy")
    assert json.loads((published / "run.json").read_text())["runs"][0]["recognition"] == recognition(whole)
    assert "times real time" in (published / "report.html").read_text()
    assert "rtfx" not in (published / "table.md").read_text()


def test_a_recognizer_that_cannot_begin_is_one_sentence(tmp_path):
    done = callgap("run", *CENTRAL, "+recognizer.refuses=true", "hydra.run.dir=run", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert done.stderr.strip().splitlines() == ["callgap: recognizer.checkpoint: found nothing in nowhere"]


def test_a_recognizer_that_gives_up_midway_goes_on_later_and_the_sittings_add_up(whole, tmp_path):
    path = tmp_path / "run"
    stopped = [*CENTRAL, "+recognizer.stops_at=50", f"hydra.run.dir={path}"]
    done = callgap("run", *stopped, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "recognizer.key: the server refuses it" in done.stderr
    kept = RunDirectory.open(path).read_parts("hypotheses").num_rows
    assert kept >= 50
    before = json.loads((path / "sittings.json").read_text())["sittings"]
    # As if the key had been mended outside of the configuration.
    for name in ("config.yaml", "run.json"):
        (path / name).write_text((path / name).read_text().replace("stops_at: 50", "stops_at: null"))
    forget_the_fingerprint(path)
    callgap("run", f"resume={path}", cwd=tmp_path)
    after = json.loads((path / "sittings.json").read_text())["sittings"]
    assert len(before) == 1
    assert len(after) == 2
    assert recognition(path)["audio_s"] == recognition(whole)["audio_s"]
    assert recognition(path)["wall_s"] == pytest.approx(sum(s["wall_s"] for s in after), abs=0.06)
    assert digest(path) == digest(whole)


def forget_the_fingerprint(path):
    from callgap.configuration import fingerprint

    directory = RunDirectory.open(path)
    directory.write_json("run.json", directory.provenance() | {"fingerprint": fingerprint(directory.config())})


def test_a_finished_run_keeps_its_speed_when_it_is_resumed(whole, tmp_path):
    before = recognition(whole)
    callgap("run", f"resume={whole}", cwd=tmp_path)
    assert recognition(whole) == before


def test_a_disk_that_is_full_ends_the_run_with_one_sentence_and_keeps_what_is_complete(whole, tmp_path, monkeypatch):
    path, written = tmp_path / "run", []
    write = pq.write_table

    def full(table, place, **options):
        if "hypotheses/.part-" in str(place):
            written.append(place)
            if len(written) > 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(table, place, **options)

    with monkeypatch.context() as patched:
        patched.setattr(pq, "write_table", full)
        done = callgap("run", *CENTRAL, f"hydra.run.dir={path}", cwd=tmp_path, check=False)
    said = [line for line in done.stderr.splitlines() if line.startswith("callgap:")]
    assert done.exit_code == 2
    assert len(said) == 1
    assert "part-00003.parquet cannot be written: No space left on device; what was finished before is kept" in said[0]
    assert parts(path) == 3
    assert list(path.rglob("*.tmp")) == []
    callgap("run", f"resume={path}", cwd=tmp_path)
    assert digest(path) == digest(whole)


def test_texts_that_depend_on_the_batch_are_a_fault_that_the_report_shows(tmp_path):
    path = tmp_path / "run"
    callgap("run", *CENTRAL, "+recognizer.changed=2", f"hydra.run.dir={path}", cwd=tmp_path)
    sampled = recognition(path)["notes"]["batch_effect"]["sampled"]
    (row,) = [r for r in json.loads((path / "report.json").read_text())["faults"] if "batch" in r["fault"]]
    assert (row["consequence"], row["utterances"], row["share"]) == ("shown", 2, 2 / sampled)
    for name in ("report.md", "report.html"):
        assert "depends on what else was in the batch" in (path / name).read_text()


@pytest.mark.slow
def test_a_central_run_killed_at_five_random_moments_ends_with_the_same_bytes(whole, tmp_path):
    path = tmp_path / "killed"
    moments = sorted(random.Random(5).sample(range(parts(whole) - 2), MOMENTS))
    # A pause changes no text, so the run is the same; it is what a kill can fall into.
    arguments = [*CENTRAL[:-1], "engine.workers=1", "+recognizer.pause_s=0.01", f"hydra.run.dir={path}"]
    kills = 0
    for moment in moments:
        kills += killed_when(started(arguments, tmp_path), lambda moment=moment: parts(path) > moment)
        arguments = [f"resume={path}"]
    assert kills == MOMENTS
    callgap("run", *arguments, cwd=tmp_path)
    assert digest(path) == digest(whole)
    found = pq.read_table(path / "hypotheses.parquet").to_pandas()
    kept = RunDirectory.open(path).read_parts("hypotheses")
    assert not found.duplicated(["utterance_id", "grammar_id"]).any()
    assert kept.num_rows == len(found) == pq.read_table(whole / "hypotheses.parquet").num_rows
    assert len(json.loads((path / "sittings.json").read_text())["sittings"]) >= 2


def started(arguments, folder):
    command = [sys.executable, "-m", "callgap", "run", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")])}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=folder, env=environment, **quiet)


def killed_when(process, ready):
    while process.poll() is None and not ready():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL

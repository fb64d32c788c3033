"""A killed run goes on where it was, and ends with the same bytes."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
import yaml
from runs import TINY, callgap, digest

from callgap.run_directory import RunDirectory


def parts(path):
    return len(list((path / "hypotheses").glob("part-*.parquet")))


def started(*arguments, cwd):
    command = [sys.executable, "-m", "callgap", "run", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed_when(process, ready):
    """Kill the process at the first moment at which `ready` holds; True if it was still running."""
    while process.poll() is None and not ready():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 5])
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(finished, tmp_path, count):
    whole, path = parts(finished[0]), tmp_path / "killed"
    moments = sorted(random.Random(11).sample(range(whole), count))
    arguments = [*TINY, f"hydra.run.dir={path}"]
    kills = 0
    for moment in moments:
        process = started(*arguments, cwd=tmp_path)
        kills += killed_when(process, lambda moment=moment: parts(path) > moment or (moment == 0 and path.exists()))
        arguments = [f"resume={path}"] if (path / "run.json").exists() else arguments
    assert kills == count
    callgap("run", *arguments, cwd=tmp_path)
    assert digest(path) == digest(finished[0])
    hypotheses = pq.read_table(path / "hypotheses.parquet").to_pandas()
    assert not hypotheses.duplicated(["utterance_id", "grammar_id"]).any()


@pytest.mark.slow
def test_workers_end_with_a_killed_run(tmp_path):
    path = tmp_path / "r"
    process = started(*TINY, "engine.workers=2", f"hydra.run.dir={path}", cwd=tmp_path)
    assert killed_when(process, lambda: parts(path) > 0)
    deadline = time.monotonic() + 20
    while (left := _running_in(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _running_in(folder):
    from pathlib import Path

    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder and b"\0" in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished[0], tmp_path / "copy")


def test_a_finished_run_resumes_without_recognizing_anything_again(copy, finished):
    done = callgap("run", f"resume={copy}", cwd=copy.parent)
    assert "recognizing" not in done.output
    assert digest(copy) == digest(finished[0])


def test_resuming_with_another_configuration_names_the_key_and_loses_nothing(copy):
    before = digest(copy)
    done = callgap("run", *TINY, "seed=2", f"resume={copy}", cwd=copy.parent, check=False)
    assert done.exit_code == 2
    assert "began with another configuration, seed: stored 1, found 2" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert digest(copy) == before


def test_a_run_directory_of_another_version_is_refused(copy):
    notes = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**notes, "format": 99}))
    for command in (["run", f"resume={copy}"], ["score", copy], ["show", copy, "u"], ["publish", copy, "--to", "x"]):
        done = callgap(*command, cwd=copy.parent, check=False)
        assert done.exit_code == 2
        assert "key format: found 99, accepted: 1" in done.stderr


@pytest.mark.parametrize(
    "stream", ["hypotheses", *(pytest.param(name, marks=pytest.mark.slow) for name in ("timings", "covariates"))]
)
def test_a_damaged_part_is_named_and_can_be_heard_again(copy, finished, stream):
    part = copy / stream / "part-00003.parquet"
    part.write_bytes(part.read_bytes()[:50])
    done = callgap("run", f"resume={copy}", cwd=copy.parent, check=False)
    assert done.exit_code == 2
    assert f"{stream}/part-00003.parquet is missing or damaged" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    (copy / "hypotheses" / "part-00003.parquet").unlink()
    callgap("run", f"resume={copy}", cwd=copy.parent)
    assert digest(copy) == digest(finished[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yaml", None),
        ("config.yaml", "{"),
        ("run.json", "[]"),
        ("run.json", "{"),
        ("run.json", '{"format": 1}'),
        ("utterances.parquet", "x"),
    ],
)
def test_a_damaged_run_directory_is_one_sentence(copy, name, content):
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_text(content)
    done = callgap("score", copy, cwd=copy.parent, check=False)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert name in done.stderr


def test_another_corpus_behind_the_same_configuration_is_refused(copy):
    notes = json.loads((copy / "run.json").read_text())
    notes["corpus"]["fingerprint"] = "0" * 64
    (copy / "run.json").write_text(json.dumps(notes))
    done = callgap("run", f"resume={copy}", cwd=copy.parent, check=False)
    assert done.exit_code == 2
    assert "corpus.fingerprint" in done.stderr


def test_a_new_run_never_overwrites_an_old_one(copy):
    before = digest(copy)
    done = callgap("run", *TINY, f"hydra.run.dir={copy}", cwd=copy.parent, check=False)
    assert done.exit_code == 2
    assert "holds a run already" in done.stderr
    assert digest(copy) == before


def test_two_processes_never_write_into_one_run(copy, finished):
    before = digest(copy)
    with RunDirectory.open(copy).locked():
        for command in (["run", f"resume={copy}"], ["score", copy]):
            done = callgap(*command, cwd=copy.parent, check=False)
            assert done.exit_code == 2
            assert "is being written by another process" in done.stderr
    assert digest(copy) == before
    callgap("score", copy, cwd=copy.parent)
    assert digest(copy) == digest(finished[0])


def test_the_error_of_a_failed_run_is_gone_once_it_has_succeeded(copy):
    notes = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**notes, "error": "the disk was full"}))
    callgap("run", f"resume={copy}", cwd=copy.parent)
    assert "error" not in json.loads((copy / "run.json").read_text())


def test_the_stored_configuration_is_the_resolved_one(finished):
    config = yaml.safe_load((finished[0] / "config.yaml").read_text())
    assert config["corpus"]["speakers_per_group"] == 10
    assert "hydra" not in config

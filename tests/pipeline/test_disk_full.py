"""A disk that is full while a run is written."""

import resource
import subprocess
import sys

import pytest
from runs import TINY, callgap, digest


@pytest.mark.parametrize("file", ["utterances.parquet", pytest.param("report.html", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_sentence_and_what_was_finished_is_kept(finished, tmp_path, file):
    path = tmp_path / "run"
    limit = (finished[0] / file).stat().st_size - 1
    arguments = ["run", *TINY, "engine.workers=0", f"hydra.run.dir={path}"]
    # Beyond the limit the system refuses to write, as on a full disk.
    done = subprocess.run(
        [sys.executable, "-m", "callgap", *map(str, arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("callgap:")]
    assert done.returncode == 2, done.stderr
    assert len(said) == 1
    assert f"{path}/" in said[0]
    assert file.partition(".")[0] in said[0]
    assert "cannot be written" in said[0]
    assert list(path.rglob("*.tmp")) == []
    callgap("run", f"resume={path}", cwd=tmp_path)
    assert digest(path) == digest(finished[0])

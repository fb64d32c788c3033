"""One finished run of a tiny corpus."""

import pytest
from runs import TINY, callgap_process


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The run directory and what the command printed."""
    folder = tmp_path_factory.mktemp("runs")
    path = folder / "finished"
    done = callgap_process("run", *TINY, "engine.workers=2", f"hydra.run.dir={path}", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return path, done.stderr + done.stdout

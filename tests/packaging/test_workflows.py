"""Continuous integration calls make, and a GPU run in which nothing was tested fails."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yaml"))
TARGETS = set(
    re.search(r"^\.PHONY: (.*)$", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
)

OUTCOMES = {
    "passes": ("def test_it(): pass", 0),
    "skips": ("import pytest\ndef test_it(): pass\ndef test_other(): pytest.skip('no device')", 1),
    "fails": ("def test_it(): assert not 'wrong'", 1),
    "is empty": ("", 1),
}


def commands(workflow):
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_there_is_one_for_the_cpu_and_one_for_the_gpu():
    assert [path.name for path in WORKFLOWS] == ["ci.yaml", "gpu.yaml"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_make_targets_and_nothing_else(workflow):
    assert commands(workflow)
    for command in commands(workflow):
        found = re.fullmatch(r"make ([a-z-]+)((?: [A-Z]+=\w+)*)", command)
        assert found, command
        assert found[1] in TARGETS


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_gpu_run_succeeds_only_if_its_tests_ran_and_passed(outcome, tmp_path):
    source, status = OUTCOMES[outcome]
    (tmp_path / "test_probe.py").write_text(source, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no_skips", "-p", "no:cacheprovider", "-q", "."]
    plugin = {"PYTHONPATH": str(CHECKOUT / "tests" / "support"), "PATH": "/usr/bin:/bin"}
    run = subprocess.run(command, cwd=tmp_path, env=plugin, capture_output=True, text=True, check=False)
    assert run.returncode == status, run.stdout
    assert ("the GPU was not tested" in run.stdout) == (outcome in ("skips", "is empty"))

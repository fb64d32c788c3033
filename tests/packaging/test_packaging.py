"""callgap as an editable install, as a wheel on another machine, and beside Hugging Face's packages."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from runs import TINY

import callgap

CHECKOUT = Path(__file__).resolve().parents[2]


def run(*command, cwd):
    """Run a command that finds only what is installed for it."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installer(python):
    """How to install a file for that Python: with the uv that `make setup` uses, or with pip."""
    for uv in ("uv", str(CHECKOUT / ".uv" / "bin" / "uv")):
        if shutil.which(uv) and subprocess.run([uv, "--version"], capture_output=True).returncode == 0:
            return [uv, "pip", "install", "--offline", "--no-cache", "--no-deps", "--python", python]
    return [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the checkout, built with what is installed: no isolation, no network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=CHECKOUT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """The `bin` folder of an environment with the wheel, under a path with a space.

    The dependencies are those of the test environment, seen through a .pth file. Python reads no .pth file of a folder
    that came from one, so the editable install of the checkout stays unseen.
    """
    folder = tmp_path_factory.mktemp("another machine") / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    seen = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(seen)) + "\n", encoding="utf-8")
    run(*installer(python), wheel, cwd=folder)
    return folder / "bin"


def test_the_checkout_is_installed_editable():
    assert Path(callgap.__file__).resolve() == CHECKOUT / "bench" / "callgap" / "__init__.py"


def test_the_editable_command_works_from_another_directory(tmp_path):
    command = Path(sysconfig.get_path("scripts")) / "callgap"
    assert "synthetic" in run(command, "list", "corpus", cwd=tmp_path)


def test_the_wheel_holds_both_packages_with_conf_and_datasets_inside_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {
        "callgap",
        "callgap_kernels",
        f"callgap-{callgap.__version__}.dist-info",
    }
    for root, inside in (("conf", "callgap/conf"), ("datasets", "callgap/datasets"), ("bench", ""), ("kernels", "")):
        files = [path for path in (CHECKOUT / root).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert files
        assert {f"{inside}/{path.relative_to(CHECKOUT / root).as_posix()}".lstrip("/") for path in files} <= names
    assert {"callgap/conf/config.yaml", "callgap/datasets/fsdd/card.yaml"} <= names
    assert not [name for name in names if "test" in name]


def test_an_installed_wheel_finds_its_own_code_conf_and_datasets(elsewhere, tmp_path):
    code = (
        "import callgap, callgap_kernels, callgap.resources as r;"
        "print(callgap.__file__, callgap_kernels.__file__, r.conf_dir(), r.datasets_dir(), sep='\\n')"
    )
    found = run(elsewhere / "python", "-c", code, cwd=tmp_path).splitlines()
    assert len(found) == 4
    assert all(Path(path).is_relative_to(elsewhere.parent.resolve()) for path in found), found


def test_an_installed_wheel_lists_and_runs_from_another_directory(elsewhere, tmp_path):
    cwd = tmp_path / "some folder"
    cwd.mkdir()
    assert "synthetic" in run(elsewhere / "callgap", "list", "corpus", cwd=cwd)
    small = [*TINY, "corpus.speakers_per_group=1", "fairness.resamples=1000", "engine.workers=0"]
    run(elsewhere / "callgap", "run", *small, cwd=cwd)
    (report,) = cwd.glob("outputs/*/*/report.html")
    assert report.stat().st_size > 0
    assert json.loads((report.parent / "run.json").read_text(encoding="utf-8"))["commit"] is None


def test_from_the_checkout_hugging_face_finds_its_datasets_and_no_kernels():
    code = (
        f"import sys; sys.path.insert(0, {str(CHECKOUT)!r});"
        "import datasets; from transformers.utils import is_kernels_available;"
        "print(callable(datasets.load_dataset), is_kernels_available())"
    )
    assert run(sys.executable, "-c", code, cwd=CHECKOUT).split() == ["True", "False"]

"""Where things stand, and what may import what."""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from callgap.configuration import STAGES

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "bench" / "callgap"
KERNELS = CHECKOUT / "kernels" / "callgap_kernels"

# The picture of the pipeline. Tables travel from stage to stage, so most stages import no other; the judging end names
# groups, endpoints and verdicts by the constants of the stages before it.
PICTURE = ("corpus", "alteration", "voice", "channel", "recognizer", "scoring", "ivr", "fairness", "verdict", "report")
MAY_IMPORT = {
    "corpus": set(),
    "alteration": set(),
    "voice": set(),
    "channel": set(),
    "recognizer": set(),
    "scoring": set(),
    "ivr": set(),
    "fairness": set(),
    "verdict": {"fairness"},
    "report": {"corpus", "fairness", "verdict"},
    "engine": set(),
}
# What every stage may import beside those; these import no stage.
SHARED = {
    *("audio", "call_records", "errors", "group_records", "isolation", "pitch", "records", "remote", "resources"),
    *("server", "tables", "voice_records", "weights"),
}

# Folders under which machines keep people's files.
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|Users|root|work|scratch|mnt|srv)/\w")
REGISTRY = re.compile(r"pypi\.org/simple|pythonhosted\.org|download\.pytorch\.org|/artifactory[/]|\.pkg\.dev")


def sources(root):
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


@cache
def imported(path):
    """Dotted names that a file imports, wherever in the file; `from a import b` gives both a and a.b."""
    return tuple(_imported(path))


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path):
    """The stage or module of callgap that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


PARTS = {part_of(path) for path in sources(PACKAGE)}


@cache
def dependencies():
    """By part of callgap, the other parts that it imports."""
    found = {part: set() for part in PARTS}
    for path in sources(PACKAGE):
        names = (name.split(".") for name in imported(path))
        found[part_of(path)] |= {
            name[1] for name in names if name[0] == "callgap" and len(name) > 1 and name[1] in PARTS
        }
    return {part: others - {part} for part, others in found.items()}


def files_of_the_tree():
    if not (CHECKOUT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, or no git: the files of the tree are not known")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [CHECKOUT / name for name in listed if name and (CHECKOUT / name).is_file()]


@pytest.mark.parametrize("root", ["bench", "kernels", "datasets", "conf", "tests"])
def test_a_source_root_is_no_package(root):
    assert not (CHECKOUT / root / "__init__.py").exists()


def test_a_source_root_holds_one_package():
    for package in (PACKAGE, KERNELS):
        others = [p.name for p in package.parent.iterdir() if p != package and p.name != "__pycache__"]
        assert [name for name in others if not name.startswith(".")] == []


def test_datasets_holds_no_python_that_would_shadow_hugging_face():
    assert list((CHECKOUT / "datasets").rglob("*.py")) == []


def test_no_test_folder_shadows_a_package_and_no_two_test_files_share_a_name():
    tests = CHECKOUT / "tests"
    assert not (tests / "kernels").exists()
    assert not (tests / "datasets").exists()
    assert list(tests.rglob("__init__.py")) == []
    counted = Counter(path.name for path in tests.rglob("test_*.py"))
    assert [name for name, times in counted.items() if times > 1] == []


def test_config_groups_are_the_stage_packages():
    groups = {path.name for path in (CHECKOUT / "conf").iterdir() if path.is_dir()}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    # The proofs of the statistics are no stage, and neither is training: they run before anything is judged. What asks
    # a server is shared by stages.
    assert groups - {"experiment"} == packages - {"proofs", "server", "training"} == set(STAGES)


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "conf").glob("*/*.yaml")), ids=lambda p: f"{p.parent.name}/{p.stem}"
)
def test_a_configuration_begins_with_one_line_that_says_what_it_is(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0].startswith("# @package"):
        lines = lines[1:]
    assert re.fullmatch(r"# \S.{10,110}", lines[0]), lines[0]
    assert not lines[1].startswith("#"), "the description goes on after its line"


def test_the_allowed_imports_follow_the_picture():
    assert set(MAY_IMPORT) == set(STAGES) == {*PICTURE, "engine"}
    for stage, others in MAY_IMPORT.items():
        assert others <= (set(PICTURE[: PICTURE.index(stage)]) if stage in PICTURE else set())


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_what_it_may_and_nothing_that_runs_it(stage):
    assert dependencies()[stage] <= MAY_IMPORT[stage] | SHARED


@pytest.mark.parametrize("part", sorted(SHARED))
def test_what_the_stages_share_imports_no_stage(part):
    assert dependencies()[part] <= SHARED


def test_no_circle_of_imports():
    assert list(TopologicalSorter(dependencies()).static_order())


def test_the_kernels_import_nothing_of_callgap_and_little_else():
    files = [path for path in sources(KERNELS) if KERNELS / "speed" not in path.parents]
    roots = {name.split(".")[0] for path in files for name in imported(path)}
    assert roots - sys.stdlib_module_names <= {"callgap_kernels", "jaxtyping", "numba", "numpy", "torch", "triton"}


def test_the_speed_benchmark_imports_the_peers_beside_and_the_kernels_do_not_import_it():
    peers = {
        "arch",
        "confidence_intervals",
        "jiwer",
        "kaldialign",
        "matplotlib",
        "rapidfuzz",
        "scipy",
        "torchaudio",
        "torchmetrics",
    }
    for path in sources(KERNELS):
        names = set(imported(path))
        if KERNELS / "speed" in path.parents:
            roots = {name.split(".")[0] for name in names} - sys.stdlib_module_names
            assert roots <= {"callgap_kernels", "numpy", "torch", "triton"} | peers
        else:
            assert not any(name.startswith("callgap_kernels.speed") for name in names), path


def test_nothing_imports_the_source_roots():
    for path in [*sources(CHECKOUT / "bench"), *sources(CHECKOUT / "kernels"), *sources(CHECKOUT / "tests")]:
        assert {name.split(".")[0] for name in imported(path)}.isdisjoint({"bench", "kernels", "conf", "tests"}), path


def test_no_file_names_a_path_of_a_machine_or_a_package_registry():
    here = rf"(?<![\w.:/-]){re.escape(str(CHECKOUT))}\b"
    forbidden = re.compile("|".join([MACHINE_PATH.pattern, REGISTRY.pattern, here]))
    faults = []
    for path in files_of_the_tree():
        text = path.read_bytes().decode("utf-8", errors="replace")
        if found := forbidden.search(text):
            faults.append(f"{path.relative_to(CHECKOUT)}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}")
    assert faults == []

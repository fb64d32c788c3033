"""The locks: exact versions with hashes for everything that pyproject.toml names but one extra, and no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[2]
# What has no wheels stands apart: it is compiled where there is a compiler.
TEXT = "\n".join(
    (CHECKOUT / name).read_text(encoding="utf-8").strip()
    for name in ("requirements.lock", "requirements-compiled.lock")
)
# As many further packages as everything else together, for one alteration; and one whose modules, once imported, break
# whatever looks through them.
NOT_LOCKED = {"coqui", "ecapa"}
PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
ENTRY = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][^\s;]*)(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
)
ENTRIES = [entry for entry in re.split(r"\n(?=\S)", TEXT.strip()) if not entry.startswith("#")]


def locked():
    versions = {}
    for entry in ENTRIES:
        found = ENTRY.fullmatch(entry)
        assert found, entry.splitlines()[0]
        versions.setdefault(found["name"], []).append(Version(found["version"]))
    return versions


def named():
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    groups = [project["dependencies"], *(extras[name] for name in extras.keys() - NOT_LOCKED)]
    groups += PYPROJECT["dependency-groups"].values()
    return sorted({line for group in groups for line in group if isinstance(line, str)})


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.split()[0])
def test_every_entry_is_an_exact_version_with_hashes_and_nothing_else(entry):
    assert ENTRY.fullmatch(entry)


def test_the_lock_holds_no_address():
    assert "://" not in TEXT
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", TEXT, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "requirement", ["torch==2.11.0", "torchaudio==2.11.0", "triton==3.6.0", "numpy<2.4", "hatchling"]
)
def test_the_versions_that_published_tables_are_made_with(requirement):
    wanted = Requirement(requirement)
    assert all(version in wanted.specifier for version in locked()[wanted.name])


@pytest.mark.parametrize("requirement", named())
def test_the_lock_satisfies_every_range_of_pyproject(requirement):
    wanted = Requirement(requirement)
    versions = locked().get(canonicalize_name(wanted.name), [])
    assert any(version in wanted.specifier for version in versions), f"{requirement}: locked {versions}; run make lock"


def test_uv_lock_which_would_hold_addresses_is_ignored():
    assert "uv.lock" in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()

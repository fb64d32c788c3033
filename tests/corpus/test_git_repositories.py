"""Commits of git repositories are fetched as a whole or not at all, and nothing of them is executed."""

import subprocess

import pytest

from callgap.corpus import git_repositories
from callgap.corpus.git_repositories import checked_out
from callgap.errors import InputError


def git(folder, *arguments):
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", folder, *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def served(tmp_path):
    """The address of a repository of two commits, and the first one, whose files the second changes."""
    home = tmp_path / "served"
    (home / "data").mkdir(parents=True)
    git(home, "init", "--quiet")
    git(home, "config", "uploadpack.allowReachableSHA1InWant", "true")
    (home / "data" / "a.wav").write_bytes(bytes(range(256)) * 10)
    (home / "data" / "table.txt").write_bytes(b"one\r\ntwo\n")
    (home / "data" / "out").symlink_to("/etc/passwd")
    (home / ".gitattributes").write_text("*.txt filter=evil\n")
    git(home, "add", "-A")
    git(home, "commit", "--quiet", "-m", "first")
    first = git(home, "rev-parse", "HEAD")
    (home / "data" / "a.wav").write_bytes(b"other")
    git(home, "commit", "--quiet", "-am", "second")
    return f"file://{home}", first


def test_the_files_of_the_commit_come_as_they_are_and_nothing_leads_out(served, tmp_path):
    address, first = served
    to = checked_out(address, first, tmp_path / "new" / "corpus")
    assert sorted(path.name for path in to.rglob("*")) == [".gitattributes", "a.wav", "data", "out", "table.txt"]
    assert (to / "data" / "a.wav").read_bytes() == bytes(range(256)) * 10
    assert (to / "data" / "table.txt").read_bytes() == b"one\r\ntwo\n"
    assert not (to / "data" / "out").is_symlink()
    assert (to / "data" / "out").read_text() == "/etc/passwd"
    assert [path.name for path in to.parent.iterdir()] == ["corpus"]


def test_what_is_damaged_on_the_other_side_is_not_taken(served, tmp_path):
    address, first = served
    home = tmp_path / "served"
    blob = git(home, "rev-parse", f"{first}:data/a.wav")
    other = git(home, "hash-object", "-w", "data/table.txt")
    (place, stand_in) = (home / ".git" / "objects" / of[:2] / of[2:] for of in (blob, other))
    place.chmod(0o644)
    place.write_bytes(stand_in.read_bytes())
    with pytest.raises(InputError, match="git could not fetch it: "):
        checked_out(address, first, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served"]


@pytest.mark.parametrize("commit", ["0" * 40, "f" * 40])
def test_a_commit_that_is_not_there_is_one_sentence_and_leaves_nothing(served, tmp_path, commit):
    with pytest.raises(InputError, match="git could not fetch it: ") as error:
        checked_out(served[0], commit, tmp_path / "new")
    assert "\n" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served"]


def test_neither_a_folder_that_is_there_nor_a_machine_without_git_is_tried(served, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="is there already"):
        checked_out(*served, tmp_path / "served")
    monkeypatch.setattr(git_repositories.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="git is not installed"):
        checked_out(*served, tmp_path / "new")


def test_the_users_own_settings_and_hooks_are_not_used(served, tmp_path, monkeypatch):
    marked = tmp_path / "marked"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {marked}\n")
    (hooks / "post-checkout").chmod(0o755)
    settings = f'[core]\n\thooksPath = {hooks}\n[filter "evil"]\n\tsmudge = touch {marked}; cat\n'
    (tmp_path / "settings").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    checked_out(*served, tmp_path / "new")
    assert not marked.exists()

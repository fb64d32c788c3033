"""A large corpus opens from its index, which is never another corpus's, nor that of files that have changed."""

import os

import pyarrow as pa
import pytest

from callgap.corpus import index
from callgap.corpus.folder import FolderCorpus


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "LEAST_ROWS", 2)
    return index.folder


def corpus(folder, **options):
    return FolderCorpus(manifest=folder.manifest, **{"groups": ("accent",), **options})


def kept():
    return sorted(path.name for path in index.folder().glob("*")) if index.folder().exists() else []


def test_a_table_is_kept_and_opened_again_without_reading_the_manifest(folder, monkeypatch):
    first = corpus(folder).utterances()
    assert len(kept()) == 1
    monkeypatch.setattr("callgap.corpus.folder.read_table", None)
    assert corpus(folder).utterances().equals(first)


def test_another_configuration_has_an_index_of_its_own(folder):
    assert corpus(folder).utterances().column_names[-1] == "accent"
    assert corpus(folder, groups=("age",)).utterances().column_names[-1] == "age"
    assert corpus(folder, only={"accent": ("south",)}).utterances().num_rows == 1
    assert len(kept()) == 2


def test_a_changed_manifest_is_read_anew(folder):
    before = corpus(folder).utterances()
    state = folder.manifest.stat()
    text = folder.manifest.read_text().replace("one two", "two one")
    folder.manifest.write_text(text)
    # Also one of the same size whose time was set back: that it was set is kept, too.
    os.utime(folder.manifest, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert corpus(folder).utterances()["text"][0].as_py() == "two one"
    assert before["text"][0].as_py() == "one two"


def test_other_code_never_takes_an_older_index(folder, monkeypatch):
    corpus(folder).utterances()
    monkeypatch.setattr(index, "_reader", lambda: "another")
    corpus(folder).utterances()
    assert len(kept()) == 2


def test_a_damaged_index_is_made_again(folder):
    expected = corpus(folder).utterances()
    (name,) = kept()
    (index.folder() / name).write_bytes(b"ARROW1 and no more")
    assert corpus(folder).utterances().equals(expected)
    assert pa.ipc.open_file(index.folder() / name).read_all().num_rows == 3


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert corpus(folder).utterances().num_rows == 3


def test_a_small_corpus_is_not_kept(folder, monkeypatch):
    monkeypatch.setattr(index, "LEAST_ROWS", 4)
    corpus(folder).utterances()
    assert kept() == []

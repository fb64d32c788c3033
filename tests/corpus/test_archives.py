"""An archive is unpacked as a whole or not at all, and into its folder alone."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

from callgap.corpus import archives
from callgap.corpus.archives import unpack
from callgap.errors import InputError

NOISE = np.random.default_rng(0).bytes(5000)
FILES = {"corpus/a.tsv": b"path\ttext\n", "corpus/clips/one.wav": NOISE[:3000]}


def tar(path, files=FILES, mode="w:gz", links=()):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, kind, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    return path


def zipped(path, files=FILES, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, **options)
    return path


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive, tmp_path, sentence):
    before = found(tmp_path)
    with pytest.raises(InputError, match=sentence):
        unpack(archive, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    assert found(tmp_path) == before


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_every_kind_of_archive_gives_its_files(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    archive = zipped(path) if ending == "zip" else tar(path, mode=f"w:{ending[4:]}")
    written = []
    assert found(unpack(archive, tmp_path / "to", told=written.append)) == FILES
    assert sum(written) == sum(map(len, FILES.values()))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_zip_of_zips_is_unpacked_inside_where_that_is_wanted(tmp_path):
    inner = zipped(tmp_path / "ABA.zip", {"ABA/wav/one.wav": b"sound"}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"release/ABA.zip": inner, "release/README.md": b"who"})
    assert set(found(unpack(outer, tmp_path / "flat"))) == {"release/ABA.zip", "release/README.md"}
    assert set(found(unpack(outer, tmp_path / "all", nested=True))) == {"release/ABA/wav/one.wav", "release/README.md"}


@pytest.mark.parametrize("name", ["../out.txt", "corpus/../../out.txt", "/tmp/out.txt", "..\\out.txt", "C:\\out.txt"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_path_out_of_the_folder_is_refused(tmp_path, name, make):
    archive = make(tmp_path / "a.archive", {"good.txt": b"good", name: b"bad"})
    refused(archive, tmp_path, "which leads out of its folder; nothing was unpacked")


@pytest.mark.parametrize(
    ("kind", "target"), [(tarfile.SYMTYPE, "/etc"), (tarfile.SYMTYPE, "a.tsv"), (tarfile.LNKTYPE, "../a"),
                         (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, "")]
)  # fmt: skip
def test_links_and_devices_are_refused(tmp_path, kind, target):
    archive = tar(tmp_path / "a.tar.gz", links=[("corpus/link", kind, target)])
    refused(archive, tmp_path, r"holds 'corpus/link', which is a link or a device")


def test_a_link_in_a_zip_is_refused(tmp_path):
    member = zipfile.ZipInfo("link")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    refused(tmp_path / "a.zip", tmp_path, r"holds 'link', which is a link or a device")


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch, make):
    monkeypatch.setattr(archives, "_SPARED_BYTES", 2**20)
    archive = make(tmp_path / "a.archive", {"zeros": bytes(30 * 2**20)})
    refused(archive, tmp_path, "200 times its size and more: it was made to fill a disk; nothing was unpacked")


def test_a_bomb_inside_an_archive_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_SPARED_BYTES", 2**20)
    inner = zipped(tmp_path / "inner.zip", {"zeros": bytes(30 * 2**20)}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"inner.zip": inner})
    with pytest.raises(InputError, match="made to fill a disk"):
        unpack(outer, tmp_path / "to", nested=True)
    assert not (tmp_path / "to").exists()


def test_more_files_than_any_corpus_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    archive = tar(tmp_path / "a.tar", {f"f{n}": b"" for n in range(4)}, "w")
    refused(archive, tmp_path, "holds more than 3 files")


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_an_archive_that_is_cut_off_leaves_nothing(tmp_path, ending, share):
    path = tmp_path / f"a.{ending}"
    archive = zipped(path) if ending == "zip" else tar(path, mode=f"w:{ending[4:]}")
    # An archive without compression ends with kilobytes of zeros that nothing is lost with.
    content = archive.read_bytes() if ending != "tar" else archive.read_bytes()[:5000]
    archive.write_bytes(content[: int(share * len(content))])
    refused(archive, tmp_path, r"cannot be unpacked|is no archive")


def test_damaged_bytes_are_found_by_their_checksum(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"one.bin": NOISE})
    content = bytearray(archive.read_bytes())
    content[2000] ^= 0xFF
    archive.write_bytes(content)
    refused(archive, tmp_path, "cannot be unpacked: Bad CRC-32|cannot be unpacked: Error -3")


def test_one_file_twice_is_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for content in (b"one", b"two"):
            member = tarfile.TarInfo("same.txt")
            member.size = 3
            archive.addfile(member, io.BytesIO(content))
    refused(tmp_path / "a.tar", tmp_path, r"holds 'same.txt' twice in one folder; accepted: each file once")


@pytest.mark.parametrize("content", [b"", b"path,text\n", NOISE[:2000]])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    refused(tmp_path / "a.tar.gz", tmp_path, "is no archive; accepted: .tar, .tar.gz, .tar.bz2, .tar.xz and .zip")


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "to").mkdir()
    with pytest.raises(InputError, match="is there already; accepted: a folder that does not exist yet"):
        unpack(tar(tmp_path / "a.tar.gz"), tmp_path / "to")
    with pytest.raises(InputError, match="there is no such file"):
        unpack(tmp_path / "absent.zip", tmp_path / "other")


def test_what_would_not_fit_on_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 100}))
    refused(tar(tmp_path / "a.tar.gz"), tmp_path, "more than the 100 bytes that are left on the disk")


@pytest.mark.parametrize("cut", range(0, 12))
def test_a_plain_archive_that_ends_anywhere_but_at_its_end_is_refused(tmp_path, cut):
    archive = tar(tmp_path / "a.tar", {f"f{n}": b"x" * 700 for n in range(4)}, "w")
    content = archive.read_bytes()
    # Headers and contents fill blocks of 512 bytes: four files of three blocks each, then the end.
    archive.write_bytes(content[: 512 * cut])
    refused(archive, tmp_path, r"cut off or damaged|cannot be unpacked|is no archive")


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_header_is_not_taken_for_the_end(tmp_path, packed):
    import gzip

    archive = tar(tmp_path / "a.tar", {f"f{n}": b"x" * 700 for n in range(4)}, "w")
    content = bytearray(archive.read_bytes())
    content[512 * 6 + 10] ^= 0xFF
    archive.write_bytes(gzip.compress(content) if packed else content)
    refused(archive, tmp_path, "cannot be unpacked: it is cut off or damaged")


def test_an_archive_without_files_is_refused(tmp_path):
    refused(tar(tmp_path / "a.tar.gz", {}), tmp_path, "holds nothing")
    refused(zipped(tmp_path / "a.zip", {}), tmp_path, "holds nothing")


def test_folders_count_as_members(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    refused(
        tar(tmp_path / "a.tar", {}, "w", [(f"d{n}", tarfile.DIRTYPE, "") for n in range(4)]), tmp_path, "more than 3"
    )


def test_a_name_that_is_a_file_and_a_folder_is_one_sentence_without_our_own_paths(tmp_path):
    archive = tar(tmp_path / "a.tar", {"a": b"file", "a/b": b"in it"}, "w")
    with pytest.raises(InputError) as raised:
        unpack(archive, tmp_path / "to")
    assert "partial" not in str(raised.value)
    assert str(raised.value).startswith(f"{archive} cannot be unpacked: ")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m"])
def test_names_that_no_terminal_shows_are_refused(tmp_path, name):
    refused(tar(tmp_path / "a.tar.gz", {name: b"x"}), tmp_path, "leads out of its folder")

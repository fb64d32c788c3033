"""A download is gone on with where it broke, takes its name only when its bytes are right, and says what failed."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from filelock import FileLock
from local_server import LocalServer

from callgap.corpus.fetching import fetch
from callgap.errors import InputError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Files(BaseHTTPRequestHandler):
    """Serves CONTENT as the test's server is told to."""

    def do_GET(self):
        plan = self.server.plan
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and plan["parts"] else 0
        if plan["status"]:
            self.send_error(plan["status"])
            return
        if begin >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin + plan['shift']}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: plan["breaks"]])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    @contextmanager
    def serving(**plan):
        made = LocalServer(("127.0.0.1", 0), Files)
        made.plan = {"parts": True, "status": None, "breaks": None, "shift": 0, **plan}
        made.ranges = []
        made.address = f"http://127.0.0.1:{made.server_port}/corpus.tar.gz"
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield made
        finally:
            made.shutdown()
            made.server_close()

    return serving


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_when_its_bytes_are_right(server, tmp_path):
    told = []
    with server() as made:
        path = fetch(made.address, tmp_path / "new" / "corpus.tar.gz", SHA256, told.append)
        assert fetch(made.address, path, SHA256) == path
        assert made.ranges == [None]
    assert path.read_bytes() == CONTENT
    assert names(tmp_path / "new") == ["corpus.tar.gz"]
    assert sum(told) == len(CONTENT)


@pytest.mark.parametrize("parts", [True, False])
def test_a_broken_download_is_gone_on_with(server, tmp_path, parts):
    with server(breaks=1_000_000) as made:
        with pytest.raises(InputError, match=r"stopped after 1,000,000 bytes: .*; the same command goes on with it"):
            fetch(made.address, tmp_path / "a", SHA256)
        assert names(tmp_path) == ["a.part"]
        made.plan |= {"breaks": None, "parts": parts}
        assert fetch(made.address, tmp_path / "a", SHA256).read_bytes() == CONTENT
        assert made.ranges == [None, "bytes=1000000-"]
    assert names(tmp_path) == ["a"]


def test_a_download_that_was_complete_is_only_checked(server, tmp_path):
    (tmp_path / "a.part").write_bytes(CONTENT)
    with server() as made:
        assert fetch(made.address, tmp_path / "a", SHA256).read_bytes() == CONTENT


def test_no_more_is_taken_than_the_file_is_long_and_less_is_gone_on_with(server, tmp_path):
    with server() as made:
        with pytest.raises(InputError, match=f"sends more than the {len(CONTENT) - 1:,} bytes of the file; stopped"):
            fetch(made.address, tmp_path / "a", SHA256, size=len(CONTENT) - 1)
        assert names(tmp_path) == []
        with pytest.raises(InputError, match=f"the server ended before {len(CONTENT) + 1:,} bytes; the same command"):
            fetch(made.address, tmp_path / "a", SHA256, size=len(CONTENT) + 1)
        assert names(tmp_path) == ["a.part"]
        assert fetch(made.address, tmp_path / "a", SHA256, size=len(CONTENT)).read_bytes() == CONTENT


def test_another_file_is_refused_and_not_kept(server, tmp_path):
    with server() as made, pytest.raises(InputError, match=f"its SHA-256 is {SHA256}; accepted: {'0' * 64}, of http"):
        fetch(made.address, tmp_path / "a", "0" * 64)
    assert names(tmp_path) == []


def test_a_part_of_another_file_is_refused_and_the_next_download_begins_anew(server, tmp_path):
    (tmp_path / "a.part").write_bytes(b"x" * 1000)
    with server() as made:
        with pytest.raises(InputError, match="its SHA-256 is"):
            fetch(made.address, tmp_path / "a", SHA256)
        assert fetch(made.address, tmp_path / "a", SHA256).read_bytes() == CONTENT


def test_a_file_that_is_there_and_another_one_is_never_overwritten(server, tmp_path):
    (tmp_path / "a").write_bytes(b"mine")
    with server() as made, pytest.raises(InputError, match=r"a: its SHA-256 is \w+; accepted"):
        fetch(made.address, tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_server_that_sends_another_part_is_refused(server, tmp_path):
    (tmp_path / "a.part").write_bytes(CONTENT[:1000])
    with (
        server(shift=7) as made,
        pytest.raises(InputError, match="another part of the file than the one from byte 1000"),
    ):
        fetch(made.address, tmp_path / "a", SHA256)
    assert (tmp_path / "a.part").read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_names_the_address_and_the_answer(server, tmp_path, status):
    with (
        server(status=status) as made,
        pytest.raises(InputError, match=f"{made.address}: the server answered {status}"),
    ):
        fetch(made.address, tmp_path / "a", SHA256)
    assert names(tmp_path) == []


def test_nobody_at_the_address_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="stopped after 0 bytes"):
        fetch("http://127.0.0.1:9/corpus.zip", tmp_path / "a", SHA256)
    assert names(tmp_path) == []


def test_two_processes_do_not_write_one_file(tmp_path):
    with FileLock(tmp_path / "a.lock"), pytest.raises(InputError, match="is being fetched by another process"):
        fetch("http://127.0.0.1:9/corpus.zip", tmp_path / "a", SHA256)

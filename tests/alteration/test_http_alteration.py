"""A service that alters recordings: asked side by side, and each answer judged for its own utterance."""

import pickle
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest
import torch
from local_server import LocalServer

from callgap.alteration import Http
from callgap.alteration.sound import from_file, to_wav
from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import OK, ItemStatus, Status

KEY = "a-secret-of-length"


@pytest.fixture
def server():
    """A server that answers as a function of the samples does: bytes, or a status."""
    running = []

    def started(answer):
        seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((dict(self.headers), threading.get_ident(), time.monotonic()))
                found = answer(from_file(body)[0])
                status, content = (found, b"") if isinstance(found, int) else (200, found)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        http = LocalServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(http)
        return f"http://127.0.0.1:{http.server_port}/convert", seen

    yield started
    for http in running:
        http.shutdown()
        http.server_close()


def noise(length, seed=0):
    return 0.5 * torch.rand(length, generator=torch.Generator().manual_seed(seed)) - 0.25


def halved(samples):
    return to_wav(samples / 2, 16000)


def test_answers_are_taken_in_their_places(server):
    url, seen = server(halved)
    signals = [noise(1000 + 100 * k, k) for k in range(9)]
    unit = pickle.loads(pickle.dumps(Http(url)))
    altered = unit.alter(batch_of(signals, 16000, [f"u{k}" for k in range(9)]))
    assert altered.statuses == (OK,) * 9
    for k, signal in enumerate(signals):
        assert (altered.signal(k) - signal / 2).abs().max() < 2 / 32767
    assert {headers["Content-Type"] for headers, _, _ in seen} == {"audio/wav"}
    assert not any("Authorization" in headers for headers, _, _ in seen)


def test_they_are_asked_side_by_side(server):
    together = threading.Barrier(3, timeout=30)

    def waiting(samples):
        together.wait()
        return halved(samples)

    url, _ = server(waiting)
    altered = Http(url, concurrency=3).alter(batch_of([noise(500)] * 3, 16000, list("abc")))
    assert altered.statuses == (OK,) * 3


def test_a_useless_answer_fails_its_utterance_alone(server):
    answers = {
        1000: halved,
        1001: lambda samples: b"<html>sorry</html>",
        1002: lambda samples: halved(samples.repeat(2)),
        1003: lambda samples: halved(samples[:500]),
        1004: lambda samples: halved(torch.zeros(len(samples))),
        1005: lambda samples: 422,
        1006: lambda samples: 503,
        1007: lambda samples: halved(samples),
    }
    url, _ = server(lambda samples: answers[len(samples)](samples))
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    signals = [*(noise(length) for length in answers), torch.zeros(0)]
    batch = batch_of(signals, 16000, [f"u{k}" for k in range(9)], [OK] * 8 + [excluded])
    altered = Http(url, retries=0).alter(batch)
    found = [status.reason for status in altered.statuses]
    assert found == [None, "unreadable", "longer", "shorter", "silent", "http_422", "http_503", None, "missing_audio"]


def test_one_that_does_not_answer_in_time_fails(server):
    def slow(samples):
        time.sleep(3)
        return halved(samples)

    url, _ = server(slow)
    altered = Http(url, timeout_s=0.5).alter(batch_of([noise(500)], 16000, ["u"]))
    assert altered.statuses == (ItemStatus(Status.FAILED, "timeout"),)


def test_the_key_goes_to_the_server_and_nowhere_else(server, monkeypatch):
    monkeypatch.setenv("CONVERTER_KEY", KEY)
    url, seen = server(halved)
    unit = Http(url, key_variable="CONVERTER_KEY")
    unit.alter(batch_of([noise(500)], 16000, ["u"]))
    assert seen[0][0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(unit)
    assert KEY.encode() not in pickle.dumps(unit)


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "wants a key"), (403, "refuses the request"), (404, "answers 404"), (307, "sends elsewhere")],
)
def test_what_concerns_every_utterance_stops_the_run(server, status, message):
    url, _ = server(lambda samples: status)
    with pytest.raises(InputError, match=message):
        Http(url).alter(batch_of([noise(500)] * 2, 16000, ["u", "v"]))


def test_nothing_there_for_one_utterance_is_that_utterances_failure(server):
    url, _ = server(lambda samples: 404 if len(samples) == 600 else halved(samples))
    unit = Http(url)
    altered = unit.alter(batch_of([noise(500), noise(600)], 16000, ["u", "v"]))
    assert [status.reason for status in altered.statuses] == [None, "http_404"]
    alone = unit.alter(batch_of([noise(600)], 16000, ["w"]))
    assert [status.reason for status in alone.statuses] == ["http_404"]
    with pytest.raises(InputError, match="answers 404, to every utterance so far"):
        Http(url).alter(batch_of([noise(600)] * 2, 16000, ["v", "w"]))


def test_a_server_that_is_not_there_is_one_sentence():
    with pytest.raises(InputError, match=r"alteration.base_url: http://127.0.0.1:9/x cannot be reached"):
        Http("http://127.0.0.1:9/x", retries=0).alter(batch_of([noise(500)], 16000, ["u"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "ftp://host/x"}, "alteration.base_url"),
        ({"base_url": "http://host/x", "key_variable": "CONVERTER_KEY"}, "unencrypted"),
        ({"base_url": "https://host/x", "key_variable": "UNSET_KEY"}, "the variable UNSET_KEY is not set"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_used_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Http(**options).check()

"""A server of transcriptions in OpenAI's wire format, on this machine, that answers as a test tells it."""

import io
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler

import soundfile
from local_server import LocalServer


@dataclass
class Request:
    """What the server got: fields (each name with all its values), the file as soundfile reads it, and headers."""

    path: str
    headers: dict
    fields: dict
    filename: str
    samples: object
    sample_rate: int
    subtype: str


@dataclass
class Answer:
    """What it gives back.

    Attributes:
        reset: the connection is closed instead, with nothing said.
        pause_s: the body comes in chunks of one byte, each after so long.
    """

    status: int = 200
    body: bytes = b'{"text": "yes"}'
    headers: dict = field(default_factory=dict)
    reset: bool = False
    pause_s: float | None = None


def said(**content):
    return Answer(body=json.dumps(content).encode())


def refused(status, **error):
    return Answer(status, json.dumps({"error": error}).encode())


@dataclass
class Transcriber:
    """The running server.

    Attributes:
        answer: from a request to an answer, called in the thread of its connection.
        models: the answer to GET /v1/models.
        requests: all that were understood, in the order of their arrival.
        connections: how many were opened.
        most: how many requests were being answered at once at most.
    """

    answer: object = lambda request: said(text="yes")
    models: Answer = field(default_factory=lambda: Answer(404, b"not found"))
    requests: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    connections: int = 0
    now: int = 0
    most: int = 0
    lock: object = field(default_factory=threading.Lock)
    url: str = ""

    def answered(self, request):
        with self.lock:
            self.requests.append(request)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return self.answer(request)
        finally:
            with self.lock:
                self.now -= 1


def form_of(content_type, body):
    """Fields and file of a form, read by Python's parser of mail."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    assert message.get_content_type() == "multipart/form-data"
    fields, file, filename = {}, None, None
    for part in message.get_payload():
        assert part.get_content_disposition() == "form-data"
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            assert (name, file) == ("file", None)
            file, filename = content, part.get_filename()
        else:
            fields.setdefault(name, []).append(content.decode("utf-8"))
    return fields, file, filename


def _chunks(answer):
    for byte in answer.body:
        time.sleep(answer.pause_s)
        yield b"1\r\n%c\r\n" % byte
    yield b"0\r\n\r\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.transcriber.lock:
            self.server.transcriber.connections += 1

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.transcriber.keys.append(self.headers.get("Authorization"))
        self._give(self.server.transcriber.models)

    def do_POST(self):
        self.server.transcriber.keys.append(self.headers.get("Authorization"))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields, file, filename = form_of(self.headers["Content-Type"], body)
        with soundfile.SoundFile(io.BytesIO(file)) as wav:
            assert (wav.format, wav.channels) == ("WAV", 1)
            heard = (wav.read(), wav.samplerate, wav.subtype)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, fields, filename, *heard)
        self._give(self.server.transcriber.answered(request))

    def _give(self, answer):
        if answer.reset:
            self.close_connection = True
            return
        self.send_response(answer.status)
        chunked = answer.pause_s is not None
        length = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(answer.body))}
        for name, value in {**answer.headers, **length}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in _chunks(answer) if chunked else [answer.body]:
                self.wfile.write(piece)
        except OSError:
            # Who asked has had enough.
            self.close_connection = True


@contextmanager
def serving(**options):
    """A server that runs while the block does."""
    http = LocalServer(("127.0.0.1", 0), _Handler)
    http.transcriber = Transcriber(**options, url=f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield http.transcriber
    finally:
        http.shutdown()
        http.server_close()
        thread.join()

"""A server of chats in OpenAI's wire format, on this machine, that answers as a test tells it."""

import json
import math
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from local_server import LocalServer


@dataclass
class Chatter:
    """The running server.

    Attributes:
        answer: from the caller's text to a status and the content of the answer.
        requests: bodies of all requests.
        keys: headers with the key, one per request.
    """

    answer: object
    requests: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    lock: object = field(default_factory=threading.Lock)
    url: str = ""

    @property
    def texts(self):
        return [request["messages"][-1]["content"] for request in self.requests]


def named(content, probabilities=None, **message):
    """An answer whose tokens have these probabilities."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
    if probabilities is not None:
        choice["logprobs"] = {"content": [{"token": "t", "logprob": math.log(share)} for share in probabilities]}
    return 200, {"object": "chat.completion", "choices": [choice]}


def refused(status, message="no", code=None):
    return status, {"error": {"message": message, "code": code}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """The tests look at what comes back."""

    def do_POST(self):
        chatter = self.server.chatter
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with chatter.lock:
            chatter.requests.append(body)
            chatter.keys.append(self.headers.get("Authorization"))
        status, content = chatter.answer(body["messages"][-1]["content"])
        known = self.path == "/v1/chat/completions"
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status if known else 404)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def chatting(answer):
    """A server that runs while the block does."""
    http = LocalServer(("127.0.0.1", 0), _Handler)
    http.chatter = Chatter(answer, url=f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield http.chatter
    finally:
        http.shutdown()
        http.server_close()
        thread.join()

"""One request to a server: answered in time and in full, or not."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from callgap.server.address import proxy_for

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_LARGEST_BODY = 8 * 2**20
_CHUNK = 2**16
_HIDDEN = "***"
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Attributes:
        status: of HTTP.
        headers: by name, in lower case, without the key.
        body: whole, decompressed.
        seconds: from the first byte sent to the last one received.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class UnansweredError(Exception):
    """A request got no answer.

    Attributes:
        reason: `timeout`, `connection_lost`, `too_much_output`, or `unreachable` where there was no connection at all.
        detail: what happened, in words that hold nothing of what was sent.
        seconds: until it was given up.
    """

    def __init__(self, reason: str, detail: str = "", seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.seconds = seconds


class Client:
    """Asks one server, over connections that stay open between requests; many threads may ask at once.

    Redirections are not followed: a key goes to the host that the user has named, and to no other.
    """

    def __init__(self, base_url: str, key: str | None, *, timeout_s: float, connections: int) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._manager = _manager(base_url, connections)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """Send one request and read the whole answer.

        Args:
            method: of HTTP.
            path: behind the base address, with its slash.
            body: what is sent.
            content_type: of the body.
            accept: content types of the answer.

        Returns:
            The answer, whatever its status.

        Raises:
            UnansweredError: none came, none in time, or one that is too long.
        """
        import urllib3
        from urllib3.exceptions import HTTPError

        begin = time.perf_counter()
        headers = {"Accept": accept, "User-Agent": "callgap"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            response = self._manager.urlopen(
                method,
                self._base_url + path,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=self._timeout_s),
            )
            content = self._read(response, begin + self._timeout_s)
        except HTTPError as error:
            # The chain would hold the request, and with it the key.
            raise _unanswered(error, time.perf_counter() - begin) from None
        names = {name.lower(): self.cleared(value) for name, value in response.headers.items()}
        return Reply(response.status, names, content, time.perf_counter() - begin)

    def hidden(self, text: str) -> str:
        """A server's words without the key, should it have repeated it, in whatever case."""
        return _without(re.escape(self._key), text) if self._key else text

    def cleared(self, text: str) -> str:
        """A text that was recognized, without the key.

        A key of fewer than 8 characters (`EMPTY`, `none`) is a stand-in and may be a word that was said: it is cut out
        only where it follows on `Bearer`.
        """
        if self._key and len(self._key) < _SHORTEST_SECRET:
            return _without(rf"\bBearer\s+{re.escape(self._key)}", text)
        return self.hidden(text)

    def _read(self, response: BaseHTTPResponse, deadline: float) -> bytes:
        content = bytearray()
        try:
            while piece := response.read1(_CHUNK):
                content += piece
                if len(content) > _LARGEST_BODY:
                    raise UnansweredError("too_much_output", seconds=self._timeout_s - deadline + time.perf_counter())
                left = deadline - time.perf_counter()
                if left <= 0:
                    raise UnansweredError("timeout", "it went on answering", seconds=self._timeout_s - left)
                _allow(response, left)
        except BaseException:
            # What is still to come must not be read as the answer to the next request.
            response.close()
            raise
        response.release_conn()
        return bytes(content)


def _without(pattern: str, text: str) -> str:
    return re.sub(pattern, _HIDDEN, text, flags=re.IGNORECASE)


def _allow(response: BaseHTTPResponse, seconds: float) -> None:
    socket = getattr(response.connection, "sock", None)
    if socket is not None:
        socket.settimeout(seconds)


def _manager(base_url: str, connections: int) -> PoolManager:
    import urllib3

    proxy = proxy_for(base_url)
    if proxy is None:
        return urllib3.PoolManager(maxsize=connections)
    parts = urlsplit(proxy)
    account = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    headers = urllib3.make_headers(proxy_basic_auth=account) if account else None
    return urllib3.ProxyManager(bare, maxsize=connections, proxy_headers=headers)


def _unanswered(error: Exception, seconds: float) -> UnansweredError:
    from urllib3 import exceptions

    if isinstance(error, exceptions.NameResolutionError):
        return UnansweredError("unreachable", "there is no such host", seconds)
    if isinstance(error, exceptions.NewConnectionError):
        return UnansweredError("unreachable", "nothing accepts connections there", seconds)
    if isinstance(error, exceptions.SSLError):
        return UnansweredError("unreachable", "no encrypted connection: its certificate is not trusted here", seconds)
    if isinstance(error, exceptions.ProxyError):
        return UnansweredError("unreachable", "the proxy that the environment names does not lead there", seconds)
    if isinstance(error, exceptions.TimeoutError):
        return UnansweredError("timeout", "it did not answer in time", seconds)
    return UnansweredError("connection_lost", "the connection broke", seconds)

"""When a server is asked again, and after how long."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from callgap.errors import InputError
from callgap.server.client import Reply, UnansweredError

_FIRST_WAIT_S = 0.5
_REQUEST_TIMEOUT, _TOO_MANY = 408, 429
_SPENT = b"insufficient_quota"
_PASSING = ("connection_lost", "unreachable")


class StoppedError(Exception):
    """The others have stopped, and so does this one, without a result."""


@dataclass(frozen=True)
class Patience:
    """How often a server is asked for the same, and how long at most it may make one wait.

    Attributes:
        retries: how many times more after the first.
        longest_wait_s: seconds between two attempts.
        stage: key of the configuration below which these stand, for messages.
        kept: what is not lost where it is given up, for messages.
    """

    retries: int
    longest_wait_s: float
    stage: str
    kept: str

    def answered(self, ask: Callable[[], Reply], seed: int, stop: threading.Event, again: Callable[[], None]) -> Reply:
        """Ask until there is an answer that repeating will not change.

        Args:
            ask: sends the request.
            seed: of the share of the wait that chance adds, so that many who wait do not come back at once.
            stop: set where nobody wants the answer any more.
            again: called before each repetition.

        Returns:
            The answer; one of 429 or 5xx where no attempt got another.

        Raises:
            UnansweredError: no attempt got an answer, or one took too long.
            InputError: the server asks for a longer wait than is allowed.
            StoppedError: nobody wants the answer any more.
        """
        chance = random.Random(seed)
        for attempt in range(self.retries + 1):
            wait_s = self._backoff(attempt, chance)
            last = attempt == self.retries
            try:
                reply = ask()
            except UnansweredError as error:
                if last or error.reason not in _PASSING:
                    raise
            else:
                if not _is_passing(reply):
                    return reply
                asked_s = self._asked(reply)
                if last:
                    return reply
                wait_s = max(wait_s, asked_s)
            if stop.wait(wait_s):
                raise StoppedError
            again()
        raise AssertionError("there is always a last attempt")

    def _backoff(self, attempt: int, chance: random.Random) -> float:
        """Exponential, the upper half of it drawn: between 2**n / 2 and 2**n times the first wait."""
        return min(_FIRST_WAIT_S * 2.0**attempt * (0.5 + chance.random() / 2), self.longest_wait_s)

    def _asked(self, reply: Reply) -> float:
        asked_s = retry_after(reply.headers, datetime.now(UTC))
        if asked_s > self.longest_wait_s:
            raise InputError(
                f"the server answers {reply.status} and asks to wait {asked_s:.6g} s, {self.stage}.longest_wait_s is "
                f"{self.longest_wait_s:g}; {self.kept}"
            )
        return asked_s


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that a server asks to wait (RFC 9110, section 10.2.3: a number of seconds, or a date).

    Args:
        headers: by name, in lower case.
        now: with its time zone.

    Returns:
        At least 0; 0 where it asks for nothing or for something that cannot be read.
    """
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        try:
            date = parsedate_to_datetime(said)
        # A year or a zone of many digits.
        except (ValueError, OverflowError):
            return 0.0
        # A date without a zone is one of Greenwich.
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _is_passing(reply: Reply) -> bool:
    spent = reply.status == _TOO_MANY and _SPENT in reply.body
    return not spent and (reply.status >= 500 or reply.status in (_REQUEST_TIMEOUT, _TOO_MANY))

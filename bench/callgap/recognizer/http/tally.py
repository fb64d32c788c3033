"""What came of the requests, counted while many threads ask."""

from __future__ import annotations

import threading
from collections import Counter

_HOPELESS = 20


class Tally:
    """Counts of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._retries = 0
        self._last, self._in_a_row = "", 0
        self._any_good = False

    @property
    def any_good(self) -> bool:
        """Whether any utterance was understood."""
        return self._any_good

    def repeated(self) -> None:
        """Count one repetition."""
        with self._lock:
            self._retries += 1

    def add(self, result: str, language: str | None, *, good: bool) -> bool:
        """Count what became of one utterance.

        Args:
            result: its reason code, or its status.
            language: that the server detected.
            good: whether the answer was of use.

        Returns:
            Whether none was of use before and so many came back one after the other with this same result that the
            request or the server, not the utterances, is at fault.
        """
        with self._lock:
            self._results[result] += 1
            if language:
                self._languages[language] += 1
            self._in_a_row = self._in_a_row + 1 if result == self._last else 1
            self._last = result
            self._any_good |= good
            return not self._any_good and self._in_a_row >= _HOPELESS

    def notes(self) -> dict[str, object]:
        """For `run.json`: results, repeated requests and detected languages."""
        with self._lock:
            return {
                "results": dict(sorted(self._results.items())),
                "repeated_requests": self._retries,
                "detected_languages": dict(sorted(self._languages.items())),
            }

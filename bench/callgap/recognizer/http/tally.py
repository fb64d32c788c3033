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

    def repeated(self) -> None:
        """Count one repetition."""
        with self._lock:
            self._retries += 1

    def add(self, result: str, language: str | None) -> bool:
        """Count what became of one utterance.

        Args:
            result: its reason code, or its status.
            language: that the server detected.

        Returns:
            Whether so many came back with nothing but this reason that the request, not the utterances, is at fault.
        """
        with self._lock:
            self._results[result] += 1
            if language:
                self._languages[language] += 1
            return len(self._results) == 1 and self._results[result] >= _HOPELESS

    def notes(self) -> dict[str, object]:
        """For `run.json`: results, repeated requests and detected languages."""
        with self._lock:
            return {
                "results": dict(sorted(self._results.items())),
                "repeated_requests": self._retries,
                "detected_languages": dict(sorted(self._languages.items())),
            }

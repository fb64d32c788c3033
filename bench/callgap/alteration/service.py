"""Any service that takes a WAV file and gives one back."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, attempt, gathered, is_altered
from callgap.alteration.sound import check_clipping, check_length, check_sound, from_file, to_wav
from callgap.audio import AudioBatch, Signal, batch_of
from callgap.errors import InputError
from callgap.records import ItemStatus
from callgap.server.address import check_address, key_in
from callgap.server.client import Client, Reply, UnansweredError
from callgap.server.patience import Patience
from callgap.server.side_by_side import side_by_side

_STAGE = "alteration"
_DAY_S = 86400
_FINE = 200
_CONCERNS_ALL = (401, 402, 403)
_NOTHING_THERE = 404
_KEPT = "what was done before is kept, go on with resume=<run directory>"
_ACCEPTED = "audio/wav, audio/*"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Http:
    """Posts each utterance as a WAV file to an address and reads the altered one from the answer, several at once.

    An utterance without a usable answer is `failed`: `http_<status>`, `timeout`, `connection_lost`, `too_much_output`
    (more than 8 MB), `unreadable`, `several_channels`, `wrong_rate`, `not_finite`, `longer`, `shorter` or `silent`.

    Attributes:
        base_url: whole address that is posted to.
        key_variable: name of the variable of the environment that holds the key, which is sent as `Authorization:
            Bearer`; None sends none. The key itself reaches no file, log, message or copy of this object.
        allow_plain: send the key over a network unencrypted (`http://`) too.
        timeout_s: of one attempt, from the first byte sent to the last one received; at most a day.
        concurrency: requests at once, within a batch.
        retries: further attempts after 408, 429, 5xx or a broken connection.
        longest_wait_s: between two attempts; a server that asks for more stops the run.
        sample_rate: of the WAV file (16-bit PCM, one channel), in Hz; the answer may have another rate.
        length_within: share of the length before by which that after may differ.
        stated_look_ahead_s: of the service where it streams, as its maker states it; None is the whole utterance,
            which it is given.
    """

    base_url: str
    key_variable: str | None = None
    allow_plain: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=_DAY_S)] = 60.0
    concurrency: Annotated[int, Field(ge=1, le=1024)] = 4
    retries: Annotated[int, Field(ge=0, le=20)] = 5
    longest_wait_s: Annotated[float, Field(ge=0, le=_DAY_S)] = 60.0
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 16000
    length_within: Annotated[float, Field(gt=0, le=10)] = 0.2
    stated_look_ahead_s: Annotated[float, Field(ge=0)] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay in their process, and the key in the environment of each.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def look_ahead_s(self) -> float:
        """As it is stated, else the whole utterance."""
        return WHOLE_UTTERANCE if self.stated_look_ahead_s is None else self.stated_look_ahead_s

    def check(self) -> None:
        """Check address and key without asking anybody.

        Raises:
            InputError: one of them cannot be used.
        """
        check_address(self.base_url, keyed=self.key_variable is not None, allow_plain=self.allow_plain, stage=_STAGE)
        key_in(self.key_variable, _STAGE)

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch, as many requests at once as `concurrency` says; the result has the rate of the batch.

        Raises:
            InputError: the server cannot be reached, refuses the key, or has nothing at the address: it says so of the
                whole batch, and has altered nothing before.
        """
        _ = self._client
        audio = batch.resampled(self.sample_rate)
        places = [index for index in range(len(audio)) if is_altered(audio, index)]
        results: list[Signal | ItemStatus | None] = [None] * len(audio)

        def altered(k: int, stop: threading.Event) -> Signal | ItemStatus:
            index = places[k]
            return attempt(lambda signal, _: self._answered(signal, stop), audio.signal(index), "")

        for k, result in side_by_side(altered, len(places), self.concurrency):
            results[places[k]] = result
        self._require_something_there([results[place] for place in places])
        return gathered(audio, results).resampled(batch.sample_rate)

    @cached_property
    def _client(self) -> Client:
        self.check()
        key = key_in(self.key_variable, _STAGE)
        return Client(self.base_url, key, timeout_s=self.timeout_s, connections=self.concurrency)

    @cached_property
    def _served(self) -> threading.Event:
        """Set once the server has given any sound."""
        return threading.Event()

    def _require_something_there(self, results: Sequence[Signal | ItemStatus | None]) -> None:
        reason = f"http_{_NOTHING_THERE}"
        gone = [isinstance(result, ItemStatus) and result.reason == reason for result in results]
        if gone and all(gone) and not self._served.is_set():
            raise InputError(f"{self._refused(_NOTHING_THERE)}; {_KEPT}")

    def _answered(self, signal: Signal, stop: threading.Event) -> Signal:
        reply = self._reply(to_wav(signal, self.sample_rate), stop)
        if reply.status in _CONCERNS_ALL or 300 <= reply.status < 400:
            raise InputError(f"{self._refused(reply.status)}; {_KEPT}")
        if reply.status != _FINE:
            raise NotAlteredError(f"http_{reply.status}")
        self._served.set()
        altered, rate = from_file(reply.body)
        check_length(signal, self.sample_rate, altered, rate, self.length_within)
        check_sound(signal.cpu(), altered)
        check_clipping(signal.cpu(), altered)
        return batch_of([altered], rate, [""]).resampled(self.sample_rate).signal(0)

    def _reply(self, wav: bytes, stop: threading.Event) -> Reply:
        patience = Patience(self.retries, self.longest_wait_s, _STAGE, _KEPT)
        try:
            return patience.answered(
                lambda: self._client.ask("POST", "", wav, "audio/wav", _ACCEPTED),
                zlib.crc32(wav),
                stop,
                lambda: None,
            )
        except UnansweredError as error:
            if error.reason == "unreachable":
                raise InputError(
                    f"alteration.base_url: {self.base_url} cannot be reached: {error.detail or error.reason}; {_KEPT}"
                ) from None
            raise NotAlteredError(error.reason) from None

    def _refused(self, status: int) -> str:
        if status == 401 and self.key_variable is None:
            return f"{self.base_url} wants a key (401): name its variable, alteration.key_variable=NAME"
        if status in (401, 403):
            whose = f"the key in {self.key_variable}" if self.key_variable else "the request"
            return f"alteration.key_variable: {self.base_url} refuses {whose} ({status})"
        if 300 <= status < 400:
            return f"alteration.base_url: {self.base_url} sends elsewhere ({status}); name where it sends to"
        return f"alteration.base_url: {self.base_url} answers {status}, to every utterance so far"

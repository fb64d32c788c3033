"""Any server of transcriptions in OpenAI's wire format: vLLM, speaches, Groq, OpenAI, and many more."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as fields_of
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.errors import InputError, one_of
from callgap.recognizer.base import Hypothesis, Sound, Transcription
from callgap.recognizer.central import transcribed
from callgap.recognizer.http.tally import Tally
from callgap.recognizer.http.transcriptions import Heard, Value, content_of, form, heard, message_in, wav16
from callgap.records import Context, Grammar, ItemStatus, Status
from callgap.server.address import check_address, key_in
from callgap.server.client import Client, Reply, UnansweredError
from callgap.server.patience import Patience
from callgap.server.side_by_side import side_by_side

_STAGE = "recognizer"
_PATH = "/audio/transcriptions"
_RESERVED = ("file", "model", "language", "response_format", "temperature", "prompt")
_STREAMED = "stream"
_SECRET = re.compile(r"(key|token|secret|password|authorization)$", re.IGNORECASE)
_LONGEST_QUOTE = 200
_PER_THREAD = 16
_SMALLEST_WINDOW = 32
_FINE = 200
_LONGEST_NAME, _MOST_NAMES = 100, 100
_DAY_S = 86400
_USELESS = {
    "bad_json": "what is no transcription in JSON",
    "not_utf8": "what is no UTF-8",
    "no_text": "JSON without a text",
    "too_much_output": "more than 8 MB",
    "timeout": "nothing within recognizer.timeout_s",
    "connection_lost": "connections that broke",
}
_KEPT = "what was understood before is kept, go on with resume=<run directory>"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class OpenAiHttp:
    """Sends each utterance as a WAV file to `{base_url}/audio/transcriptions`, many side by side from one process.

    Attributes:
        base_url: of the server, up to and with its version: `http://localhost:8000/v1`.
        model: as the server names it.
        key_variable: name of the variable of the environment that holds the key; None sends none. The key itself
            reaches no file, log, message or copy of this object.
        allow_plain: send the key over a network unencrypted (`http://`) too.
        timeout_s: of one attempt, from the first byte sent to the last one received; at most a day.
        concurrency: requests at once.
        retries: further attempts after 429, 5xx or a broken connection.
        longest_wait_s: between two attempts, at most a day; a server that asks for more stops the run.
        sample_rate: of the WAV file (16-bit PCM, one channel), in Hz.
        language_mode: `forced` tells the server the language of the corpus, `detected` leaves it to find out.
        response_format: `verbose_json` also brings a confidence and the language, where the server has them.
        temperature: 0 asks for the most probable text.
        prompt: text that the model is to go on from; None sends none.
        fields: further fields of the form.
        check_model: refuse a model that the server does not list, where it lists any.
        id: of the system in a published table; None takes the model's name.
        revision: of the system.
        locale: of the system.
    """

    base_url: str
    model: Annotated[str, Field(min_length=1)]
    key_variable: str | None = None
    allow_plain: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=_DAY_S)] = 60.0
    concurrency: Annotated[int, Field(ge=1, le=1024)] = 8
    retries: Annotated[int, Field(ge=0, le=20)] = 5
    longest_wait_s: Annotated[float, Field(ge=0, le=_DAY_S)] = 60.0
    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 16000
    language_mode: Literal["forced", "detected"] = "forced"
    response_format: Literal["json", "verbose_json"] = "verbose_json"
    temperature: Annotated[float, Field(ge=0, le=1)] = 0.0
    prompt: str | None = None
    fields: Mapping[str, Value | tuple[Value, ...]] = Field(default_factory=dict)
    check_model: bool = True
    id: str | None = None
    revision: str = "not stated"
    locale: str = "not stated"
    hears: ClassVar[bool] = True

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay in their process, and the key in the environment of each.
        return {field.name: getattr(self, field.name) for field in fields_of(self)}

    @property
    def window(self) -> int:
        """Enough for every thread to be busy while the slowest answers come in, and to tell that none is of use."""
        return max(_PER_THREAD * self.concurrency, _SMALLEST_WINDOW)

    def check(self, grammars: Iterable[Grammar], language: str) -> None:
        """Check address, key and fields, without asking anybody; a server is told of no grammar.

        Raises:
            InputError: one of them cannot be used.
        """
        check_address(self.base_url, keyed=self.key_variable is not None, allow_plain=self.allow_plain, stage=_STAGE)
        key_in(self.key_variable, _STAGE)
        for name in self.fields:
            if name in _RESERVED:
                raise InputError(f"recognizer.fields.{name} is sent already; use recognizer.{_key_of(name)}")
            if name == _STREAMED:
                raise InputError("recognizer.fields.stream: answers in pieces are not read; leave it out")
            if _SECRET.search(name):
                raise InputError(
                    f"recognizer.fields.{name} would be stored with the run; for a key there is recognizer.key_variable"
                )

    def warm(self, context: Context) -> None:
        """Ask for the server's list of models, which costs nothing; a server without one is as good.

        Raises:
            InputError: it cannot be reached, refuses the key, or does not have the model.
        """
        try:
            reply = self._client.ask("GET", "/models")
        except UnansweredError as error:
            raise InputError(self._unreachable(error)) from None
        # A key may be allowed to transcribe and not to list.
        if reply.status == 401 or 300 <= reply.status < 400:
            raise InputError(self._refused(reply))
        names = _models_in(reply)
        if self.check_model and names and self.model not in names:
            listed = one_of(self.model, map(self._client.cleared, names[:_MOST_NAMES]))
            raise InputError(
                f"recognizer.model: {self.base_url} does not list {self.model!r}; {listed}; or "
                "recognizer.check_model=false"
            )

    def recognize(self, sounds: Sequence[Sound], context: Context) -> Iterator[tuple[int, Hypothesis]]:
        """Ask for a window, as many at once as `concurrency` says.

        Yields:
            Places and hypotheses in the order of the answers.

        Raises:
            InputError: the server cannot be reached any more, refuses the key, knows no such model or answers nothing
                of use. What had been understood by then is yielded first.
        """
        _ = self._client
        tally, held = self._tally, []
        found = side_by_side(
            lambda place, stop: self._heard(sounds[place], context.language, stop), len(sounds), self.concurrency
        )
        for item in found:
            # Until an answer was of use, the server may be at fault: then nothing is charged to an utterance.
            held.append(item)
            if tally.any_good:
                yield from held
                held.clear()
        yield from held

    def transcribe(self, batch: AudioBatch, context: Context) -> Transcription:
        """Recognize a batch as one window.

        Raises:
            InputError: as `recognize` does.
        """
        return transcribed(self, batch, context)

    def notes(self) -> Mapping[str, object]:
        """What came of the requests of this process."""
        return {"concurrency": self.concurrency, **self._tally.notes()}

    def identity(self) -> Mapping[str, str]:
        """What the user says of the system."""
        return {"id": self.id or self.model, "revision": self.revision, "locale": self.locale}

    @cached_property
    def _client(self) -> Client:
        check_address(self.base_url, keyed=self.key_variable is not None, allow_plain=self.allow_plain, stage=_STAGE)
        key = key_in(self.key_variable, _STAGE)
        return Client(self.base_url, key, timeout_s=self.timeout_s, connections=self.concurrency)

    @cached_property
    def _tally(self) -> Tally:
        return Tally()

    def _heard(self, sound: Sound, language: str, stop: threading.Event) -> Hypothesis:
        wav = wav16(sound, self.sample_rate)
        body, content_type = form(wav, self._fields(language))
        patience = Patience(self.retries, self.longest_wait_s, _STAGE, _KEPT)
        try:
            reply = patience.answered(
                lambda: self._client.ask("POST", _PATH, body, content_type),
                zlib.crc32(wav),
                stop,
                self._tally.repeated,
            )
        except UnansweredError as error:
            if error.reason == "unreachable":
                raise InputError(f"{self._unreachable(error)}; {_KEPT}") from None
            lost = Hypothesis(None, ItemStatus(Status.FAILED, error.reason), latency_s=error.seconds)
            return self._counted(Heard(lost), None)
        if _concerns_all(reply):
            raise InputError(f"{self._refused(reply)}; {_KEPT}")
        return self._counted(heard(reply, self._client.cleared), reply)

    def _counted(self, found: Heard, reply: Reply | None) -> Hypothesis:
        status = found.hypothesis.status
        result = status.reason or status.status
        if self._tally.add(result, found.language, good=status.status is Status.OK):
            refused = reply is not None and reply.status != _FINE
            what = f"{reply.status}{self._said(reply)}" if reply and refused else _USELESS[result]
            raise InputError(
                f"{self.base_url}{_PATH} has answered nothing but {what}; see recognizer.model, "
                "recognizer.response_format, recognizer.language_mode, recognizer.fields and recognizer.base_url; "
                f"{_KEPT}"
            )
        return found.hypothesis

    def _fields(self, language: str) -> dict[str, Value | Sequence[Value]]:
        sent: dict[str, Value | Sequence[Value]] = {"model": self.model, "response_format": self.response_format}
        if self.language_mode == "forced":
            sent["language"] = language.split("-")[0].lower()
        if self.prompt is not None:
            sent["prompt"] = self.prompt
        return {**sent, "temperature": f"{self.temperature:g}", **self.fields}

    def _unreachable(self, error: UnansweredError) -> str:
        return f"recognizer.base_url: {self.base_url} cannot be reached: {error.detail or error.reason}"

    def _refused(self, reply: Reply) -> str:
        if reply.status == 401 and self.key_variable is None:
            return f"{self.base_url} wants a key (401): name its variable, recognizer.key_variable=NAME"
        if reply.status in (401, 403):
            # Not in the server's words: some repeat part of the key.
            whose = f"the key in {self.key_variable}" if self.key_variable else "the request"
            return f"recognizer.key_variable: {self.base_url} refuses {whose} ({reply.status})"
        if 300 <= reply.status < 400:
            return f"recognizer.base_url: {self.base_url} sends elsewhere ({reply.status}); name where it sends to"
        if reply.status == 404:
            return (
                f"recognizer.base_url or recognizer.model: {self.base_url}{_PATH} is not there, or has no model "
                f"{self.model!r} (404){self._said(reply)}"
            )
        return f"{self.base_url} answers nobody any more ({reply.status}){self._said(reply)}"

    def _said(self, reply: Reply) -> str:
        said = self._client.hidden(message_in(reply))[:_LONGEST_QUOTE]
        return f": {said!r}" if said else ""


def _concerns_all(reply: Reply) -> bool:
    spent = reply.status == 429 and b"insufficient_quota" in reply.body
    return reply.status in (401, 402, 403, 404) or 300 <= reply.status < 400 or spent


def _models_in(reply: Reply) -> list[str]:
    try:
        listed = content_of(reply)["data"] if reply.status == _FINE else []
        names = [model["id"] for model in listed]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()]


def _key_of(field: str) -> str:
    return {"file": "sample_rate", "language": "language_mode"}.get(field, field)

"""OpenAI's wire format of transcriptions: the form that is sent, and what comes back."""

from __future__ import annotations

import io
import json
import re
import sys
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.audio import batch_of
from callgap.recognizer.base import Hypothesis, Sound
from callgap.recognizer.confidence import geometric_mean
from callgap.recognizer.pcm import pcm16
from callgap.records import OK, ItemStatus, Status
from callgap.server.client import Reply

Value = str | int | float | bool

_POLICY = re.compile(r"content_(policy|filter)|moderation", re.IGNORECASE)
_UNAVAILABLE_FOR_LEGAL_REASONS = 451
_LANGUAGE = re.compile(r"[^\W\d_][\w '()-]{0,34}")
"""A tag of BCP 47 or a name; 35 characters are the longest tag that RFC 5646 (section 4.4.1) wants room for."""

_UNKNOWN = "unknown"
_LONGEST_INTEGER = 300


def wav16(sound: Sound, sample_rate: int) -> bytes:
    """A sound as a WAV file of one channel and 16 bits.

    Args:
        sound: any sample rate.
        sample_rate: of the file, in Hz.

    Returns:
        The file.
    """
    audio = batch_of([sound.signal], sound.sample_rate, [sound.utterance_id]).resampled(sample_rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sample_rate)
        written.writeframes(pcm16(audio.signal(0)))
    return file.getvalue()


def form(wav: bytes, fields: Mapping[str, Value | Sequence[Value]]) -> tuple[bytes, str]:
    """The body of a request.

    Args:
        wav: the file; its name says nothing of whose it is.
        fields: the others; a list is sent as a field that stands there several times.

    Returns:
        The body and its content type, `multipart/form-data`.
    """
    from urllib3 import encode_multipart_formdata

    parts: list[tuple[str, str | tuple[str, bytes, str]]] = [("file", ("audio.wav", wav, "audio/wav"))]
    for name, value in fields.items():
        each = [value] if isinstance(value, str | int | float | bool) else value
        parts.extend((name, json.dumps(item) if isinstance(item, bool) else str(item)) for item in each)
    return encode_multipart_formdata(parts)


@dataclass(frozen=True)
class Heard:
    """What a reply says.

    Attributes:
        hypothesis: text or status.
        language: that the server detected, in its own spelling; `unknown` where it says something that is no language,
            None where it names none.
    """

    hypothesis: Hypothesis
    language: str | None = None


def heard(reply: Reply, cleared: Callable[[str], str] = str) -> Heard:
    """Read a reply to one utterance.

    Args:
        reply: with any status but one that concerns all utterances.
        cleared: cuts out of a text what must not be stored.

    Returns:
        The text; or `missing` where the answer has none, `refused` where the content is refused, else `failed`.
    """
    if reply.status != 200:
        return Heard(Hypothesis(None, _refusal(reply), latency_s=reply.seconds))
    try:
        content = content_of(reply)
        text = content.get("text") if isinstance(content, dict) else None
        # Half of a surrogate pair, which JSON can write and no table can hold, is refused here.
        said = text.encode().decode().strip() if text is not None else None
    except UnicodeDecodeError:
        return Heard(_lost(Status.FAILED, "not_utf8", reply))
    except (ValueError, AttributeError, RecursionError):
        return Heard(_lost(Status.FAILED, "bad_json", reply))
    if said is None:
        return Heard(_lost(Status.MISSING, "no_text", reply))
    said = cleared(said)
    language = _language(content.get("language"), cleared)
    return Heard(
        Hypothesis(said, OK, confidence_in(content), (said,) if said else (), reply.seconds),
        language,
    )


def content_of(reply: Reply) -> Any:
    """The JSON of a reply.

    Raises:
        ValueError: it is none (UnicodeDecodeError: it is no UTF-8).
        RecursionError: it is nested too deeply.
    """
    return json.loads(reply.body.decode("utf-8-sig"), parse_int=_integer)


def message_in(reply: Reply) -> str:
    """What a server says of its refusal, in one line; empty where it says nothing that can be read."""
    error = _error_in(reply)
    said = error.get("message") or error.get("detail")
    return " ".join(said.split()) if isinstance(said, str) else ""


def confidence_in(content: Mapping[str, Any]) -> float | None:
    """The probability of a token, as the geometric mean over all tokens of the answer.

    Args:
        content: with `segments` (`avg_logprob`, weighted with their `tokens`, else their seconds) as in verbose_json,
            or with `logprobs` per token.

    Returns:
        Between 0 and 1, or None where the server states no probability.
    """
    return geometric_mean(_log_probabilities(content))


def _log_probabilities(content: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    for segment in _objects(content.get("segments")):
        if (value := _number(segment.get("avg_logprob"))) is not None:
            yield value, _weight(segment)
    for token in _objects(content.get("logprobs")):
        if (value := _number(token.get("logprob"))) is not None:
            yield value, 1.0


def _weight(segment: Mapping[str, Any]) -> float:
    tokens = segment.get("tokens")
    if isinstance(tokens, list) and tokens:
        return float(len(tokens))
    begin, end = _number(segment.get("start")), _number(segment.get("end"))
    return max(0.0, end - begin) if begin is not None and end is not None else 1.0


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # False for what is not finite, and no conversion of an integer that is too large for one.
    return float(value) if abs(value) <= sys.float_info.max else None


def _integer(digits: str) -> int | float:
    # Python refuses to read thousands of digits, and with them the text beside; as a number of floating point they
    # are infinite, and only the confidence is lost.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _language(value: object, cleared: Callable[[str], str]) -> str | None:
    if value is None or value == "":
        return None
    name = cleared(value).strip() if isinstance(value, str) else ""
    return name if _LANGUAGE.fullmatch(name) else _UNKNOWN


def _refusal(reply: Reply) -> ItemStatus:
    error = _error_in(reply)
    # Words alone: what is nested deeply enough cannot be made into any.
    codes = [code for code in (error.get("code"), error.get("type")) if isinstance(code, str)]
    if any(_POLICY.search(code) for code in codes):
        return ItemStatus(Status.REFUSED, "content_policy")
    refused = reply.status == _UNAVAILABLE_FOR_LEGAL_REASONS
    return ItemStatus(Status.REFUSED if refused else Status.FAILED, f"http_{reply.status}")


def _error_in(reply: Reply) -> dict[str, Any]:
    try:
        content = content_of(reply)
    except (ValueError, RecursionError):
        return {}
    error = content.get("error", content) if isinstance(content, dict) else None
    return {"message": error} if isinstance(error, str) else error if isinstance(error, dict) else {}


def _lost(status: Status, reason: str, reply: Reply) -> Hypothesis:
    return Hypothesis(None, ItemStatus(status, reason), latency_s=reply.seconds)

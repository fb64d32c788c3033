"""A router on a server: any chat model in OpenAI's wire format."""

from __future__ import annotations

import re
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.routers.accuracy import Accuracy, measured
from callgap.ivr.routers.answers import Answers
from callgap.ivr.routers.base import STAGE, Routed, Router
from callgap.ivr.routers.cache import default_cache, key_of
from callgap.ivr.routers.chat_format import answer, instruction, message_in, question
from callgap.ivr.routers.texts import OUT_OF_SCOPE, Text, TextSet, in_scope, normalized, parts_of
from callgap.server.address import check_address, key_in
from callgap.server.client import Client, Reply, UnansweredError
from callgap.server.patience import Patience
from callgap.server.side_by_side import side_by_side

_PATH = "/chat/completions"
_RESERVED = ("messages", "model", "logprobs", "temperature", "stream", "n")
_SECRET = re.compile(r"(key|token|secret|password|authorization)$", re.IGNORECASE)
_WITHHELD = re.compile(r"content_(policy|filter)|moderation", re.IGNORECASE)
_LONGEST_QUOTE = 200
_KEPT = "what was answered before is kept and not asked again"


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class ChatRouter(Router):
    """Asks a chat model about each text, and takes no answer but the name of an intent.

    Its confidence is the probability of the answer, the product over its tokens, where the server states it; else, and
    of a text out of scope, there is none. Answers are kept in the user's cache under the SHA-256 of the text: judging a
    run again asks nobody.

    Attributes:
        base_url: of the server, up to and with its version: `http://localhost:8000/v1`.
        model: as the server names it.
        descriptions: by intent, what a caller wants who has it; the model reads both.
        held_out: texts whose part `test` shows how well it does.
        most_per_intent: texts of each intent, and of those out of scope, that this asks about at most.
        key_variable: name of the variable of the environment that holds the key; None sends none.
        allow_plain: send the key over a network unencrypted (`http://`) too.
        timeout_s: of one attempt.
        concurrency: requests at once.
        retries: further attempts after 408, 429, 5xx or a broken connection.
        longest_wait_s: between two attempts; a server that asks for more stops the run.
        logprobs: ask for the probabilities of tokens; false for servers that refuse the field.
        temperature: 0 asks for the most probable answer; None sends none, for models that take no other than their own.
        fields: further fields of the request.
        revision: what is known of the model's version.
        cache: folder that keeps the answers; None takes the user's cache.
    """

    base_url: str
    model: Annotated[str, Field(min_length=1)]
    descriptions: Annotated[Mapping[str, str], Field(min_length=1)]
    held_out: TextSet
    most_per_intent: Annotated[int, Field(ge=1)] = 20
    key_variable: str | None = None
    allow_plain: bool = False
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    concurrency: Annotated[int, Field(ge=1, le=1024)] = 8
    retries: Annotated[int, Field(ge=0, le=20)] = 5
    longest_wait_s: Annotated[float, Field(ge=0)] = 60.0
    logprobs: bool = True
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    fields: Mapping[str, Any] = Field(default_factory=dict)
    revision: str = "not stated"
    cache: Path | None = None

    @model_validator(mode="after")
    def _names_and_fields_can_be_used(self) -> Self:
        lowered = Counter(name.strip().lower() for name in self.descriptions)
        for name, meaning in self.descriptions.items():
            if name.strip().lower() == OUT_OF_SCOPE:
                raise ValueError(f"descriptions: {name!r} is what has no intent, and needs no description")
            if lowered[name.strip().lower()] > 1 or "\n" in name or not name.strip() or not meaning.strip():
                raise ValueError(f"descriptions: the intent {name!r} needs a name of its own and a description")
        for name in self.fields:
            if name in _RESERVED:
                raise ValueError(f"fields.{name} is sent or chosen already; accepted: other fields")
            if _SECRET.search(name) and not name.startswith("max_"):
                raise ValueError(f"fields.{name} would be stored with the run; for a key there is key_variable")
        return self

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay in their process, and the key in the environment of each.
        return {field.name: getattr(self, field.name) for field in fields_of(self)}

    @property
    def intents(self) -> tuple[str, ...]:
        """What is described, sorted."""
        return tuple(sorted(self.descriptions))

    def check(self) -> None:
        """Check address and key, and read the texts that check the model, without asking anybody.

        Raises:
            InputError: one of them cannot be used.
        """
        check_address(self.base_url, keyed=self.key_variable is not None, allow_plain=self.allow_plain, stage=STAGE)
        key_in(self.key_variable, STAGE)
        parts_of(self.held_out, "held_out")

    def route(self, texts: Sequence[str]) -> list[Routed]:
        """Ask about each distinct text that was never asked about.

        Returns:
            One per text. A fault says why there is no answer: `timeout`, `connection_lost`, `http_503`, `refused`,
            `no_answer`, `not_listed`.

        Raises:
            InputError: the server cannot be reached, refuses the key or the request, or knows no such model; what was
                answered by then is kept.
        """
        keys = [normalized(text) for text in texts]
        # Of an empty text nothing was understood, and there is nothing to ask about.
        found = {"": Routed(None, None)}
        asked = []
        for key in dict.fromkeys(key for key in keys if key):
            known = self._answers.known(key)
            if known is None:
                asked.append(key)
            else:
                found[key] = known
        if asked:
            # Made here, and not by many threads at once.
            _ = self._client
        for place, routed in side_by_side(lambda i, stop: self._asked(asked[i], stop), len(asked), self.concurrency):
            found[asked[place]] = routed
        return [found[key] for key in keys]

    def accuracy(self) -> Accuracy:
        """On the part `test` of `held_out`; an intent without a description is out of scope."""
        return self._accuracy

    def identity(self) -> Mapping[str, str]:
        """The model, and what it is told."""
        return {
            "router": "chat",
            "model": self.model,
            "revision": self.revision,
            "instruction_sha256": sha256(self._instruction.encode()).hexdigest(),
            "temperature": "not sent" if self.temperature is None else f"{self.temperature:g}",
            "fields_sha256": key_of(dict(self.fields)),
        }

    @cached_property
    def _accuracy(self) -> Accuracy:
        test = in_scope(parts_of(self.held_out, "held_out").test, self.intents)
        name = f"{self.held_out.identity()['texts']}, at most {self.most_per_intent} texts of each intent"
        return measured(self.route, name, tuple(_first(test, self.most_per_intent)), ())

    @cached_property
    def _client(self) -> Client:
        self.check()
        key = key_in(self.key_variable, STAGE)
        return Client(self.base_url, key, timeout_s=self.timeout_s, connections=self.concurrency)

    @cached_property
    def _answers(self) -> Answers:
        key = key_of({"server": self.base_url, "sent": self._sent, "said": self._instruction, **self.identity()})
        return Answers((self.cache or default_cache()) / f"chat-{key}.jsonl")

    @cached_property
    def _instruction(self) -> str:
        return instruction({name: " ".join(self.descriptions[name].split()) for name in self.intents})

    @property
    def _sent(self) -> dict[str, object]:
        sent: dict[str, object] = {"logprobs": True} if self.logprobs else {}
        return sent | ({} if self.temperature is None else {"temperature": self.temperature}) | dict(self.fields)

    def _asked(self, text: str, stop: threading.Event) -> Routed:
        body = question(self.model, self._instruction, text, self._sent)
        patience = Patience(self.retries, self.longest_wait_s, STAGE, _KEPT)
        try:
            reply = patience.answered(
                lambda: self._client.ask("POST", _PATH, body, "application/json"), zlib.crc32(body), stop, lambda: None
            )
        except UnansweredError as error:
            if error.reason == "unreachable":
                detail = error.detail or error.reason
                raise InputError(f"{STAGE}.base_url: {self.base_url} cannot be reached: {detail}; {_KEPT}") from None
            return Routed(None, None, fault=error.reason)
        if reply.status == 200:
            found = answer(reply, {name.strip().lower(): name for name in self.intents})
            self._answers.keep(text, found)
            return found
        return self._fault(reply)

    def _fault(self, reply: Reply) -> Routed:
        code, said = message_in(reply)
        if _WITHHELD.search(code):
            return Routed(None, None, fault="refused")
        if reply.status in (401, 403):
            # Not in the server's words: some repeat part of the key.
            whose = f"the key in {self.key_variable}" if self.key_variable else "a request without a key"
            raise InputError(f"{STAGE}.key_variable: {self.base_url} refuses {whose} ({reply.status}); {_KEPT}")
        if reply.status < 500 and (reply.status not in (408, 429) or code == "insufficient_quota"):
            quoted = self._client.hidden(said)[:_LONGEST_QUOTE]
            raise InputError(
                f"{STAGE}: {self.base_url}{_PATH} answers {reply.status}{f': {quoted!r}' if quoted else ''}; see "
                f"base_url, model, logprobs, temperature and fields; {_KEPT}"
            )
        return Routed(None, None, fault=f"http_{reply.status}")


def _first(texts: Iterable[Text], most: int) -> Iterable[Text]:
    """The first texts of each intent by their hash, which no order of a file decides."""
    taken: Counter[str | None] = Counter()
    for text in sorted(texts, key=lambda text: sha256(text.text.encode()).hexdigest()):
        taken[text.intent] += 1
        if taken[text.intent] <= most:
            yield text

"""The points of a service at which it asks and listens, and the ends that a call can reach."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.ivr.routers.base import Router
from callgap.ivr.service import expand

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

AGREE, REFUSE = 0, 1
"""Places of the two answers of a confirmation."""

ANY_OTHER = "*"
"""Among the tags of an answer: every intent of the node's router that no answer names."""


@runtime_checkable
class Matcher(Protocol):
    """A grammar that was read from a file: what may be said, and the labels that it gives to it."""

    @property
    def labels(self) -> Set[str]:
        """Every label that some phrase can have."""
        ...

    def match(self, text: str, tolerance: int = 0) -> Any:
        """What a text means, with the attribute `labels`; None where the grammar does not hold it."""
        ...

    def phrases(self, limit: int) -> tuple[str, ...]:
        """Everything that may be said."""
        ...


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Answer:
    """One thing that can be answered at a node.

    Attributes:
        goto: the node or end that it leads to.
        intents: what callers want who should answer this; the names are the corpus's.
        phrases: what may be said, lower case; words in brackets may be left out, as in `[what is] my balance`.
        tags: the labels of the node's grammar, or the intents of its router, that mean this; of a router, `*` stands
            for all intents that no answer names.
        key: the telephone key that means this, where the node offers keys.
        spotted: whether a phrase counts wherever in the text it stands, and before anything else.
        critical: whether missing it may cost a life: its recall is an endpoint.
    """

    goto: str
    intents: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    key: Annotated[str, Field(pattern=r"^[0-9*#]$")] | None = None
    spotted: bool = False
    critical: bool = False

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """Every literal phrase."""
        return tuple(dict.fromkeys(literal for phrase in self.phrases for literal in expand(phrase)))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Keys:
    """Telephone keys offered to a caller who is not understood; what is typed is understood as it is.

    Attributes:
        after: failed spoken attempts after which they are offered.
        seconds: that the offer and the typing take.
    """

    after: Annotated[int, Field(ge=0, le=10)]
    seconds: Seconds


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Asking:
    """What every node has that asks and listens. Where a value is null, the service's own holds.

    Attributes:
        prompt: what the service says.
        prompt_s: seconds that it takes.
        reprompt_s: seconds of what it says when it asks again; null repeats the prompt.
        attempts: how often a caller may try.
        reject_below: confidence of the recognizer (at an intent also of the router) below which nothing is taken.
        confirm: the confirmation that what was understood goes through.
        confirm_below: confidence from which on that is left out; null always asks.
        keys: the telephone keys.
        after_attempts: where a call goes whose attempts are used up.
    """

    prompt: str
    prompt_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    reprompt_s: Seconds | None = None
    attempts: Annotated[int, Field(strict=True, ge=1, le=10)] | None = None
    reject_below: Share | None = None
    confirm: str | None = None
    confirm_below: Share | None = None
    keys: Keys | None = None
    after_attempts: str | None = None

    @property
    def choices(self) -> tuple[Answer, ...]:
        """What may be answered, apart from what every node takes."""
        return ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Where an understood answer leads; the confirmation, if any, comes between."""
        return tuple(answer.goto for answer in self.choices)

    @property
    def is_open(self) -> bool:
        """Whether it listens to free speech, so that a recognizer is given no grammar."""
        return False


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Menu(Asking):
    """Takes one of several phrases.

    Attributes:
        answers: what may be said.
        grammar: read from a file; its labels are the answers' tags.
        tolerance: word edits within which a text counts as a phrase, as long as a word of it is left; two answers
            equally near are none.
        open: listen to free speech although the phrases are known, as where they are too many to list.
    """

    kind: Literal["menu"] = "menu"
    answers: tuple[Answer, ...] = ()
    grammar: Matcher | None = None
    tolerance: Annotated[int, Field(ge=0, le=5)] = 0
    open: bool = False

    @property
    def choices(self) -> tuple[Answer, ...]:
        """The answers."""
        return self.answers

    @property
    def is_open(self) -> bool:
        """As the menu says."""
        return self.open


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Intent(Asking):
    """Takes free speech and lets a router find out what is wanted.

    Attributes:
        answers: by their tags, where the intents of the router lead.
        router: finds the intent.
    """

    kind: Literal["intent"] = "intent"
    answers: tuple[Answer, ...] = ()
    router: Router

    @property
    def choices(self) -> tuple[Answer, ...]:
        """The answers."""
        return self.answers

    @property
    def is_open(self) -> bool:
        """Always."""
        return True


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Digits(Asking):
    """Takes a number of a known length, digit by digit.

    Attributes:
        length: digits.
        goto: where a number leads.
        spoken_as: the intent of a recording of one digit, which takes the place of `{}`.
        whole: the intent of recordings of a whole number; where a speaker has one, it is used instead.
    """

    kind: Literal["digits"] = "digits"
    length: Annotated[int, Field(strict=True, ge=1, le=18)]
    goto: str
    spoken_as: Annotated[str, Field(pattern=r"\{\}")] = "digit-{}"
    whole: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Where the number leads."""
        return (self.goto,)

    def intents(self) -> tuple[str, ...]:
        """The intents of the recordings of digits 0 to 9."""
        return tuple(self.spoken_as.format(digit) for digit in range(10))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Confirmation(Asking):
    """Asks whether something was understood rightly: yes goes where it leads, no asks for it again.

    Attributes:
        agree: what means yes.
        refuse: what means no.
        agree_intent: the intent of recordings that say yes.
        refuse_intent: the intent of recordings that say no.
    """

    kind: Literal["confirmation"] = "confirmation"
    agree: Annotated[tuple[str, ...], Field(min_length=1)]
    refuse: Annotated[tuple[str, ...], Field(min_length=1)]
    agree_intent: str = "yes"
    refuse_intent: str = "no"

    @cached_property
    def choices(self) -> tuple[Answer, ...]:
        """The two answers; where they lead depends on what is confirmed."""
        return (
            Answer(goto="what was understood", intents=(self.agree_intent,), phrases=self.agree),
            Answer(goto="the question again", intents=(self.refuse_intent,), phrases=self.refuse),
        )

    @property
    def targets(self) -> tuple[str, ...]:
        """None of its own."""
        return ()


AnyNode = Annotated[Menu | Intent | Digits | Confirmation, Field(discriminator="kind")]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class End:
    """Where a call can end.

    Attributes:
        kind: `automatic` (the machine does what was asked for) or `queue` (a person answers).
        priority: of a queue, 1 for the most urgent.
        seconds: that the caller waits until a person answers, or that the machine takes.
    """

    kind: Literal["automatic", "queue"]
    priority: Annotated[int, Field(ge=1, le=9)] | None = None
    seconds: Seconds = 0.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Call:
    """One kind of call.

    Attributes:
        wants: intents in the corpus's names; at each node the caller says the first one that the node serves.
        ends: the end that is right.
        share: of all calls; only proportions count.
    """

    wants: tuple[str, ...] = ()
    ends: str
    share: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0

"""A router that a test tells what to say, and a service that begins with it."""

from dataclasses import dataclass, field

from calling import small

from callgap.ivr import Answer, Intent
from callgap.ivr.routers import Routed, Router, WrittenTexts
from callgap.ivr.routers.accuracy import measured

HELD_OUT = WrittenTexts(test={"pay": ("i want to pay",), "block": ("please block it",), "out-of-scope": ("sing",)})
TO_NUMBER = Answer(goto="number", intents=("bill",), tags=("pay",))
TO_DESK = Answer(goto="desk", intents=("card",), tags=("block",))


@dataclass
class LastWord(Router):
    """Finds an intent in the last word, always as sure, and keeps what it was asked."""

    intents: tuple = ("block", "pay")
    confidence: float = 0.6
    asked: list = field(default_factory=list)
    checks: int = 0

    def check(self):
        self.checks += 1

    def route(self, texts):
        self.asked += texts
        return [self._routed(text.split()[-1] if text else "") for text in texts]

    def _routed(self, word):
        if word == "nobody":
            return Routed(None, None, fault="http_503")
        return Routed(word if word in self.intents else None, self.confidence)

    def accuracy(self):
        return measured(self.route, "three texts", HELD_OUT.split().test, ())

    def identity(self):
        return {"router": "last word", "confidence": str(self.confidence)}


def asking(router, *answers, **values):
    return Intent(
        prompt="How may I help?", prompt_s=1.0, router=router, answers=answers or (TO_NUMBER, TO_DESK), **values
    )


def routed_service(router, *answers, **changes):
    """The service `small`, but free speech at its first node."""
    nodes = {**small().nodes, "main": asking(router, *answers)}
    return small(nodes=nodes, **changes)

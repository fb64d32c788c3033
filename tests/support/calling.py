"""A small service, its callers, and a plain walk of one call at a time to compare the fast one with."""

from callgap.ivr import Answer, Call, Confirmation, Digits, End, Graph, Keys, Menu, make_plan
from callgap.records import COVARIATES, HYPOTHESES, table, utterances_schema

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEXTS = {"bill": "pay a bill", "card": "lost card", "agent": "agent", "yes": "yes", "no": "no"}
TEXTS |= {f"digit-{value}": word for value, word in enumerate(WORDS)}


def small(keys=None, confirm_below=None, **changes):
    """Two wishes: one is done at once, one needs a number of two digits, which is confirmed."""
    made = {
        "version": 1,
        "name": "small",
        "start": "main",
        "human": "agent",
        "attempts": 3,
        "after_attempts": "agent",
        "stray": "agent",
        "numerals": {str(value): (word,) for value, word in enumerate(WORDS)},
        "always": (Answer(goto="agent", intents=("agent",), phrases=("agent",), key="0"),),
        "nodes": {
            "main": Menu(
                prompt="Bill or card?",
                prompt_s=4.0,
                reprompt_s=2.0,
                keys=keys,
                answers=(
                    Answer(goto="number", intents=("bill",), phrases=("[pay a] bill",), key="1"),
                    Answer(goto="desk", intents=("card",), phrases=("lost card",), key="2"),
                ),
            ),
            "number": Digits(
                prompt="Number?", prompt_s=3.0, length=2, goto="paid", confirm="sure", confirm_below=confirm_below
            ),
            "sure": Confirmation(prompt="Right?", prompt_s=1.0, agree=("yes",), refuse=("no",)),
        },
        "ends": {
            "paid": End(kind="automatic", seconds=5.0),
            "desk": End(kind="queue", priority=1, seconds=10.0),
            "agent": End(kind="queue", priority=2, seconds=100.0),
        },
        "calls": {
            "bill": Call(wants=("bill",), ends="paid", share=2),
            "card": Call(wants=("card",), ends="desk"),
            "person": Call(wants=("agent",), ends="agent"),
        },
        "calls_per_speaker": 8,
    }
    return Graph(**(made | changes))


def offered(after=1):
    return Keys(after=after, seconds=7.0)


def spoken(groups, takes=3, texts=TEXTS, **columns):
    """By group name so many speakers, who each say everything in so many takes."""
    base = {"role": "caller", "language": "en", "slots": [], **columns}
    rows = [
        base
        | {"utterance_id": f"{group}{number}-{intent}-{take}", "speaker_id": f"{group}{number}", "accent": group}
        | {"prompt_id": intent, "intent": intent, "text": text, "take": take}
        for group, count in groups.items()
        for number in range(count)
        for intent, text in texts.items()
        for take in range(takes)
    ]
    return table(rows, utterances_schema(["accent"]))


def heard(graph, utterances, hear=lambda row, grammar: row["text"]):
    """Hypotheses in which `hear(utterance, grammar)` is the text, or (text, confidence), or a status."""
    rows = {row["utterance_id"]: row for row in utterances.to_pylist()}
    found = []
    for grammar, name in make_plan(graph, utterances, 1).work():
        text = hear(rows[name], grammar)
        text, confidence = text if isinstance(text, tuple) else (text, None)
        status = text if text in ("failed", "excluded", "missing") else "ok"
        found.append(
            {"utterance_id": name, "grammar_id": grammar, "text": text if status == "ok" else None, "n_best": []}
            | {"confidence": confidence, "status": status}
        )
    return table(found, HYPOTHESES)


def lasting(utterances, seconds=1.0):
    return table(
        [{"utterance_id": u, "duration_s": seconds} for u in utterances["utterance_id"].to_pylist()], COVARIATES
    )


class PlainCall:
    """One call through `small`, followed by hand: dictionaries and loops, and nothing of the code under test."""

    def __init__(self, graph, kind, takes, texts, repeat, number):
        self.graph, self.kind, self.takes, self.texts = graph, kind, takes, texts
        self.repeat, self.number = repeat, number
        self.path, self.asked = ["main"], dict.fromkeys(graph.nodes, 0)
        self.turns = self.no_matches = 0
        self.seconds = 0.0
        self.gave_up = self.keys = self.wrong_number = False
        self.exact = None

    def say(self, grammar, intent, shift):
        takes = self.takes[intent]
        text, confidence = self.texts[takes[shift % len(takes)], grammar]
        self.seconds += 1.0
        return text, confidence

    def follow(self):
        here = "main"
        while here in self.graph.nodes:
            here = self.main() if here == "main" else self.at_number()
            if here is not None:
                self.path.append(here)
        self.seconds += self.graph.ends[here].seconds if here else 0.0
        return self

    def begin(self, name):
        if self.asked[name] == self.graph.attempts:
            self.gave_up = True
            return None
        node = self.graph.nodes[name]
        again = node.reprompt_s if node.reprompt_s is not None else node.prompt_s
        self.seconds += again if self.asked[name] else node.prompt_s
        self.asked[name] += 1
        self.turns += 1
        return self.asked[name] - 1

    def main(self):
        node = self.graph.nodes["main"]
        while (before := self.begin("main")) is not None:
            goto = {"bill": "number", "card": "desk", "agent": "agent"}
            if node.keys and before >= node.keys.after:
                self.keys = True
                self.seconds += node.keys.seconds
                return goto[self.kind]
            text, confidence = self.say("main", self.kind, self.repeat + before)
            said = {"pay a bill": "number", "bill": "number", "lost card": "desk", "agent": "agent"}.get(text)
            if said and not self.doubted(confidence):
                return said
            self.no_matches += 1
        return self.graph.after_attempts

    def say_number(self, before):
        if self.kind != "bill":
            text, confidence = self.say("number", "agent", self.repeat + before)
            return ("agent" if text == "agent" else None), confidence
        # Three takes of a digit are too few for a fresh one in every place at every attempt.
        pairs = [self.say("number", f"digit-{d}", self.repeat + i + before) for i, d in enumerate(self.number)]
        digits = [WORDS.index(text) if text in WORDS else None for text, _ in pairs]
        known = [confidence for _, confidence in pairs if confidence is not None]
        return (None if None in digits else digits), min(known, default=None)

    def at_number(self):
        while (before := self.begin("number")) is not None:
            found, confidence = self.say_number(before)
            if found is None or self.doubted(confidence):
                self.no_matches += 1
                continue
            if found == "agent":
                return "agent"
            right = found == list(self.number)
            if right and self.exact is None:
                self.exact = before + 1
            below = self.graph.nodes["number"].confirm_below
            if below is not None and confidence is not None and confidence >= below:
                self.wrong_number |= not right
                return "paid"
            self.path.append("sure")
            answer = self.sure(right)
            if answer != "number":
                return answer
            self.path.append("number")
        return self.graph.after_attempts

    def sure(self, right):
        self.asked["sure"] = 0
        while (before := self.begin("sure")) is not None:
            text, confidence = self.say("sure", "yes" if right else "no", self.repeat + before)
            to = {"yes": "paid", "no": "number", "agent": "agent"}.get(text)
            if to and not self.doubted(confidence):
                self.wrong_number |= to == "paid" and not right
                return to
            self.no_matches += 1
        return self.graph.after_attempts

    def doubted(self, confidence):
        return self.graph.reject_below is not None and confidence is not None and confidence < self.graph.reject_below

"""What the attributes of SRGS say: which are read where, and what is accepted in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from callgap.errors import InputError
from callgap.ivr.grammars.checking import check_repeat
from callgap.ivr.grammars.faults import fault, quoted
from callgap.ivr.grammars.nodes import GARBAGE, NULL, VOID, Node, Reference

NAMESPACE = "http://www.w3.org/2001/06/grammar"

ATTRIBUTES = {
    "grammar": ("version", "xmlns", "xml:lang", "xml:base", "mode", "root", "tag-format"),
    "meta": ("name", "http-equiv", "content"),
    "metadata": (),
    "rule": ("id", "scope"),
    "example": (),
    "item": ("repeat", "repeat-prob", "weight", "xml:lang"),
    "one-of": ("xml:lang",),
    "token": ("xml:lang",),
    "ruleref": ("uri", "special", "type", "xml:lang"),
    "tag": (),
}
"""By element, the attributes that are read."""

CHILDREN = {
    "": ("grammar",),
    "grammar": ("meta", "metadata", "rule"),
    "rule": ("example", "item", "one-of", "ruleref", "tag", "token"),
    "item": ("item", "one-of", "ruleref", "tag", "token"),
    "one-of": ("item",),
}
"""By element, the elements that may stand in it; the empty name is the file."""

REASONS = {
    "lexicon": "pronunciations belong to the recognizer",
    "script": "nothing of a grammar is executed",
    "tag": "outside a rule it is a script, and nothing of a grammar is executed",
}
"""By element, why it is not read where it is found."""

_REPEAT = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})?)?")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


class Attributes:
    """The attributes of one element.

    Args:
        source: name of the file.
        line: of the element.
        rule: in which it stands.
        element: its name.
        values: the attributes.

    Raises:
        InputError: one of them is not read at this element.
    """

    def __init__(self, source: str, line: int, rule: str | None, element: str, values: Mapping[str, str]) -> None:
        self._source, self._line, self._rule, self._element, self._values = source, line, rule, element, values
        for name in values:
            # Schema locations and further namespaces say nothing about what may be said.
            known = name in ATTRIBUTES[element] or (element == "grammar" and name.startswith(("xmlns:", "xsi:")))
            if not known:
                accepted = ", ".join(ATTRIBUTES[element]) or "none"
                raise self.fault(f"<{element}>: found the attribute {quoted(name)}, accepted: {accepted}")

    def fault(self, sentence: str) -> InputError:
        """The error for this element."""
        return fault(self._source, self._line, self._rule, sentence)

    def get(self, name: str) -> str | None:
        """The value of an attribute, None where it is not given."""
        value = self._values.get(name)
        return None if value is None else value.strip()

    def one_of(self, name: str, accepted: tuple[str, ...], default: str | None = None) -> str:
        """The value of an attribute that has few values.

        Args:
            name: of the attribute.
            accepted: its values.
            default: where it is not given; None where it must be.

        Returns:
            One of the values.

        Raises:
            InputError: it is another.
        """
        value = self.get(name)
        value = default if value is None else value
        if value not in accepted:
            found = "none" if value is None else quoted(value)
            raise self.fault(f"{name}: found {found}, accepted: {', '.join(accepted)}")
        return str(value)

    def repeat(self) -> tuple[int, int | None] | None:
        """How often an item is said: least and most, None for no end.

        Raises:
            InputError: `repeat` or `repeat-prob` is malformed, or a number is too large.
        """
        text, probability = self.get("repeat"), self.get("repeat-prob")
        if probability is not None and (text is None or self._number("repeat-prob", probability) > 1):
            raise self.fault(f"repeat-prob: found {quoted(probability)}, accepted: 0 to 1, beside a repeat")
        if text is None:
            return None
        found = _REPEAT.fullmatch(text)
        if found is None:
            raise self.fault(f"repeat: found {quoted(text)}, accepted: a number (3), a range (0-2) or no end (1-)")
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        check_repeat(self._source, self._line, self._rule or "", least, most)
        return least, most

    def weight(self, alternative: bool) -> float:
        """How much an alternative weighs, 1 where nothing is said.

        Args:
            alternative: whether the item stands in a `one-of`.

        Raises:
            InputError: it is no number of 0 or more, or the item is no alternative.
        """
        text = self.get("weight")
        if text is not None and not alternative:
            raise self.fault(f"weight: found {quoted(text)}, accepted: only at an item directly in a one-of")
        return 1.0 if text is None else self._number("weight", text)

    def _number(self, name: str, text: str) -> float:
        if _NUMBER.fullmatch(text) is None:
            raise self.fault(f"{name}: found {quoted(text)}, accepted: a number of 0 or more, as 2.5")
        return float(text)

    def reference(self) -> Node:
        """What a `ruleref` stands for.

        Raises:
            InputError: it names no rule of the same file and nothing special, or both.
        """
        uri, special = self.get("uri"), self.get("special")
        if (uri is None) == (special is None):
            raise self.fault(
                "<ruleref>: found " + ("neither" if uri is None else "both") + ", accepted: uri or special"
            )
        if special is not None:
            name = self.one_of("special", ("NULL", "VOID", "GARBAGE"))
            return {"NULL": NULL, "VOID": VOID, "GARBAGE": GARBAGE}[name]
        if uri is None or not uri.startswith("#") or len(uri) == 1:
            raise self.fault(
                f"uri: found {quoted(uri or '')}, accepted: #rule, a rule of this file, for no other is read"
            )
        return Reference(uri[1:], self._line)

"""The elements of SRGS, put together to rules while the file is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import Locator

from callgap.ivr.grammars.building import add_rule, language_of, together, words_of
from callgap.ivr.grammars.checking import MAX_DEPTH
from callgap.ivr.grammars.faults import fault, quoted
from callgap.ivr.grammars.nodes import Alternatives, Node, Repeat, Rule, Tag
from callgap.ivr.grammars.srgs_attributes import CHILDREN, NAMESPACE, REASONS, Attributes

_QUOTED = re.compile(r'"([^"]*)"')
_UNREAD = ("meta", "metadata", "example")
"""What is said about a grammar; nothing in it can be said by a caller."""


@dataclass
class _Open:
    """An element that has begun and not ended."""

    name: str
    line: int
    attributes: Attributes
    parts: list[Node] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    text_line: int = 0


class Elements(ContentHandler):
    """Builds the rules of a grammar from the events of an XML parser.

    Args:
        source: name of the file, for the errors.

    Attributes:
        rules: by name, those that have ended.
        root: name of the rule that the grammar declares as its root.
        language: BCP 47 tag; None of a grammar of keys that states none.
        mode: spoken words, or keys typed on a telephone.
        first_line: of the grammar's own element.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self._open: list[_Open] = []
        self._unread = 0
        self._place: Locator | None = None
        self.rules: dict[str, Rule] = {}
        self.root: str | None = None
        self.language: str | None = None
        self.mode: Literal["voice", "dtmf"] = "voice"
        self.first_line = 1

    @property
    def line(self) -> int:
        """The line that the parser has come to."""
        return (self._place.getLineNumber() or 1) if self._place is not None else 1

    @property
    def _rule(self) -> str | None:
        return self._open[1].attributes.get("id") if len(self._open) > 1 else None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - the name that the parser calls
        """Learn whom to ask for the line."""
        self._place = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the name that the parser calls
        """Begin an element."""
        if self._unread:
            self._unread += 1
            return
        self._check_place(name)
        self._end_of_text()
        rule = attrs.get("id") if name == "rule" else self._rule
        attributes = Attributes(self._source, self.line, rule, name, dict(attrs.items()))
        if name in _UNREAD:
            self._unread = 1
            return
        if name == "grammar":
            self._begin_grammar(attributes)
        elif attributes.get("xml:lang") is not None:
            self._check_language(attributes)
        self._open.append(_Open(name, self.line, attributes))
        if name == "rule":
            self._begin_rule(attributes)

    def characters(self, content: str) -> None:
        """Take in text."""
        if self._open and not self._unread:
            current = self._open[-1]
            current.text_line = current.text_line if current.text else self.line
            current.text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - the name that the parser calls
        """End an element, and add what it says to the one around it."""
        if self._unread:
            self._unread -= 1
            return
        self._end_of_text()
        ended = self._open.pop()
        if name == "rule":
            self._end_rule(ended)
        elif name == "item":
            self._end_item(ended)
        elif name != "grammar":
            self._open[-1].parts.extend(self._said(ended))

    def _check_place(self, name: str) -> None:
        around = self._open[-1].name if self._open else ""
        accepted = CHILDREN.get(around, ())
        if name not in accepted:
            reason = f" ({REASONS[name]})" if name in REASONS else ""
            place = f"in <{around}>" if around else "as the whole of the file"
            shown = ", ".join(f"<{each}>" for each in accepted) or "only text"
            raise fault(self._source, self.line, self._rule, f"found <{name}> {place}{reason}, accepted: {shown}")
        if len(self._open) > MAX_DEPTH:
            raise fault(
                self._source, self.line, self._rule, f"elements are nested deeper than the accepted {MAX_DEPTH}"
            )

    def _begin_grammar(self, attributes: Attributes) -> None:
        self.first_line = self.line
        attributes.one_of("xmlns", (NAMESPACE,))
        attributes.one_of("version", ("1.0",))
        attributes.one_of("tag-format", ("semantics/1.0-literals",), default="semantics/1.0-literals")
        self.mode = cast(Literal["voice", "dtmf"], attributes.one_of("mode", ("voice", "dtmf"), default="voice"))
        language = attributes.get("xml:lang")
        if language is None and self.mode == "voice":
            raise attributes.fault("xml:lang: found none, accepted: a tag such as en-US, for words are of a language")
        self.language = None if language is None else language_of(self._source, self.line, language)
        self.root = attributes.get("root")

    def _check_language(self, attributes: Attributes) -> None:
        found = attributes.get("xml:lang") or ""
        if self.mode == "voice" and found.lower() != (self.language or "").lower():
            raise attributes.fault(f"xml:lang: found {quoted(found)}, accepted: {self.language}, that of the grammar")

    def _begin_rule(self, attributes: Attributes) -> None:
        name = attributes.get("id")
        if not name or len(name.split()) != 1:
            raise attributes.fault(f"id: found {quoted(name or '')}, accepted: a name without blanks")
        attributes.one_of("scope", ("private", "public"), default="private")

    def _end_rule(self, ended: _Open) -> None:
        name = ended.attributes.get("id") or ""
        if not ended.parts:
            sentence = 'found nothing in it, accepted: words, or <ruleref special="NULL"/>'
            raise fault(self._source, ended.line, name, sentence)
        public = ended.attributes.get("scope") == "public"
        add_rule(self._source, self.rules, Rule(name, together(ended.parts, ended.line), public, ended.line))

    def _end_item(self, ended: _Open) -> None:
        around = self._open[-1]
        body, times = together(ended.parts, ended.line), ended.attributes.repeat()
        around.parts.append(body if times is None else Repeat(body, *times, ended.line))
        around.weights.append(ended.attributes.weight(alternative=around.name == "one-of"))

    def _said(self, ended: _Open) -> list[Node]:
        """What an element says that is no item."""
        if ended.name == "ruleref":
            return [ended.attributes.reference()]
        if ended.name == "one-of":
            if not any(ended.weights):
                found = "only the weight 0" if ended.weights else "no item"
                raise ended.attributes.fault(f"<one-of>: found {found}, accepted: an item that may be said")
            return [Alternatives(tuple(ended.parts), tuple(ended.weights), ended.line)]
        if not ended.parts:
            raise ended.attributes.fault(f"<{ended.name}>: found nothing in it, accepted: text")
        return ended.parts

    def _end_of_text(self) -> None:
        """Read the text since an element last began or ended."""
        if not self._open or not self._open[-1].text:
            return
        current = self._open[-1]
        text, line, rule = "".join(current.text), current.text_line, self._rule or ""
        current.text.clear()
        if not text.strip():
            return
        line += text[: len(text) - len(text.lstrip())].count("\n")
        text = text.strip()
        if current.name == "tag":
            current.parts.append(Tag(text, line))
        elif current.name in ("rule", "item", "token"):
            text = text if current.name == "token" else _QUOTED.sub(r" \1 ", text)
            if '"' in text:
                raise fault(self._source, line, rule, f"found {quoted(text)}, accepted: quotation marks in pairs")
            current.parts.extend(words_of(self._source, line, rule, text, typed=self.mode == "dtmf"))
        else:
            accepted = ", ".join(f"<{name}>" for name in CHILDREN.get(current.name, ())) or "nothing"
            raise fault(self._source, line, rule, f"found {quoted(text)} in <{current.name}>, accepted: {accepted}")

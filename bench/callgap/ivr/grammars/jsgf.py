"""Reads the JSpeech Grammar Format 1.0 (W3C Note of 5 June 2000)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from callgap.ivr.grammars.building import add_rule, language_of, public_rule
from callgap.ivr.grammars.faults import fault, quoted
from callgap.ivr.grammars.jsgf_syntax import parse_rules
from callgap.ivr.grammars.nodes import Rule
from callgap.ivr.grammars.tree import Tree

_HEADER = re.compile(
    r"#JSGF[ \t]+V(?P<version>[^\s;]+)(?:[ \t]+(?P<encoding>[^\s;]+))?(?:[ \t]+(?P<locale>[^\s;]+))?[ \t]*;"
)
_ENCODINGS = {
    "utf-8": "UTF-8",
    "ascii": "US-ASCII",
    "iso8859-1": "ISO-8859-1",
    "iso8859-15": "ISO-8859-15",
    "cp1252": "windows-1252",
}


def read_jsgf(source: str, data: bytes, rule: str | None = None) -> Tree:
    """Read a grammar in JSGF.

    Args:
        source: name of the file, for the errors.
        data: its content.
        rule: name of the public rule that a phrase is said by; without one the only public rule.

    Returns:
        The grammar, checked.

    Raises:
        InputError: the header, the syntax or a rule is at fault, or something outside the file is asked for.
    """
    text, language = _decoded(source, data)
    rules: dict[str, Rule] = {}
    for each in parse_rules(source, text):
        if "." in each.name:
            raise fault(source, each.line, each.name, "the defined name has a dot; accepted: a name without dots")
        add_rule(source, rules, each)
    return Tree(source, rules, _root(source, rules, rule), language)


def _root(source: str, rules: Mapping[str, Rule], wanted: str | None) -> str:
    if wanted is not None:
        return public_rule(source, rules, wanted)
    public = [rule for rule in rules.values() if rule.public]
    if len(public) != 1:
        found = f"{len(public)} ({', '.join(rule.name for rule in public[:5])})" if public else "none"
        sentence = f"public rules: found {found}, accepted: one, or the name of the one that is meant"
        raise fault(source, public[1].line if public else None, None, sentence)
    return public[0].name


def _decoded(source: str, data: bytes) -> tuple[str, str | None]:
    """The text after the header, its lines where they were, and the language."""
    data = data.removeprefix(codecs.BOM_UTF8)
    first = re.split(rb"[\r\n]", data, maxsplit=1)[0].decode("latin-1")
    header = _HEADER.match(first)
    if header is None:
        kind = "the ABNF form of SRGS" if first.startswith("#ABNF") else quoted(first)
        raise fault(source, 1, None, f"header: found {kind}, accepted: one such as '#JSGF V1.0 UTF-8 en;'")
    if header["version"] != "1.0":
        raise fault(source, 1, None, f"version: found {quoted(header['version'])}, accepted: 1.0")
    encoding = _encoding(source, header["encoding"] or "UTF-8")
    body = data[header.end() :].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + body[: error.start].count(b"\n")
        sentence = f"encoding: found the byte {body[error.start]:#04x}, accepted: text in {_ENCODINGS[encoding]}"
        raise fault(source, line, None, f"{sentence}, or another encoding stated in the header") from None
    return text, language_of(source, 1, header["locale"]) if header["locale"] else None


def _encoding(source: str, name: str) -> str:
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise fault(source, 1, None, f"encoding: found {quoted(name)}, accepted: {', '.join(_ENCODINGS.values())}")
    return encoding

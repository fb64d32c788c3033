"""The syntax of JSGF after its header, and what its rules are put together to."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lark import Lark, Token, v_args
from lark import Tree as ParseTree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from callgap.errors import InputError
from callgap.ivr.grammars.building import together, words_of
from callgap.ivr.grammars.checking import MAX_DEPTH
from callgap.ivr.grammars.faults import fault, quoted
from callgap.ivr.grammars.nodes import NULL, VOID, Alternatives, Node, Reference, Repeat, Rule, Tag

_SYNTAX = r"""
start: declaration import_* rule*
declaration: "grammar" WORDS ";"
import_: "import" NAME ";"
rule: PUBLIC? NAME "=" alternatives ";"
alternatives: choice ("|" choice)*
choice: WEIGHT? part+
part: (words | quoted | reference | group | optional) TIMES? TAG*
words: WORDS
quoted: QUOTED
reference: NAME
group: "(" alternatives ")"
optional: "[" alternatives "]"

PUBLIC: "public"
NAME: /<[^<>\s]+>/
WORDS: /[^\s;=|*+<>()\[\]{}"\/\\]+(\s+[^\s;=|*+<>()\[\]{}"\/\\]+)*/
QUOTED: /"(\\.|[^\\"])*"/s
TAG: /\{(\\.|[^\\}])*\}/s
TIMES: "*" | "+"
WEIGHT: /\/[^\/*;\n]+\//
COMMENT: /\/\*[\s\S]*?\*\// | /\/\/[^\n]*/
%ignore COMMENT
%ignore /\s+/
"""
_SHOWN = {
    "NAME": "<rule>",
    "WORDS": "a word",
    "QUOTED": '"words"',
    "TAG": "{tag}",
    "TIMES": "* or +",
    "WEIGHT": "/weight/",
    "SEMICOLON": ";",
    "EQUAL": "=",
    "VBAR": "|",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "$END": "the end of the file",
}
_PIECE = re.compile(
    r'"(?:\\.|[^\\"])*"?|\{(?:\\.|[^\\}])*\}?|<[^<>\s]+>|/\*.*?(?:\*/|\Z)|//[^\n]*|[^\s;=|*+<>()\[\]{}"/\\]+|\S',
    re.DOTALL,
)
"""A word, a sign, or a stretch of text in which neither means anything; what is not closed goes on to the end."""
MAX_PIECES = 10_000
"""Of a file: some thousand phrases, which are read in less than a second."""
_DEFINITION = re.compile(r"<([^<>\s]+)>\s*=")
_WEIGHT = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?[fFdD]?")


def parse_rules(source: str, text: str) -> list[Rule]:
    """Read what follows the header.

    Args:
        source: name of the file, for the errors.
        text: with its lines where they are in the file.

    Returns:
        The rules as written, their names not yet checked.

    Raises:
        InputError: the syntax is not that of JSGF, a weight is no weight, or another grammar is asked for.
    """
    _check_size(source, text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        before = text if _ended(error) else text[: error.pos_in_stream]
        sentence = f"found {_found(error)}, accepted: {_accepted(error)}"
        raise fault(source, before.count("\n") + 1, _rule_before(before), sentence) from None
    grammar, *statements = (part for part in tree.children if isinstance(part, ParseTree))
    rules = []
    for statement in statements:
        line, name = statement.meta.line, str(next(token for token in statement.children if token != "public"))
        if statement.data == "import_":
            sentence = f"import: found {quoted(name)}, accepted: rules of this file, for no other is read"
            raise fault(source, line, None, sentence)
        body = _built(_Builder(source, name[1:-1], str(grammar.children[0])), statement)
        rules.append(Rule(name[1:-1], body, len(statement.children) == 3, line))
    return rules


def _check_size(source: str, text: str) -> None:
    """Refuse what is long or nested deep before it is parsed: only the parser's time would show it."""
    depth, pieces = 0, 0
    for found in _PIECE.finditer(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(found[0], 0)
        pieces += not found[0].startswith(("//", "/*"))
        if depth > MAX_DEPTH or pieces > MAX_PIECES:
            before = text[: found.start()]
            kind = "brackets are nested deeper than" if depth > MAX_DEPTH else "words, signs and tags are more than"
            accepted = MAX_DEPTH if depth > MAX_DEPTH else MAX_PIECES
            sentence = f"{kind} the accepted {accepted:,}"
            raise fault(source, before.count("\n") + 1, _rule_before(before), sentence)


@cache
def _parser() -> Lark:
    return Lark(_SYNTAX, parser="lalr", propagate_positions=True)


def _built(builder: _Builder, statement: ParseTree[Token]) -> Node:
    try:
        body: Node = builder.transform(statement)
    except VisitError as error:
        raise error.orig_exc from None
    return body


def _ended(error: UnexpectedInput) -> bool:
    return isinstance(error, UnexpectedToken) and error.token.type == "$END"


def _found(error: UnexpectedInput) -> str:
    if _ended(error):
        return "the end of the file"
    return quoted(error.char if isinstance(error, UnexpectedCharacters) else str(getattr(error, "token", "")))


def _accepted(error: UnexpectedInput) -> str:
    names = error.allowed if isinstance(error, UnexpectedCharacters) else getattr(error, "accepts", None)
    names = names or getattr(error, "expected", None) or ()
    return " ".join(sorted(_SHOWN.get(name, name.lower()) for name in names)) or "another character"


def _rule_before(text: str) -> str | None:
    """The last rule whose definition begins in a text."""
    names = _DEFINITION.findall(text)
    return names[-1] if names else None


@v_args(meta=True)
class _Builder(Transformer_NonRecursive[Token, Any]):
    """Puts one rule's nodes together, however deep they are nested."""

    def __init__(self, source: str, name: str, grammar: str) -> None:
        super().__init__()
        self._source, self._name, self._grammar = source, name, grammar

    def _fault(self, line: int, sentence: str) -> InputError:
        return fault(self._source, line, self._name, sentence)

    def rule(self, meta: Meta, items: list[Any]) -> Node:
        body: Node = items[-1]
        return body

    def alternatives(self, meta: Meta, choices: list[tuple[Node, float | None]]) -> Node:
        if len(choices) == 1:
            return choices[0][0]
        if len({weight is None for _, weight in choices}) > 1:
            raise self._fault(meta.line, "weights: found before some alternatives only, accepted: before all or none")
        weights = tuple(1.0 if weight is None else weight for _, weight in choices)
        if not any(weights):
            raise self._fault(meta.line, "weights: found 0 before every alternative, accepted: one above 0")
        return Alternatives(tuple(body for body, _ in choices), weights, meta.line)

    def choice(self, meta: Meta, items: list[Any]) -> tuple[Node, float | None]:
        weight = self._weight(items.pop(0), meta.line) if isinstance(items[0], Token) else None
        return together([part for parts in items for part in parts], meta.line), weight

    def part(self, meta: Meta, items: list[Any]) -> list[Node]:
        (before, last), *tokens = items
        if tokens and tokens[0].type == "TIMES":
            last = Repeat(last, int(tokens.pop(0) == "+"), None, meta.line)
        return [*before, last, *map(self._tag, tokens)]

    # What follows a part belongs to the last thing in it: to the last of several words, to all of what is in quotes.

    def words(self, meta: Meta, items: list[Token]) -> tuple[list[Node], Node]:
        *before, last = words_of(self._source, meta.line, self._name, str(items[0]))
        return before, last

    def quoted(self, meta: Meta, items: list[Token]) -> tuple[list[Node], Node]:
        text = _unescaped(items[0][1:-1])
        words = words_of(self._source, meta.line, self._name, text)
        if not words:
            raise self._fault(meta.line, f"word: found {text!r}, accepted: a word with a letter or a digit")
        return [], together(words, meta.line)

    def reference(self, meta: Meta, items: list[Token]) -> tuple[list[Node], Node]:
        name = str(items[0])[1:-1]
        if name in ("NULL", "VOID"):
            return [], NULL if name == "NULL" else VOID
        grammar, _, rule = name.rpartition(".")
        if grammar not in ("", self._grammar, self._grammar.rpartition(".")[2]):
            sentence = f"reference: found {quoted(name)}, accepted: rules of this file, for no other is read"
            raise self._fault(meta.line, sentence)
        return [], Reference(rule, meta.line)

    def group(self, meta: Meta, items: list[Node]) -> tuple[list[Node], Node]:
        return [], items[0]

    def optional(self, meta: Meta, items: list[Node]) -> tuple[list[Node], Node]:
        return [], Repeat(items[0], 0, 1, meta.line)

    def _tag(self, token: Token) -> Tag:
        line = token.line or 1
        label = _unescaped(token[1:-1]).strip()
        if not label:
            raise self._fault(line, "tag: found an empty one, accepted: a label between the braces")
        return Tag(label, line)

    def _weight(self, token: Token, line: int) -> float:
        text = token[1:-1].strip()
        if _WEIGHT.fullmatch(text) is None:
            raise self._fault(line, f"weight: found {quoted(text)}, accepted: a number of 0 or more, as in /2.5/")
        return float(text.rstrip("fFdD"))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)

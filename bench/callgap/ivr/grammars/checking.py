"""What every grammar is checked for before anything is asked of it; the time is linear in its size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callgap.ivr.grammars.faults import fault, near, quoted
from callgap.ivr.grammars.flat import NEVER, Flat, flatten
from callgap.ivr.grammars.nodes import GARBAGE, Reference, Repeat, Rule, Sequence, Word

MAX_REPEAT = 1000
"""Times that a part may be repeated; without a number there is no end, which costs nothing."""
MAX_WORDS = 1000
"""Words of the shortest phrase of a rule."""
MAX_DEPTH = 50
"""Parts inside parts, in one rule."""


def checked(source: str, rules: Mapping[str, Rule], root: str) -> Flat:
    """Refuse a grammar that cannot be listed and matched in finite time, or that says nothing.

    Args:
        source: name of the file, for the errors.
        rules: by name.
        root: name of the rule that a phrase is said by.

    Returns:
        The nodes of the rules, numbered.

    Raises:
        InputError: the root or a rule that is referred to is not defined; a part is nested too deep or repeated too
            often; a rule begins with itself, has no end, or has no phrase short enough to be said; or nothing can be
            said at all.
    """
    if root not in rules:
        raise fault(source, None, None, f"the root rule {quoted(root)} is not defined; {near(root, rules)}")
    for rule in rules.values():
        _check_depth(source, rule)
    for rule in rules.values():
        _check_parts(source, rule, rules)
    flat = flatten(rules)
    said = flat.shortest(void=NEVER)
    _check_left_recursion(source, flat, rules, said)
    _check_ends(source, flat, rules, flat.shortest(void=1) if flat.has_void else said)
    _check_root(source, flat, rules[root], said)
    return flat


def _parts(rule: Rule) -> Iterator[tuple[object, int]]:
    """Every node of a rule with its depth; parts of weight 0 too."""
    waiting: list[tuple[object, int]] = [(rule.body, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        parts = (node.part,) if isinstance(node, Repeat) else getattr(node, "parts", ())
        if parts:
            waiting.extend((part, depth + 1) for part in reversed(parts))


def _check_depth(source: str, rule: Rule) -> None:
    for node, depth in _parts(rule):
        if depth > MAX_DEPTH:
            line = getattr(node, "line", rule.line)
            raise fault(source, line, rule.name, f"parts are nested deeper than the accepted {MAX_DEPTH}")


def _check_parts(source: str, rule: Rule, rules: Mapping[str, Rule]) -> None:
    for node, _ in _parts(rule):
        if isinstance(node, Reference) and node.rule not in rules:
            sentence = f"refers to {quoted(node.rule)}, which is not defined; {near(node.rule, rules)}"
            raise fault(source, node.line, rule.name, sentence)
        if isinstance(node, Repeat):
            check_repeat(source, node.line, rule.name, node.least, node.most)


def check_repeat(source: str, line: int, rule: str, least: int, most: int | None) -> None:
    """Refuse a repeat that is no range, or a huge one.

    Args:
        source: name of the file.
        line: of the file.
        rule: name of the rule.
        least: times at least.
        most: times at most; None for no end.

    Raises:
        InputError: the least is below 0 or above the most, or a number is above `MAX_REPEAT`.
    """
    written = f"{least}-{'' if most is None else most}"
    if not 0 <= least <= (least if most is None else most):
        raise fault(source, line, rule, f"repeat: found {written}, accepted: two numbers, the smaller one first")
    if max(least, most or 0) > MAX_REPEAT:
        sentence = f"repeat: found {written}, accepted: numbers up to {MAX_REPEAT}, or no upper number for no end"
        raise fault(source, line, rule, sentence)


def _check_left_recursion(source: str, flat: Flat, rules: Mapping[str, Rule], shortest: list[int]) -> None:
    """A depth-first search over what can be the first thing said: a circle there would never hear a word."""
    unseen, open_, done = 0, 1, 2
    state = [unseen] * len(flat.nodes)
    for body in flat.bodies.values():
        path: list[tuple[int, Iterator[int]]] = []
        following: int | None = body if state[body] == unseen else None
        while following is not None or path:
            if following is not None:
                state[following] = open_
                path.append((following, iter(_first_kids(flat, following, shortest))))
            number, kids = path[-1]
            following = next((kid for kid in kids if state[kid] != done), None)
            if following is None:
                state[number] = done
                path.pop()
            elif state[following] == open_:
                raise _left_recursion(source, flat, rules, [number for number, _ in path], following)


def _first_kids(flat: Flat, number: int, shortest: list[int]) -> list[int]:
    if not isinstance(flat.nodes[number], Sequence):
        return list(flat.kids[number])
    first: list[int] = []
    for kid in flat.kids[number]:
        first.append(kid)
        if shortest[kid] > 0:
            break
    return first


def _left_recursion(source: str, flat: Flat, rules: Mapping[str, Rule], path: list[int], again: int) -> Exception:
    circle = path[path.index(again) :]
    names = list(dict.fromkeys(flat.rules[number] for number in circle))
    shown = [*(names if len(names) <= 6 else [*names[:3], "...", *names[-2:]]), names[0]]
    sentence = f"begins with itself before a word is heard ({' -> '.join(shown)}); accepted: a word before the rule"
    return fault(source, rules[names[0]].line, names[0], sentence)


def _check_ends(source: str, flat: Flat, rules: Mapping[str, Rule], shortest: list[int]) -> None:
    for name, words in ((name, shortest[body]) for name, body in flat.bodies.items()):
        if words == NEVER:
            sentence = (
                "has no end: every way through it comes to a rule without end; accepted: an alternative that ends"
            )
            raise fault(source, rules[name].line, name, sentence)
        if words > MAX_WORDS:
            sentence = f"has no phrase of fewer than {words:,} words; accepted: a phrase of at most {MAX_WORDS:,}"
            raise fault(source, rules[name].line, name, sentence)


def _check_root(source: str, flat: Flat, root: Rule, shortest: list[int]) -> None:
    body = flat.bodies[root.name]
    if shortest[body] == NEVER:
        raise fault(source, root.line, root.name, "nothing can be said: every way through the root rule holds VOID")
    said = (flat.nodes[number] for number in flat.sayable(body, shortest))
    if not any(isinstance(node, Word) or node is GARBAGE for node in said):
        raise fault(source, root.line, root.name, "nothing can be said: the root rule comes to no word")

"""Grammars understood the slow and plain way, and written out, to compare the real readers and charts with."""

import itertools

from hypothesis import strategies as st

from callgap.ivr.grammars import GARBAGE, NULL, VOID, Alternatives, Reference, Repeat, Rule, Sequence, Tag, Word

VOCABULARY = ("uno", "dos", "tres")


def texts(longest, shortest=1):
    """Every text of the vocabulary."""
    for words in range(shortest, longest + 1):
        yield from itertools.product(VOCABULARY, repeat=words)


def derivations(rules, node, budget):
    """Every (words, labels) that a node says in at most `budget` words, in the order in which ways are preferred."""
    if isinstance(node, Reference):
        yield from derivations(rules, rules[node.rule].body, budget)
    elif isinstance(node, Alternatives):
        for place in sorted(range(len(node.parts)), key=lambda place: -node.weights[place]):
            yield from derivations(rules, node.parts[place], budget) if node.weights[place] > 0 else ()
    elif isinstance(node, Sequence):
        yield from _one_after_the_other(rules, node.parts, budget)
    elif isinstance(node, Repeat):
        yield from _times(rules, node, 0, budget)
    else:
        yield from _at_once(node, budget)


def _at_once(node, budget):
    if isinstance(node, Word):
        return [((node.text,), ())] if budget else []
    if isinstance(node, Tag):
        return [((), (node.label,))]
    if node is GARBAGE:
        return [(words, ()) for words in texts(budget, shortest=0)]
    return [((), ())] if node is NULL else []


def _one_after_the_other(rules, parts, budget):
    if not parts:
        yield (), ()
        return
    for words, labels in derivations(rules, parts[0], budget):
        for more_words, more_labels in _one_after_the_other(rules, parts[1:], budget - len(words)):
            yield words + more_words, labels + more_labels


def _times(rules, node, done, budget):
    if node.most is None or done < node.most:
        for words, labels in derivations(rules, node.part, budget):
            if words or done < node.least:
                for more_words, more_labels in _times(rules, node, done + 1, budget - len(words)):
                    yield words + more_words, labels + more_labels
    if done >= node.least:
        yield (), ()


def distance(phrase, text):
    """Fewest word edits of which at least one word is left as it was, or None."""
    best = {(0, 0, False): 0}
    for i, j in itertools.product(range(len(phrase) + 1), range(len(text) + 1)):
        for hit in (False, True):
            if (i, j, hit) not in best:
                continue
            cost = best[i, j, hit]
            steps = [((i + 1, j, hit), 1), ((i, j + 1, hit), 1), ((i + 1, j + 1, hit), 1)]
            if i < len(phrase) and j < len(text) and phrase[i] == text[j]:
                steps.append(((i + 1, j + 1, True), 0))
            for place, edit in steps:
                if place[0] <= len(phrase) and place[1] <= len(text):
                    best[place] = min(best.get(place, cost + edit), cost + edit)
    return best.get((len(phrase), len(text), True))


def expected_labels(rules, root, text, tolerance):
    """What `match` must say: the labels and the edits, or None."""
    ways = list(derivations(rules, rules[root].body, len(text) + tolerance))
    for words, labels in ways:
        if words == text:
            return labels, 0
    near = [(distance(words, text), labels) for words, labels in ways if words]
    near = [(edits, labels) for edits, labels in near if edits is not None and edits <= tolerance]
    fewest = min((edits for edits, _ in near), default=None)
    nearest = {labels for edits, labels in near if edits == fewest}
    return (nearest.pop(), fewest) if len(nearest) == 1 else None


def faults(rules):
    """The names of rules that begin with themselves, and of those without end, by fixed points."""
    silent, ending = set(), set()
    for _ in rules:
        silent |= {name for name, rule in rules.items() if _says(rule.body, silent, word=False, void=False)}
        ending |= {name for name, rule in rules.items() if _says(rule.body, ending, word=True, void=True)}
    first = {name: _first(rule.body, silent) for name, rule in rules.items()}
    for _ in rules:
        first = {name: near.union(*(first[other] for other in near)) for name, near in first.items()}
    return {name for name in rules if name in first[name]}, set(rules) - ending


def _says(node, rules, word, void):
    """Whether a node can be said, given what can: with words or in silence."""
    if isinstance(node, Word):
        return word
    if isinstance(node, Reference):
        return node.rule in rules
    if isinstance(node, Alternatives):
        parts = [part for part, weight in zip(node.parts, node.weights, strict=True) if weight > 0]
        return any(_says(part, rules, word, void) for part in parts)
    if isinstance(node, Sequence):
        return all(_says(part, rules, word, void) for part in node.parts)
    if isinstance(node, Repeat):
        return node.least == 0 or _says(node.part, rules, word, void)
    return void if node is VOID else True


def _first(node, silent):
    if isinstance(node, Reference):
        return {node.rule}
    if isinstance(node, Repeat):
        return _first(node.part, silent) if node.most != 0 else set()
    if isinstance(node, Alternatives):
        parts = [part for part, weight in zip(node.parts, node.weights, strict=True) if weight > 0]
        return set().union(*(_first(part, silent) for part in parts))
    found = set()
    for part in node.parts if isinstance(node, Sequence) else ():
        found |= _first(part, silent)
        if not _says(part, silent, word=False, void=False):
            break
    return found


def in_jsgf(rules, root, language="en-US"):
    """A grammar written in JSGF; repeats are `[]`, `*` or `+`."""
    lines = [f"#JSGF V1.0 UTF-8 {language};", "grammar written;"]
    for rule in rules.values():
        lines.append(f"{'public ' if rule.name == root else ''}<{rule.name}> = {_jsgf(rule.body)};")
    return "\n".join(lines) + "\n"


def _jsgf(node):
    if isinstance(node, Word):
        return node.text
    if isinstance(node, Tag):
        return "<NULL> {" + node.label.replace("\\", "\\\\").replace("}", "\\}") + "}"
    if isinstance(node, Reference):
        return f"<{node.rule}>"
    if isinstance(node, Alternatives):
        return "(" + " | ".join(f"/{w}/ {_jsgf(p)}" for p, w in zip(node.parts, node.weights, strict=True)) + ")"
    if isinstance(node, Sequence):
        return "(" + (" ".join(map(_jsgf, node.parts)) or "<NULL>") + ")"
    if isinstance(node, Repeat):
        part = _jsgf(node.part)
        return f"[{part}]" if node.most == 1 else f"({part})" + ("+" if node.least else "*")
    return f"<{node}>"


def in_srgs(rules, root, language="en-US"):
    """A grammar written in SRGS XML."""
    written = "".join(f'  <rule id="{rule.name}" scope="public">{_srgs(rule.body)}</rule>\n' for rule in rules.values())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" '
        f'xml:lang="{language}" root="{root}" mode="voice">\n{written}</grammar>\n'
    )


def _srgs(node):
    if isinstance(node, Word):
        return f" {node.text} "
    if isinstance(node, Tag):
        return f"<tag>{node.label}</tag>"
    if isinstance(node, Reference):
        return f'<ruleref uri="#{node.rule}"/>'
    if isinstance(node, Alternatives):
        weighted = zip(node.parts, node.weights, strict=True)
        return "<one-of>" + "".join(f'<item weight="{w}">{_srgs(p)}</item>' for p, w in weighted) + "</one-of>"
    if isinstance(node, Sequence):
        return "<item>" + "".join(map(_srgs, node.parts)) + "</item>"
    if isinstance(node, Repeat):
        most = "" if node.most is None else node.most
        return f'<item repeat="{node.least}-{most}">{_srgs(node.part)}</item>'
    return f'<ruleref special="{node}"/>'


def trees(names, specials=(NULL, VOID), repeats=((0, 1), (0, None), (1, None), (0, 2), (2, 3), (2, None))):
    """A strategy of nodes that refer to rules of these names."""
    leaves = st.one_of(
        st.sampled_from(VOCABULARY).map(Word),
        st.sampled_from(VOCABULARY).map(Word),
        st.sampled_from("xy").map(Tag),
        st.sampled_from(names).map(Reference) if names else st.nothing(),
        st.sampled_from(specials),
    )
    weights = st.sampled_from((1.0, 1.0, 0.5, 2.0))

    def larger(parts):
        return st.one_of(
            st.lists(parts, min_size=1, max_size=3).map(lambda found: Sequence(tuple(found))),
            st.lists(st.tuples(parts, weights), min_size=1, max_size=3).map(
                lambda pairs: Alternatives(tuple(p for p, _ in pairs), tuple(w for _, w in pairs))
            ),
            st.builds(lambda part, times: Repeat(part, *times), parts, st.sampled_from(repeats)),
        )

    return st.recursive(leaves, larger, max_leaves=6)


def grammars(circular, **choices):
    """A strategy of the rules of a grammar; without circles a rule refers only to later ones."""
    names = ("a", "b", "c")
    bodies = [trees(names if circular else names[place + 1 :], **choices) for place in range(len(names))]
    return st.tuples(*bodies).map(lambda found: {n: Rule(n, body) for n, body in zip(names, found, strict=True)})

"""Of which groups an alteration left nothing: they are in no comparison, and everyone else is not everyone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callgap.effect_measures import Runs, lost_or_excluded
from callgap.effect_pairs import Pair, pairs
from callgap.finished import Finished
from callgap.records import Status


def losses(runs: Sequence[Finished], before: str | None = None) -> list[str]:
    """Name the groups of which no utterance has a text both before and after.

    Args:
        runs: finished, as for `pairs`.
        before: the alteration that the others are compared with; None takes `identity`.

    Returns:
        A sentence for each pair of runs and group, or for everyone where nobody is left; none where all are there.

    Raises:
        InputError: the runs cannot be compared.
    """
    read = Runs()
    return list(dict.fromkeys(sentence for pair in pairs(runs, before) for sentence in _of(pair, read)))


def _of(pair: Pair, read: Runs) -> Iterator[str]:
    heard, after = read.heard(pair.before), read.heard(pair.after)
    spoken = pair.after.speakers
    here = {u for u, what in after.items() if what.status == Status.OK and u in heard and heard[u].status == Status.OK}
    left = {spoken[utterance] for utterance in here}
    where = f"{pair.after_name} against {pair.before_name} ({pair.after.system}, {pair.condition})"
    everyone = {spoken[utterance] for utterance in after}
    if everyone and not left:
        yield f"{where}: of nobody is anything left to compare: {_reasons(pair, read, everyone)}"
        return
    for attribute in pair.after.attributes:
        people: dict[str, set[str]] = {}
        for speaker, group in pair.after.groups(attribute).items():
            people.setdefault(group, set()).add(speaker)
        for group, members in sorted(people.items()):
            own = members & everyone
            if own and not own & left:
                yield (
                    f"{where}: nothing of {attribute} {group} is left to compare, and everyone is the others alone: "
                    f"{_reasons(pair, read, own)}"
                )


def _reasons(pair: Pair, read: Runs, speakers: set[str]) -> str:
    found = lost_or_excluded(read.heard(pair.after), pair.after.speakers, speakers)
    if not found:
        found = lost_or_excluded(read.heard(pair.before), pair.before.speakers, speakers)
    return ", ".join(f"{count:,} {reason}" for reason, count in found.items())

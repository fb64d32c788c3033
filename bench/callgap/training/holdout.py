"""Who is left out of which model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.training.dataset import Example
from callgap.training.settings import Holdout


@dataclass(frozen=True)
class Fold:
    """One model: what it learns from, and what it does not hear.

    Attributes:
        heard: examples to be learned.
        held_out: the others.
    """

    heard: tuple[Example, ...]
    held_out: tuple[Example, ...]


def folds_of(examples: Sequence[Example], holdout: Holdout) -> tuple[Fold, ...]:
    """Divide examples into what each model hears and what it does not.

    Args:
        examples: all that can be learned.
        holdout: who is left out.

    Returns:
        With `speaker`, folds of which each speaker is held out in exactly one, dealt in the order of their ids; else
        one fold.

    Raises:
        InputError: there are too few speakers, or no such group, or nobody is left to learn from.
    """
    if holdout.by == "speaker":
        return _by_speaker(examples, holdout.folds)
    if holdout.by == "none":
        return (Fold(tuple(examples), ()),)
    groups = _groups(examples, holdout)
    out = tuple(example for example in examples if example.group in groups)
    # A speaker of no stated group may be one of those: such a model must not have heard them.
    left = tuple(example for example in examples if example.group is not None and example.group not in groups)
    if not left:
        raise InputError(f"holdout.groups={sorted(groups)}: nobody is left to learn from")
    return (Fold(left, out),)


def _by_speaker(examples: Sequence[Example], folds: int | None) -> tuple[Fold, ...]:
    speakers = sorted({example.speaker_id for example in examples})
    if len(speakers) < 2:
        raise InputError(f"holdout=speaker needs two speakers, found {len(speakers)}; accepted: holdout=none")
    count = len(speakers) if folds is None else folds
    if count > len(speakers):
        raise InputError(f"holdout.folds={count} is more than the {len(speakers)} speakers of the corpus")
    place = {speaker: number % count for number, speaker in enumerate(speakers)}
    return tuple(
        Fold(
            tuple(e for e in examples if place[e.speaker_id] != number),
            tuple(e for e in examples if place[e.speaker_id] == number),
        )
        for number in range(count)
    )


def _groups(examples: Sequence[Example], holdout: Holdout) -> frozenset[str]:
    present = {example.group for example in examples if example.group is not None}
    for group in holdout.groups:
        if group not in present:
            raise InputError(f"holdout.groups: {holdout.attribute} has no group {group!r}; {one_of(group, present)}")
    return frozenset(holdout.groups)

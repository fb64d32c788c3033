"""Simulated alterations: their truths are what was planted, and the limits hold them together."""

import numpy as np
import pytest

from callgap.fairness.effects import effects
from callgap.fairness.gaps import Resampling
from callgap.proofs import alterations
from callgap.proofs.alterations import ALTERATIONS, GROUPS, MEASURES, REFERENCES, SPEAKERS, Task


@pytest.mark.parametrize("alteration", ALTERATIONS, ids=lambda one: one.name)
def test_what_is_planted_is_what_the_limits_are_held_against(alteration, monkeypatch):
    # Of so many speakers, every estimate lies beside its truth.
    monkeypatch.setattr(alterations, "GROUPS", (6000, 6000))
    monkeypatch.setattr(alterations, "REFERENCE", 6000)
    monkeypatch.setattr("callgap.fairness.effects.joint_limits", lambda measures, _: {key: {} for key in measures})
    for reference in REFERENCES:
        drawn = alterations._drawn(SPEAKERS[0], alteration, reference, np.random.default_rng(1))
        for measure, found in effects(drawn, Resampling(0.05, 999, 1)).items():
            for number, effect in enumerate(found):
                theirs = alterations._others(number, [6000, 6000, 6000], reference, alteration)
                factors = alteration.truth(number), theirs
                pairs = [*alterations._limits(effect, MEASURES[measure].rate, *factors)]
                assert len(pairs) == (2 if effect.reference is None else 4)
                truths = [truth for _, _, truth in pairs]
                assert [limited.value for _, limited, _ in pairs] == pytest.approx(truths, abs=0.05)


def test_a_design_is_counted_limit_by_limit():
    task = Task("even", "half more for all", "one reference", 0, 2, 3)
    found = alterations.simulated(task)
    assert found == alterations.simulated(task)
    # Three measures of nine groups: change and ratio of each, and of eight what became of the gap on both scales.
    assert {one.due for one in found} == {3 * (2 * (len(GROUPS) + 1) + 2 * len(GROUPS))}
    assert {one.true for one in found} == {27}
    assert all(0 < one.found <= 27 and 0 < one.half_width < 1 for one in found)
    row = alterations._held(("even", "half more for all", "one reference"), found)
    assert (row.simulations, row.differences) == (2, np.mean([one.differences for one in found]))
    assert row.holds == (min(row.differences, row.ratios) >= row.accepted)


def test_speakers_who_say_unequally_much_are_worth_the_number():
    drawn = alterations._drawn(SPEAKERS[1], ALTERATIONS[0], REFERENCES[0], np.random.default_rng(1))["wer"]
    for number, size in enumerate(GROUPS):
        own = drawn.members(f"group {number}")
        assert own.sum() > size
        assert drawn.worth(own) >= size - 0.01


@pytest.mark.slow
def test_limits_hold_together_in_every_design():
    assert [row for row in alterations.run(60, 2, 2) if not row.holds] == []

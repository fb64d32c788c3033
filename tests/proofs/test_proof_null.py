"""Shuffled labels of real speakers hardly ever give a gap, and true ones of the same size do."""

import numpy as np
import pytest

from callgap.proofs import families, null
from callgap.proofs.coverage import ALPHA
from callgap.proofs.null import Spoken, Task, shuffled, spoken, systems
from callgap.proofs.sampling_error import slack

FEW = 15
# Decided before: five per cent and three standard errors of so few.
MOST = ALPHA + 1.5 * slack(ALPHA, FEW)


@pytest.fixture(scope="module")
def artie(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLGAP_DATA", str(data))
        yield spoken("artie-vendors-2019", "artie-google-en-us")


def test_shuffled_accents_of_real_speakers_hardly_ever_give_a_gap(artie):
    found = shuffled(Task(artie, 0, FEW, 5))
    assert len(found) == FEW
    assert np.mean([any_gap for any_gap, _ in found]) <= MOST


def test_a_disadvantage_planted_after_the_shuffling_is_found(artie):
    names = sorted(artie.groups)
    groups = {name: "us" if number < 300 else "planted" for number, name in enumerate(names)}
    planted = {name for name, group in groups.items() if group == "planted"}
    observed = {
        name: frame.assign(
            numerator=np.where(
                frame["speaker_id"].isin(planted),
                np.minimum(3 * frame["numerator"], frame["denominator"]),
                frame["numerator"],
            )
        )
        for name, frame in artie.observed.items()
    }
    of = Spoken(artie.corpus, artie.system, "us", artie.margins, observed, groups)
    assert "disadvantaged" in null._verdicts(null._compared(of, of.groups, 1), of.margins)


def test_arrangements_depend_on_their_number_and_the_seed_alone(artie):
    whole = shuffled(Task(artie, 0, 4, 5))
    assert shuffled(Task(artie, 0, 2, 5)) + shuffled(Task(artie, 2, 2, 5)) == whole


def test_every_recognizer_of_both_publications_is_taken():
    assert [len(systems(experiment)) for experiment in null.EXPERIMENTS] == [9, 2]


def test_data_that_are_not_there_are_said_to_be_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rows, absent = null.run(2, 1, 1)
    assert rows == []
    assert [sentence.split(" is left out: ")[0] for sentence in absent] == list(null.EXPERIMENTS)


@pytest.mark.slow
def test_any_gap_is_found_in_at_most_alpha_of_all_arrangements(data, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    rows, absent = null.run(null.FEWEST, 2, 2)
    assert absent == []
    assert [row for row in rows if not row.holds] == []


@pytest.mark.parametrize("design", [families.SHARED, families.ELSE])
def test_of_twelve_groups_that_do_not_differ_hardly_ever_any_is_said_to(design):
    found = families.found(families.Task(design, "even", 0, 12, 5))
    assert found / 12 <= ALPHA + 1.5 * slack(ALPHA, 12)


@pytest.mark.slow
def test_families_keep_their_error_rate_in_every_design():
    assert [row for row in families.run(400, 2, 2) if not row.holds] == []

"""Groups made of groups: nobody is lost, and nothing unknown becomes known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.fairness.grouping import Pooling, crossed, crossed_name, is_circle, pooled

PARENTS = {"en-IN": "South Asian", "en-PK": "South Asian", "South Asian": "Asian", "en-SG": "Asian"}
GROUPS = st.sampled_from(["en-IN", "en-PK", "en-SG", "us", UNKNOWN, CONTRADICTORY])
MEMBERS = st.dictionaries(st.integers(0, 60).map(str), GROUPS)


def members(**sizes):
    return {f"{group}{place}": group.replace("_", "-") for group, count in sizes.items() for place in range(count)}


def sizes_of(groups):
    found = list(groups.values())
    return {group: found.count(group) for group in sorted(set(found))}


def test_small_groups_go_under_their_parent_and_say_that_it_is_not_all_of_it():
    groups = members(en_IN=12, en_PK=6, us=3)
    assert sizes_of(pooled(groups, PARENTS, Pooling.SMALL)) == {"Asian (pooled)": 6, "en-IN": 12, "us": 3}
    groups = members(en_IN=6, en_PK=6, en_SG=4)
    assert sizes_of(pooled(groups, PARENTS, Pooling.SMALL)) == {"Asian (pooled)": 4, "South Asian (pooled)": 12}


def test_all_groups_go_under_their_outermost_parent():
    groups = members(en_IN=12, en_PK=6, en_SG=4, us=3)
    assert sizes_of(pooled(groups, PARENTS, Pooling.ALL)) == {"Asian": 22, "us": 3}


@given(MEMBERS, st.sampled_from(Pooling))
def test_nobody_is_lost_or_gets_known_by_pooling(groups, pooling):
    parents = PARENTS | {UNKNOWN: "Asian", CONTRADICTORY: "Asian"}
    found = pooled(groups, parents, pooling)
    assert found.keys() == groups.keys()
    for word in (UNKNOWN, CONTRADICTORY):
        assert {s for s, group in found.items() if group == word} == {s for s, group in groups.items() if group == word}
    assert pooling is not Pooling.NONE or found == groups


@given(MEMBERS)
def test_pooling_depends_on_numbers_of_speakers_and_not_on_their_order(groups):
    turned = dict(reversed(groups.items()))
    assert pooled(turned, PARENTS, Pooling.SMALL) == pooled(groups, PARENTS, Pooling.SMALL)


def test_an_intersection_with_an_unknown_part_is_unknown_and_with_a_contradictory_one_contradictory():
    accent = {"s1": "in", "s2": UNKNOWN, "s3": CONTRADICTORY, "s4": "in"}
    gender = {"s1": "f", "s2": "f", "s3": UNKNOWN, "s4": CONTRADICTORY}
    assert crossed([accent, gender]) == {"s1": "in & f", "s2": UNKNOWN, "s3": CONTRADICTORY, "s4": CONTRADICTORY}
    assert crossed_name(["in", "f", "30s"]) == "in & f & 30s"


@pytest.mark.parametrize(
    ("parents", "circle"),
    [
        ({}, False),
        (PARENTS, False),
        ({"a": "a"}, True),
        ({"a": "b", "b": "c", "c": "a"}, True),
        ({"a": "b", "b": "c"}, False),
    ],
)
def test_circles_are_found(parents, circle):
    assert is_circle(parents) == circle


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("+fairness.parents.accent={a:b,b:a}", "its own ancestor"),
        ("fairness.intersections=[[accent,accent]]", "each attribute once"),
        ("fairness.intersections=[[accent]]", "fairness.intersections"),
        ("fairness.pooling=some", "fairness.pooling: found 'some'"),
        ("fairness.speaker_cap=0.5", "fairness.speaker_cap: found 0.5"),
    ],
)
def test_a_faulty_grouping_is_one_sentence(change, message):
    with pytest.raises(InputError, match=message):
        units(plain(composed([change])))

"""Columns play the part that their name, their table's layout or the user gives them, and two never play one."""

from pathlib import Path

import pytest

from callgap.columns import GROUPS, NAMES, Columns, Wanted, columns_of, usual_names
from callgap.errors import InputError

AFRISPEECH = [
    "idx", "domain", "gender", "duration", "age_group", "accent", "user_ids", "audio_paths", "origin", "country",
    "reference", "prediction", "wer", "name", "split",
]  # fmt: skip
ARTIE = ["client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accent"]


def columns(found, **wanted):
    return columns_of(Path("t.csv"), found, Wanted(**wanted))


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in NAMES.items() for name in names])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_every_usual_name_is_found_in_whatever_case(role, name, case):
    assert getattr(columns(["extra", case(name)]), role) == case(name)


@pytest.mark.parametrize("name", GROUPS)
def test_every_usual_group_is_taken(name):
    assert columns(["extra", name.upper()]).groups == (name.upper(),)


def test_no_name_stands_for_two_parts():
    names = [name for names in [*NAMES.values(), GROUPS] for name in names]
    assert len(set(names)) == len(names)
    assert all(name in "\n".join(usual_names()) for name in names)


def test_the_tables_of_artie_and_afrispeech_need_no_option():
    assert columns(ARTIE) == Columns("path", "client_id", "sentence", None, ("age", "gender", "accent"))
    assert columns(["path", "prediction"]) == Columns("path", None, None, "prediction", ())
    groups = ("gender", "age_group", "accent", "country")
    assert columns(AFRISPEECH) == Columns("idx", "user_ids", "reference", "prediction", groups)


def test_the_layout_of_afrispeech_gives_way_to_the_user():
    assert columns(AFRISPEECH, utterance="audio_paths").utterance == "audio_paths"


def test_two_names_of_one_part_are_an_error_that_names_both_and_the_option():
    with pytest.raises(InputError, match=r"t.csv: both 'text' and 'Sentence' may be the reference.*--reference"):
        columns(["id", "text", "Sentence"])


def test_an_option_decides_and_its_column_plays_no_other_part():
    found = columns(["id", "text", "sentence"], hypothesis="text")
    assert (found.reference, found.hypothesis) == ("sentence", "text")
    assert columns(["id", "path", "text"], speaker="id") == Columns("path", "id", "text")
    assert columns(["id", "region", "gender"], groups=("region",)).groups == ("region",)


def test_an_option_counts_where_its_column_is():
    assert columns(["id", "text"], reference="gold").reference == "text"

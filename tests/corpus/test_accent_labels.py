"""What a label of an accent states stands beside it; what it leaves open stays open, and the label stays as it is."""

import re
import unicodedata

import pyarrow as pa
import pytest

from callgap.corpus import accent_labels
from callgap.corpus.accent_labels import Variety, folded, taxonomy, unknown_labels, variety_of, with_varieties
from callgap.corpus.folder import FolderCorpus
from callgap.errors import InputError


@pytest.mark.parametrize(
    ("label", "variety"),
    [
        ("United States English", Variety("en", "US", None)),
        ("  united  states english ", Variety("en", "US", None)),
        ("Français d\N{RIGHT SINGLE QUOTATION MARK}Algérie", Variety("fr", "DZ", None)),
        ("Français d'Algérie", Variety("fr", "DZ", None)),
        ("German English", Variety("en", None, "de")),
        ("yoruba", Variety(None, None, "yo")),
        ("United States English,Midwestern,Low", Variety("en", "US", None)),
        ("United States English,German English", Variety("en", "US", "de")),
        ("United States English,England English", Variety("en", None, None)),
        ("Midwestern", Variety()),
        ("India and South Asia (India, Pakistan, Sri Lanka)", Variety()),
        ("", Variety()),
        (None, Variety()),
    ],
)
def test_a_label_states_what_it_names_and_nothing_else(label, variety):
    assert variety_of(label) == variety


def test_the_taxonomy_knows_french_and_english_and_holds_each_label_once():
    known = taxonomy()
    assert len(known) >= 200
    assert {variety.language for variety in known.values()} >= {"en", "fr"}
    assert all(label == folded(label) for label in known)
    assert Variety() not in known.values()
    assert all(re.fullmatch("[A-Z]{2}", variety.country) for variety in known.values() if variety.country)


def test_columns_are_added_and_the_labels_stay():
    cells = pa.table({"accent": ["Français de Belgique", "Klingon", None]})
    found = with_varieties(cells, "accent", "x.csv")
    assert found["accent"].to_pylist() == cells["accent"].to_pylist()
    assert found.drop_columns("accent").to_pydict() == {
        "accent_language": ["fr", "", ""],
        "accent_country": ["BE", "", ""],
        "accent_first_language": ["", "", ""],
    }


def test_labels_that_are_not_known_are_told_once():
    assert unknown_labels(["Klingon", "yoruba", None, "Klingon ", "", "Elvish"]) == ["Klingon", "Elvish"]


def test_a_manifest_can_be_grouped_by_what_its_labels_state(folder):
    labels = ("England English", "Scottish English", "Irish English")
    folder.write([{**row, "accent": label} for row, label in zip(folder.rows, labels, strict=True)])
    made = FolderCorpus(manifest=folder.manifest, taxonomy="accent", groups=("accent_country", "accent"))
    rows = made.utterances().to_pylist()
    assert [(row["accent"], row["accent_country"]) for row in rows] == list(
        zip(labels, ("GB", "GB", "IE"), strict=True)
    )


def test_a_column_that_is_not_there_or_taken_is_one_sentence(folder):
    with pytest.raises(InputError, match=r"manifest.csv: corpus.taxonomy=accents: there is no such column; .*accent"):
        FolderCorpus(manifest=folder.manifest, taxonomy="accents", groups=("age",)).utterances()
    with pytest.raises(InputError, match=r"accent: found 'north' and others, none of which is in datasets/accents"):
        FolderCorpus(manifest=folder.manifest, taxonomy="accent", groups=("age",)).utterances()
    folder.write([{**row, "accent": "Scottish English", "accent_country": "x"} for row in folder.rows])
    with pytest.raises(InputError, match="the table has a column 'accent_country' of its own"):
        FolderCorpus(manifest=folder.manifest, taxonomy="accent", groups=("age",)).utterances()


def test_decomposed_letters_are_the_same_label():
    label = "Français de Belgique"
    assert variety_of(unicodedata.normalize("NFD", label)) == variety_of(label) == Variety("fr", "BE", None)


def test_what_labels_state_can_be_grouped_by_where_no_groups_are_named(folder):
    folder.write([{**row, "accent": "Irish English"} for row in folder.rows])
    made = FolderCorpus(manifest=folder.manifest, taxonomy="accent", references={"accent_country": "IE"})
    assert {"accent_language", "accent_country", "accent_first_language"} <= set(made.card.attributes)
    assert made.card.attributes["accent_country"].reference == "IE"
    assert set(made.utterances()["accent_country"].to_pylist()) == {"IE"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("- {labels: [a], language: en, country: us, first_language: null}", "cannot be used"),
        ("- {labels: [a], language: en, country: US}", "cannot be used"),
        ("nothing", "cannot be used"),
        (
            "- {labels: [a, ' A'], language: en, country: US, first_language: null}",
            "the label ' A' stands there twice",
        ),
    ],
)
def test_a_taxonomy_that_is_not_sound_is_one_sentence(tmp_path, monkeypatch, content, sentence):
    (tmp_path / "accents.yaml").write_text(content)
    monkeypatch.setattr(accent_labels, "datasets_dir", lambda: tmp_path)
    taxonomy.cache_clear()
    try:
        with pytest.raises(InputError, match=f"datasets/accents.yaml.* {sentence}"):
            taxonomy()
    finally:
        taxonomy.cache_clear()

"""Every corpus that can be chosen has a card that says what a reader of a result must know."""

import re

import pytest
import yaml

from callgap.corpora import readers, usual
from callgap.corpus import NOT_STATED, load_card
from callgap.corpus.card import read_card
from callgap.corpus_index import page
from callgap.describing import describe, write_csv
from callgap.errors import InputError
from callgap.listing import card_of, choices
from callgap.resources import conf_dir, datasets_dir

CARDS = sorted(path.parent.name for path in datasets_dir().glob("*/card.yaml"))
OWN_DATA = {"folder", "kaldi", "table", "huggingface", "call-log", "error-rates"}
SPEECH = [name for name in CARDS if name not in ("banking77", "clinc150")]


@pytest.mark.parametrize("name", CARDS)
def test_a_card_validates_and_its_numbers_fit_together(name):
    card = load_card(name)
    for attribute in card.attributes.values():
        if card.speakers is not None and attribute.of_person:
            assert sum(attribute.speakers.values()) <= card.speakers
        if attribute.speakers and attribute.reference is not None:
            assert attribute.reference in attribute.speakers
    if card.speakers or card.utterances or card.hours or any(a.speakers for a in card.attributes.values()):
        assert card.counts_source != NOT_STATED


@pytest.mark.parametrize("name", SPEECH)
def test_a_card_says_what_a_result_rests_on(name):
    card = load_card(name)
    for field in ("consent", "license", "commercial_use", "collection", "missing_groups", "may_conclude", "citation"):
        assert len(getattr(card, field)) >= 3, field
    assert card.trained_on != NOT_STATED
    assert card.known_faults or card.synthetic
    assert not [text for text in (card.summary, card.title) if not text.strip()]


@pytest.mark.parametrize("name", CARDS)
def test_a_corpus_has_a_page_that_says_how_to_get_it(name):
    page = (datasets_dir() / name / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    assert len(page.splitlines()) >= 5


@pytest.mark.parametrize("choice", sorted(set(choices("corpus")) - OWN_DATA))
def test_a_choice_that_is_not_the_users_own_data_has_a_card(choice):
    assert card_of(choice) is not None


@pytest.mark.parametrize("choice", sorted(OWN_DATA))
def test_a_choice_that_reads_the_users_own_data_has_none(choice):
    assert card_of(choice) is None


def test_every_reader_is_a_choice_with_a_card_and_an_experiment_of_its_name():
    experiments = {path.stem for path in (conf_dir() / "experiment").glob("*.yaml")}
    for name, reader in readers().items():
        assert reader.corpus == name
        assert yaml.safe_load((conf_dir() / "corpus" / f"{name}.yaml").read_text(encoding="utf-8"))["card"] == name
        assert [one for one in experiments if re.fullmatch(rf"{name}(-\w\w)?", one)], name
    assert len(readers()) >= 17


def test_what_can_be_fetched_is_what_its_license_lets_anyone_have():
    fetched = {name: load_card(name) for name in CARDS if load_card(name).archive or load_card(name).repository}
    assert {name for name, card in fetched.items() if card.archive} == {"vctk", "speech-commands", "edacc", "minds14"}
    assert {name for name, card in fetched.items() if card.repository} == {"audiomnist", "harper-valley-bank"}
    for name, card in fetched.items():
        assert re.match(r"(CC BY 4\.0|CC BY-SA|MIT)(?![\w-])", card.license)
        if card.repository:
            assert (card.repository.address, card.repository.commit) == (card.home, card.revision)
        assert f"callgap corpus fetch {name}" in (datasets_dir() / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "title: another\n", r"card.yaml, line \d+ is no YAML.*: the key 'title' stands twice"),
        (
            lambda text: text.replace("sample_rate: 8000", "sample_rate: -1"),
            "field sample_rate: found '-1'; Input should",
        ),
        (lambda text: "", "found NoneType; accepted: a card, as datasets/fsdd/card.yaml is one"),
        (lambda text: "a: [", r"card.yaml, line 1 is no YAML"),
    ],
)
def test_a_card_at_fault_is_one_sentence_with_its_place(tmp_path, change, said):
    text = (datasets_dir() / "fsdd" / "card.yaml").read_text(encoding="utf-8")
    assert "sample_rate: 8000" in text
    (tmp_path / "card.yaml").write_text(change(text), encoding="utf-8")
    with pytest.raises(InputError, match=said) as error:
        read_card(tmp_path / "card.yaml")
    assert "\n" not in str(error.value)


def test_the_page_of_all_corpora_is_made_of_the_cards_and_of_what_was_measured():
    assert (datasets_dir() / "README.md").read_text(encoding="utf-8") == page()
    assert {path.parent.name for path in datasets_dir().glob("*/stats.csv")} == {
        *("fsdd", "speechocean762", "artie-bias", "afrispeech200", "slurp", "evi")
    }


@pytest.mark.parametrize("name", ["artie-bias", pytest.param("fsdd", marks=pytest.mark.slow)])
def test_what_was_measured_of_a_corpus_comes_out_again(data, tmp_path, monkeypatch, name):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    write_csv(describe(usual(name).corpus), tmp_path / "stats.csv")
    assert (tmp_path / "stats.csv").read_text() == (datasets_dir() / name / "stats.csv").read_text()

"""A dialect's forms and the standard's are one where a table says so, and nowhere else."""

import hashlib
import pickle
import re

import pytest
import yaml
from hydra.utils import instantiate

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.resources import conf_dir
from callgap.scoring import Basic, Dialect, FrenchNumbersElision, NoNormalizer, WhisperEnglish

BASES = {"english": (WhisperEnglish(), Basic()), "french": (FrenchNumbersElision(), FrenchNumbersElision("fr_CH"))}
SHIPPED = [(name, base) for name, bases in BASES.items() for base in bases]


def table(tmp_path, *rows, header=("variant", "standard", "note"), name="own.tsv"):
    path = tmp_path / name
    path.write_text("".join("\t".join(row) + "\n" for row in (header, *rows)), encoding="utf-8")
    return path


def dialect(tmp_path, *rows, base=None):
    own = table(tmp_path, *((variant, standard, "") for variant, standard in rows))
    return Dialect(base=base or Basic(), equivalences=str(own))


def refused(tmp_path, *rows, **options):
    with pytest.raises(InputError) as caught:
        dialect(tmp_path, *rows, **options)
    return str(caught.value)


@pytest.mark.parametrize(("name", "base"), SHIPPED, ids=lambda value: getattr(value, "__class__", type).__name__)
def test_every_row_of_a_shipped_table_makes_its_two_sides_one_and_says_why(name, base):
    made = Dialect(base=base, equivalences=name)
    rows = made._rows()
    assert len(rows) > 90
    for row in rows:
        assert made(row["variant"]) == made(row["standard"]), row
        assert made(made(row["variant"])) == made(row["variant"]), row
        assert len(row["note"]) > 10, row


@pytest.mark.parametrize(
    ("variant", "standard"),
    [
        ("Y'all ain't goin', I'm finna tell 'em", "you all are not going I am going to tell them"),
        ("I cannae see the wee hoose", "I can't see the little house"),
        ("she's tryna aks 'cause I dunno", "she is trying to ask because I don't know"),
    ],
)
def test_english_varieties_meet_the_standard(variant, standard):
    made = Dialect(base=WhisperEnglish(), equivalences="english")
    assert made(variant) == made(standard)


@pytest.mark.parametrize("text", ["he be working", "she done told him", "the egg boiled on", "about a bout", "ask ax"])
def test_forms_without_an_equal_in_the_standard_stay(text):
    assert Dialect(base=WhisperEnglish(), equivalences="english")(text) == text


@pytest.mark.parametrize(
    ("variant", "standard"),
    [
        ("septante-trois et nonante et un", "73 et 91"),
        ("huitante-deux, octante", "82, 80"),
        ("chui là, y'a du monde", "je suis là, il y a du monde"),
        ("j'sais pas pis chais pas", "je sais pas puis je sais pas"),
    ],
)
def test_french_varieties_meet_the_standard(variant, standard):
    made = Dialect(base=FrenchNumbersElision(), equivalences="french")
    assert made(variant) == made(standard)


@pytest.mark.parametrize("text", ["il y a", "on y a pensé", "tu t es trompé", "tant pis", "y a t il"])
def test_protected_words_stay(text):
    assert Dialect(base=FrenchNumbersElision(), equivalences="french")(text) == text


def test_all_numbers_of_switzerland_and_france_are_the_same():
    made, swiss = Dialect(base=FrenchNumbersElision(), equivalences="french"), FrenchNumbersElision("fr_CH")
    for n in range(60, 1000):
        assert made(swiss(str(n))) == made(str(n)), n


def test_the_longest_variant_wins_and_only_whole_words_count(tmp_path):
    made = dialect(tmp_path, ("a", "x"), ("a b", "y"), ("a b c", "z"))
    assert made("A b c, a b d; a! ab") == "z y d x ab"


def test_both_columns_pass_the_base_first(tmp_path):
    made = dialect(tmp_path, ("Gonna!", "GOING to"), base=Basic())
    assert made("gonna") == "going to"
    assert dialect(tmp_path, ("Gonna", "going to"), base=NoNormalizer())("gonna") == "gonna"


def test_a_chain_leads_to_its_end(tmp_path):
    made = dialect(tmp_path, ("a", "b"), ("b", "c d"), ("d", "e"))
    assert made("a b c d") == "c e c e c e"


def test_a_row_may_stand_twice(tmp_path):
    assert dialect(tmp_path, ("a", "b"), ("A", "b"))("a") == "b"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "b"), ("A!", "c")], "row 2: 'a' stands for 'c', and in row 1 for 'b'"),
        ([("a", "b"), ("b", "c"), ("c", "a")], "row 1: the standard 'b' leads back to a variant"),
        ([("x", "y"), ("aye", "aye yes")], "row 2: the standard 'aye yes' leads back to a variant"),
        ([("x", "y"), ("", "b")], "row 2: found '' in the column 'variant'"),
        ([("x", "y"), ("a", "?!")], "row 2: found '?!' in the column 'standard'"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_by_file_and_row(tmp_path, rows, message):
    found = refused(tmp_path, *rows)
    assert "own.tsv, " in found
    assert message in found


def test_a_table_without_a_column_or_that_is_not_there_is_refused(tmp_path):
    table(tmp_path, ("a", "b"), header=("variant", "standrad"), name="two.tsv")
    with pytest.raises(InputError, match=r"two.tsv: there is no column 'standard'; did you mean 'standrad'"):
        Dialect(base=Basic(), equivalences=str(tmp_path / "two.tsv"))
    with pytest.raises(InputError, match=r"none.tsv cannot be read"):
        Dialect(base=Basic(), equivalences=str(tmp_path / "none.tsv"))
    with pytest.raises(InputError, match=r"found 'engilsh'; did you mean 'english'\?"):
        Dialect(base=Basic(), equivalences="engilsh")


def test_a_user_s_table_is_named_in_a_configuration_and_its_faults_are_one_sentence(tmp_path):
    key = "scoring.normalizers.dialect-english.equivalences"
    own = table(tmp_path, ("loch", "lake", "Scots"))
    scorer = units(plain(composed(["scoring=dialect", f"{key}={own}"])))["scoring"]
    assert scorer.normalizers["dialect-english"]("The loch") == "the lake"
    table(tmp_path, ("loch", "", "Scots"))
    with pytest.raises(InputError, match=r"scoring: .*own.tsv, row 1: found ''"):
        units(plain(composed(["scoring=dialect", f"{key}={own}"])))


def test_the_version_is_that_of_the_table_that_was_read(tmp_path):
    made = dialect(tmp_path, ("a", "b"))
    digest = hashlib.sha256((tmp_path / "own.tsv").read_bytes()).hexdigest()
    assert dialect(tmp_path, ("a", "c")).version() != made.version()
    assert made.version() == f"{Basic().version()}, own sha256:{digest}"
    assert re.match("whisper-normalizer", Dialect(base=WhisperEnglish(), equivalences="english").version())


def test_a_copy_sent_to_another_process_reads_the_same():
    made = Dialect(base=FrenchNumbersElision(), equivalences="french")
    assert pickle.loads(pickle.dumps(made))("chui") == "je suis"


def test_a_name_means_one_normalizer_in_every_configuration():
    seen = {}
    for path in sorted((conf_dir() / "scoring").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, unit in content["normalizers"].items():
            assert seen.setdefault(name, unit) == unit, (path, name)
    assert len(seen) == 9
    assert len({instantiate(unit).version() for unit in seen.values()}) >= 5

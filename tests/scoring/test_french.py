"""French figures become the words that are said, elisions and hyphens do not count, and accents do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from callgap.scoring import FrenchNumbersElision

FRENCH = FrenchNumbersElision()
VARIANTS = ("fr", "fr_BE", "fr_CH")

UNITS = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
]  # fmt: skip
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
OWN_TENS = {"fr": {}, "fr_BE": {7: "septante", 9: "nonante"}, "fr_CH": {7: "septante", 8: "huitante", 9: "nonante"}}


def below_hundred(n, variant):
    tens = TENS | OWN_TENS[variant]
    if n < 20:
        return UNITS[n]
    if n // 10 in tens:
        word, rest = tens[n // 10], n % 10
    elif n < 80:
        word, rest = "soixante", n - 60
    else:
        return "quatre-vingts" if n == 80 else f"quatre-vingt-{UNITS[n - 80]}"
    if not rest:
        return word
    return f"{word} et {UNITS[rest]}" if rest in (1, 11) else f"{word}-{UNITS[rest]}"


def written(n, variant):
    """A number below 10000 as the grammars write it, before the spelling reform of 1990."""
    thousands, rest = divmod(n, 1000)
    hundreds, last = divmod(rest, 100)
    words = []
    if thousands:
        words += [UNITS[thousands], "mille"] if thousands > 1 else ["mille"]
    if hundreds:
        words += [UNITS[hundreds], "cent" if last else "cents"] if hundreds > 1 else ["cent"]
    if last or not n:
        words.append(below_hundred(last, variant))
    return " ".join(words)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_number_to_9999_is_the_same_in_figures_and_in_words(variant):
    french = FrenchNumbersElision(variant=variant)
    for n in range(10_000):
        figures = french(str(n))
        assert figures == french(written(n, variant)), n
        assert french(figures) == figures, n


@pytest.mark.parametrize("variant", VARIANTS)
def test_numbers_as_num2words_writes_them_are_those_of_figures(variant):
    french = FrenchNumbersElision(variant=variant)
    for n in [*range(0, 10_000, 7), 10**6, 2 * 10**6, 80 * 10**6, 10**9, 123_456_789_012]:
        assert french(num2words(n, lang=variant)) == french(str(n)), n


@given(st.integers(2, 10**6))
def test_ordinals_are_those_of_num2words_where_those_are_words(n):
    # It writes quatre-vingtsième and deux centsième.
    expected = re.sub("(vingt|cent)sième", r"\1ième", num2words(n, lang="fr", to="ordinal"))
    assert FRENCH(f"{n}e") == FRENCH(f"{n}ème") == FRENCH(expected)


def test_1990_hyphens_and_gender_are_the_same_number():
    assert FRENCH("vingt-et-une mille-deux-cents") == FRENCH("21 1200") == "vingt et un mille deux cent"
    assert FRENCH("quatre-vingt-dix") == FRENCH("quatre vingt dix") == FRENCH("90")


def test_septante_is_70_where_it_is_said():
    assert FRENCH("70") == FRENCH("soixante-dix") != FRENCH("septante")
    assert FrenchNumbersElision(variant="fr_BE")("70 80 90") == "septante quatre vingt nonante"
    assert FrenchNumbersElision(variant="fr_CH")("70 80 90") == "septante huitante nonante"


@given(st.integers(1000, 10**12 - 1), st.sampled_from([" ", "\u00a0", "\u202f", "\u2009", ".", "'", "\u2019"]))
def test_thousands_may_be_grouped_by_any_sign(n, sign):
    assert FRENCH(f"{n:,}".replace(",", sign)) == FRENCH(str(n))


@given(st.from_regex(r"0[1-9]([0-9]{2}){4}", fullmatch=True), st.sampled_from(["", " ", ".", "-", "\u00a0"]))
def test_a_telephone_number_is_read_in_pairs(digits, sign):
    pairs = re.findall("..", digits)
    assert FRENCH(sign.join(pairs)) == " ".join(FRENCH(pair) for pair in pairs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("01 23 45 67 89", "zéro un vingt trois quarante cinq soixante sept quatre vingt neuf"),
        ("+33 1 00 45 67 89", "plus trente trois un zéro zéro quarante cinq soixante sept quatre vingt neuf"),
        ("+33 (0)6 12 34 56 78", "plus trente trois six douze trente quatre cinquante six soixante dix huit"),
        ("14h30", "quatorze heures trente"),
        ("14 h 05", "quatorze heures cinq"),
        ("à 1h du matin", "à une heure du matin"),
        ("21:00", "vingt et un heures"),
        ("3,14", "trois virgule quatorze"),
        ("0,05", "zéro virgule zéro cinq"),
        ("3,14159", "trois virgule un quatre un cinq neuf"),
        ("version 3.5", "version trois point cinq"),
        ("50 %", "cinquante pour cent"),
        ("2,5%", "deux virgule cinq pour cent"),
        ("12,50 €", "douze euros cinquante"),
        ("12€50", "douze euros cinquante"),
        ("€12,50", "douze euros cinquante"),
        ("1 euro", "un euro"),
        ("0,50 €", "cinquante centimes"),
        ("1 234 euros", "mille deux cent trente quatre euros"),
        ("3 000 000 €", "trois million d euros"),
        ("le 1er et la 1re, 2e, 2ème, 2nd", "le premier et la première deuxième deuxième second"),
        ("les 1ers et les 5es", "les premiers et les cinquièmes"),
        ("-5 degrés", "moins cinq degrés"),
        ("n° 7", "numéro sept"),
        ("le 12.05.2024", "le douze zéro cinq deux mille vingt quatre"),
        ("007", "zéro zéro sept"),
        ("covid19, l'A4", "covid dix neuf l a quatre"),
        ("en 2020 300 cas", "en deux mille vingt trois cent cas"),
        ("4111 1111 1111 1111", " ".join(["quatre mille cent onze"] + ["mille cent onze"] * 3)),
        ("1234567890123", "un deux trois quatre cinq six sept huit neuf zéro un deux trois"),
    ],
)
def test_figures_are_read_as_they_are_said(text, words):
    assert FRENCH(text) == words


@pytest.mark.parametrize(
    ("spoken", "figures"),
    [
        ("quatorze heures trente", "14h30"),
        ("douze euros cinquante", "12,50 €"),
        ("cinquante pourcent", "50%"),
        ("trois virgule quatorze", "3,14"),
        ("mil neuf cent quatre-vingt-dix-huit", "1998"),
        ("deux cents millions", "200 000 000"),
        ("la quatre-vingtième", "la 80e"),
    ],
)
def test_what_is_said_and_its_figures_are_the_same(spoken, figures):
    assert FRENCH(spoken) == FRENCH(figures)


def test_elisions_are_apart_and_lexical_apostrophes_are_not():
    assert FRENCH("L'homme qu\u2019il a vu jusqu'à l\u02bcaube") == "l homme qu il a vu jusqu à l aube"
    assert (
        FRENCH("Aujourd\u2019hui, quelqu'un, presqu'île, prud'homme") == "aujourd'hui quelqu'un presqu'île prud'homme"
    )
    assert FRENCH("aujourd hui") == FRENCH("aujourd'hui")
    assert FRENCH("d'l'eau 'entre' guillemets") == "d l eau entre guillemets"


def test_case_ligatures_hyphens_and_punctuation_do_not_count_and_accents_do():
    assert FRENCH("Un CŒUR, est-ce à dire\u2026 l'\u00e6quo ?") == "un coeur est ce à dire l aequo"
    assert FRENCH("coeur") == FRENCH("cœur")
    assert FRENCH("e\u0301te\u0301") == FRENCH("\u00e9t\u00e9") != FRENCH("ete")


PIECES = st.sampled_from([
    "quatre", "vingts", "vingt", "et", "un", "une", "cents", "cent", "mil", "pourcents", "aujourd", "hui", "d'",
    "l\u2019", " ", "-", ",", ".", "'", ":", "h", "e", "er", "ème", "€", "%", "+", "0", "1", "7", "20", "80", "000",
    "0123456789",
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
def test_it_is_idempotent_and_leaves_no_figure(text):
    once = FRENCH(text)
    assert FRENCH(once) == once
    assert not re.search("[0-9]", once)
    assert once == " ".join(once.split())


@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_kind_of_apostrophe_does_not_count(text):
    assert FRENCH(text.replace("'", "\u2019")) == FRENCH(text.replace("\u2019", "'"))


def test_the_version_names_library_and_variant():
    assert re.fullmatch(r"callgap \S+, num2words \S+, fr_CH", FrenchNumbersElision(variant="fr_CH").version())

"""The remembering normalizer is Whisper's to the byte, and seldom asks it."""

import copy
import pickle
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper_normalizer.english import EnglishTextNormalizer

from callgap.scoring import WhisperEnglish, normalizers, whisper_english
from callgap.scoring.whisper_english import PROVEN, WhisperMemo

LIBRARY = EnglishTextNormalizer()
NUMBERS = sorted(LIBRARY.standardize_numbers.words)
SPELLINGS = sorted(word for word in LIBRARY.standardize_spellings.mapping if word.isalpha())
REPLACED = sorted({rule.replace(r"\b", "") for rule in LIBRARY.replacers})
ENDINGS = ["st", "nd", "rd", "th", "s", "'s", "'d", "'ll", "'re", "'ve", "'m", "'t", "n't", "'"]
FILLERS = ["hmm", "mm", "mhm", "mmm", "uh", "um", "mm-hmm", "uh-huh"]
TIED = ["been", "gone", "done", "got", "a", "half", "and", "and a half", "per cent", "point", "oh", "double", "minus"]
PLAIN = ["i", "you", "it", "he", "that's", "don't", "can", "let", "the", "of", "to", "house", "boys'", "call", "who"]
PLAIN += ["behalf", "handle", "won", "sand", "O'Brien", "q", "x"]
DIGITS = ["0", "1", "2", "5", "7", "10", "007", "21", "100", "1960", "1,000", "3.5", ".5", "0.5", "1/2", "1st", "2nd"]
DIGITS += ["50%", "$2", "$0.5", "\u00a33", "\u20ac1", "\u00a27", "\u00a270", "2.07", "10:30", "192.168.0.1"]
MARKS = [*",.;:!?-'\"()[]<>%$_/*&+=~^|{}\\`#@", "...", "..", "--", "' ", " '", "(x)", "[um]", "<s>", "( "]
SIGNS = [*"\u00e9\u00df\u0153\u03a3\u03c2\u0130\u212a\u017f\u00bd\u00b2\uff13\u0663\u2122\u00a3\u20ac\u00a2\u2026"]
SIGNS += [*"\u2013\u2014\u2019\u2018\u201c\u201d\u00aa\uff07\uff51\u24d7\ufb01\u0301\u4f60\u0628\ud800", "qxq", "Qxq"]
SPACES = [" "] * 30 + ["  ", "\t", "\n", "\u00a0", "\u2009", "\u2028", "\x1c", "\x85", "", ""]
ODD = [NUMBERS, NUMBERS, SPELLINGS, REPLACED, ENDINGS, FILLERS, TIED, PLAIN, PLAIN, DIGITS, DIGITS, MARKS, SIGNS]
USUAL = [*[PLAIN, SPELLINGS] * 12, NUMBERS, REPLACED, FILLERS, TIED, DIGITS]
CASES: list[Callable[[str], str]] = [str, str, str, str.lower, str.upper, str.capitalize, str.title, str.swapcase]


def odd(chance: random.Random) -> str:
    """Anything the rules ask for, anywhere."""
    parts: list[str] = []
    for _ in range(chance.randint(1, 7)):
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            parts.append(chance.choice(CASES)(chance.choice(chance.choice(ODD))))
        parts.append(chance.choice(SPACES))
    return "".join(parts)


def mixed(chance: random.Random) -> str:
    """Plain words with anything between them."""
    words = []
    for _ in range(chance.randint(2, 8)):
        atoms = chance.choice([1, 1, 1, 2, 3])
        parts = [chance.choice(chance.choice(ODD)) for _ in range(atoms)] if chance.random() < 0.5 else []
        words.append(chance.choice(CASES)("".join(parts) or chance.choice(PLAIN)))
    return " ".join(words)


def usual(chance: random.Random) -> str:
    """A transcript: words, some of them special, a few marks."""
    words = [chance.choice(chance.choice(USUAL)) for _ in range(chance.randint(8, 14))]
    words = [word + chance.choice([""] * 12 + [",", "?"]) for word in words]
    return " ".join(words).capitalize() + chance.choice(["", "."])


def strings(seed: int, number: int) -> Iterator[str]:
    chance = random.Random(seed)
    for at in range(number):
        yield usual(chance) if at % 10 == 0 else mixed(chance) if at % 2 else odd(chance)


def outcome(normalize: Callable[[str], str], text: str) -> str | type[Exception]:
    try:
        return normalize(text)
    except Exception as error:
        return type(error)


def first_difference(seed: int, number: int) -> tuple[str, object, object] | None:
    memo = WhisperMemo(LIBRARY)
    for text in strings(seed, number):
        wanted, found = outcome(LIBRARY, text), outcome(memo, text)
        if wanted != found:
            return text, wanted, found
    return None


class Counting(EnglishTextNormalizer):
    """The library, which counts the words it reads."""

    words = 0

    def __call__(self, text: str) -> str:
        self.words += len(text.split())
        return str(super().__call__(text))


@pytest.fixture
def memo() -> WhisperMemo:
    return WhisperMemo(LIBRARY)


REACHING = [
    *("it's been", "it 's been", "it's  been", "it's um been", "it's[x] been", "(it's) been", "she'd Gone home"),
    *("two and a half", "and a half", "x and a half men", "one and um a um half", "an' a half", "and x/a half"),
    *("a 's b", "can 't", "he said 'hello'", "um's", "won hmm't can", "won um't can", "y 'all", "I'ma go", "x um 's"),
    *("5 s", "5 nd", "5 um th", "5 (x) rd", "5 ,nd", "21 st street", "1960 s", "5 q", "5 s' x", "5 Nd's x", "7 stn't"),
    *("minus five", "minus and foo", "point foo", "hundred and foo", "double oh seven", "per cent", "5 per cent q"),
    *("a$ b", "a$", "$a", "a %", "%", "% a", "a % b", "$2 and \u00a27", "\u00a30 12", "1", "a 1", "1s"),
    *("a.. b", "a..", "a .. .b", "...", ". .5", "a.5", "U.S. army", "a_b um_ b", "the boys' s", "01.", "a 007, b"),
    *("(a b) c", "a (b", "a) b (c", "()", "(()) a)", "ha(x y)lf", "and a ha[x y]lf", "a (b [c) d] e", "<a> 's"),
    *("", " ", "  a  ", "\ta\n", "a\u00a0b", "it's\u00a0been", "\u039f\u03a3' a", "\u212a a"),
    *("qxq", "and qxq and", "q(x)xq and", "and \uff51xq and", "archaeology's archaeology", "mr's dr. st"),
    *("onen't", "and a \u24d7\u24d0\u24db\u24d5", "and \uff41 half", "don\u2019t", "she\u2019s been", "\u2014 's"),
]


@pytest.mark.parametrize("text", REACHING)
def test_what_rules_reach_across_is_read_as_the_library_reads_it(memo: WhisperMemo, text: str) -> None:
    for _ in range(2):
        assert memo(text) == LIBRARY(text)
        assert memo(f"x {text} x") == LIBRARY(f"x {text} x")


@pytest.mark.parametrize("seed", range(5))
def test_fuzzed_strings_are_the_library_s(seed: int) -> None:
    assert first_difference(seed, 1_000) is None


@settings(max_examples=300)
@given(st.lists(st.one_of(st.text(max_size=4), *map(st.sampled_from, [*ODD, SPACES])), max_size=12).map("".join))
def test_any_string_is_the_library_s(text: str) -> None:
    assert outcome(WhisperMemo(LIBRARY), text) == outcome(LIBRARY, text)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_a_million_fuzzed_strings_are_the_library_s(seed: int) -> None:
    assert first_difference(seed, 50_000) is None


def test_words_of_the_library_s_tables_are_the_library_s(memo: WhisperMemo) -> None:
    for word in [*NUMBERS, *SPELLINGS, *REPLACED, *FILLERS, *TIED, *map(str, range(130)), "00", "01"]:
        text = f"x {word} x {word}, {word}. x {word}"
        assert memo(text) == LIBRARY(text)


def test_the_library_reads_few_words_of_usual_texts_and_none_twice() -> None:
    library, chance = Counting(), random.Random(0)
    memo = WhisperMemo(library)
    texts = [usual(chance) for _ in range(1_000)]
    library.words = 0
    whole = 0
    for text in texts:
        before = library.words
        memo(text)
        whole += library.words - before >= len(text.split())
    assert whole < 50
    assert library.words < 0.5 * sum(len(text.split()) for text in texts)
    once = library.words
    assert [memo(text) for text in texts] == [LIBRARY(text) for text in texts]
    assert library.words == once


def test_what_is_remembered_is_bounded(memo: WhisperMemo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_MOST_TOKENS", "_MOST_RUNS", "_LONGEST_TOKEN", "_LONGEST_RUN"):
        monkeypatch.setattr(whisper_english, name, 16)
    for text in strings(3, 300):
        assert outcome(memo, text) == outcome(LIBRARY, text)
        assert len(memo._readings) <= 16
        assert len(memo._parts) <= 16 + len(text)
        assert all(len(token) <= 16 for token in memo._readings)
        assert all(len(run) <= 16 for run, _, _ in memo._parts)


def test_threads_share_one(memo: WhisperMemo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_english, "_MOST_TOKENS", 16)
    monkeypatch.setattr(whisper_english, "_MOST_RUNS", 4)
    texts = list(strings(4, 500))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: outcome(memo, text), texts * 2))
    assert found == [outcome(LIBRARY, text) for text in texts] * 2


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda memo: pickle.loads(pickle.dumps(memo))])
def test_a_used_config_can_be_copied_and_pickled(copied: Callable[[WhisperEnglish], WhisperEnglish]) -> None:
    normalize = WhisperEnglish()
    assert normalize("Mr. Smith's two colours") == "mister smith is 2 colors"
    other = copied(normalize)
    assert other == normalize
    assert other("Mr. Smith's two colours") == "mister smith is 2 colors"


def test_the_installed_release_is_proven() -> None:
    assert version("whisper-normalizer") in PROVEN
    assert isinstance(WhisperEnglish()._normalize, WhisperMemo)


def test_a_release_that_is_not_proven_reads_every_text_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalizers, "version", lambda _: "999")
    assert isinstance(WhisperEnglish()._normalize, EnglishTextNormalizer)
    assert WhisperEnglish()("two colours") == "2 colors"

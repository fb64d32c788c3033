"""How fast English is normalized, beside the library whose result it is: `python -m callgap.scoring.speed --help`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from callgap.scoring.normalizers import Normalizer, WhisperEnglish
from callgap_kernels.speed.cases import SHAPES, Shape, draw_texts
from callgap_kernels.speed.machine import provenance
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case
from callgap_kernels.speed.writing import write

_TEXTS = {"IVR": 10_000, "interview": 5_000, "10 minutes": 100}

# Words that the normalizer rewrites, or whose neighbors it looks at: one of twelve.
_SHARE = 1 / 12
_SPECIAL = (
    "don't I'm we'll it's that's can't won't they've let's um uh hmm mm Mr. Dr. Mrs. colour organise centre cheque "
    "one two three five seven twelve twenty thirty hundred thousand million first second third half point double oh "
    "$20 5% 3,500 2.5 1990s 21st 10:30 account's O'Brien naïve twenty-one e-mail"
)


def main(arguments: list[str] | None = None) -> int:
    """Time the normalizer and write the table.

    Args:
        arguments: of the command line; None takes the process's.

    Returns:
        Exit status: 0, or 1 for a text that differs from the library's.
    """
    parser = argparse.ArgumentParser(prog="python -m callgap.scoring.speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each contender (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("outputs/performance"), help="folder (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; accepted is a whole number from 1 on")
    try:
        rows = [row for shape in SHAPES for row in _timed(shape, options.rounds)]
    except WrongResultError as error:
        print(f"no time is printed: {error}", file=sys.stderr)
        return 1
    facts = provenance(["whisper-normalizer"], "cpu")
    page = write("normalization", "Normalizing English texts", "text", rows, facts, options.out)
    print(page.read_text(encoding="utf-8"))
    return 0


def _timed(shape: Shape, rounds: int) -> list[Timed]:
    texts = _spoken(shape)
    kept, warm = EnglishTextNormalizer(), WhisperEnglish()
    expected = [kept(text) for text in texts]

    def contender(name: str, run: partial[list[str]]) -> Contender:
        return Contender(name, run, len(texts), partial(_require_equal, name, texts, expected))

    contenders = [
        contender("whisper-normalizer", partial(_normalized, kept, texts)),
        contender("callgap, cold", partial(_cold, texts)),
        contender("callgap, warm", partial(_normalized, warm, texts)),
    ]
    return time_case(f"English, {shape.name}", contenders, rounds=rounds)


def _spoken(shape: Shape) -> list[str]:
    """Texts as people write them down: capitals, stops, and now and then a word that the normalizer rewrites."""
    rng = np.random.default_rng(3)
    special = _SPECIAL.split()
    written = []
    for text in draw_texts(shape, _TEXTS[shape.name]).references:
        words = text.split()
        for place in np.flatnonzero(rng.random(len(words)) < _SHARE):
            words[place] = special[rng.integers(len(special))]
        written.append(" ".join(words).capitalize() + ".")
    return written


def _normalized(normalize: Normalizer, texts: list[str]) -> list[str]:
    return [normalize(text) for text in texts]


def _cold(texts: list[str]) -> list[str]:
    return _normalized(WhisperEnglish(), texts)


def _require_equal(name: str, texts: list[str], expected: list[str], result: object) -> None:
    if not isinstance(result, list) or len(result) != len(expected):
        raise WrongResultError(f"{name} gave no text per text")
    for text, theirs, ours in zip(texts, expected, result, strict=True):
        if ours != theirs:
            raise WrongResultError(f"{name} makes {ours!r} of {text!r}, whisper-normalizer {theirs!r}")


if __name__ == "__main__":
    sys.exit(main())

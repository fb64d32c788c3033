"""References that belong to other recordings: what was heard fits another reference than its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from callgap.fairness.faults.material import Consequence, Fault, Material, Part, percent
from callgap_kernels import count_errors

FEWEST = 50
"""Utterances with texts: with fewer, nothing is said."""

HIGH_WER = 1.2
"""Pooled. A recognizer that hears nothing writes nothing and comes to 1.0; beyond it, it writes what was not said."""

MOST = 0.5
"""Share of utterances without a hit's worth (errors >= words), so that a few loops of insertions do not decide."""

SHIFTS = (-2, -1, 1, 2)
"""Rows by which references may have slipped: a line lost or doubled."""

POOR, SLIPPED_FIT = 0.5, 0.7
"""An utterance fits its own reference poorly from this WER on. Of those that do, most of WER against the slipped
references over WER against their own: chance gives 1; where references had slipped by a row, nine recognizers gave 0.2
to 0.55."""

REFERENCES = 5
"""Different references that fit poorly: with fewer, a few commands heard as others cannot be told from a slip."""

PHRASE = 4
"""Words from which a text tells which reference it belongs to: one digit heard as another fits that one's."""

OWN_WER, OTHER_WER = 0.8, 0.4
"""An utterance is displaced if its text is at least this far from its own reference and at most this far from another.
A recognizer that is merely bad is far from all."""

DISPLACED_SHARE, DISPLACED = 0.05, 10
"""Share of phrases, and their number, from which references are misaligned."""

_SAMPLE = 2000
_RARE = 200
_PIECE = 200


def misaligned(material: Material) -> Iterator[Fault]:
    """Runs and groups whose references belong to other recordings; at most one row each."""
    fit = _fit(material.frame)
    texts = ((fit["said"] != "") & (fit["heard"] != "")).to_numpy()
    whole = _misaligned(Part(fit, np.flatnonzero(texts)))
    if whole:
        yield whole
    for group, _ in material.groups:
        found = _misaligned(Part(fit, group.places[texts[group.places]], group.attribute, group.group))
        # Where all of it is misaligned, that of its groups is no news.
        if found and not (whole and (found.share or 0.0) < 2 * (whole.share or 0.0)):
            yield found


def _fit(frame: pd.DataFrame) -> pd.DataFrame:
    """Per utterance: errors against its own reference; of those that fit poorly, errors against others."""
    said, heard = (_folded(frame[name]) for name in ("text", "heard"))
    fit = frame[["speaker_id", "errors", "words"]].assign(said=said, heard=heard)
    fit["own"], fit["own_words"] = _errors(said, heard), said.str.split().str.len()
    spoken = (said != "") & (heard != "")
    fit["poor"] = spoken & (fit["own"] >= POOR * fit["own_words"])
    chosen = _sample(fit["poor"])
    for shift in SHIFTS:
        other = said.shift(-shift, fill_value="").iloc[chosen]
        place = other.index[other != fit["said"].iloc[chosen]]
        fit.loc[place, f"at{shift}"] = _errors(other[place], fit.loc[place, "heard"])
        fit.loc[place, f"words{shift}"] = other[place].str.split().str.len()
    fit["phrase"] = spoken & (heard.str.split().str.len() >= PHRASE)
    fit["suspect"] = fit["phrase"] & (fit["own"] >= OWN_WER * fit["own_words"])
    chosen = _sample(fit["suspect"])
    fit["examined"] = np.isin(np.arange(len(fit)), chosen)
    fit["displaced"] = False
    fit.loc[fit["examined"], "displaced"] = _displaced(said.tolist(), fit.iloc[chosen])
    return fit


def _sample(chosen: pd.Series) -> NDArray[np.intp]:
    """Places of the rows that are true, or of as many, evenly spread, as are enough."""
    places = np.flatnonzero(chosen)
    if len(places) <= _SAMPLE:
        return places
    return places[np.linspace(0, len(places) - 1, _SAMPLE).round().astype(np.intp)]


def _misaligned(part: Part) -> Fault | None:
    if len(part.places) < FEWEST:
        return None
    found = _no_fit(part) or _slipped(part) or _elsewhere(part)
    if found is None:
        return None
    detail, utterances, share = found
    return Fault(
        "misaligned_references",
        Consequence.NOT_PUBLISHED,
        detail,
        part.speakers,
        utterances,
        share,
        part.attribute,
        part.group,
    )


_Found = tuple[str, int, float]


def _no_fit(part: Part) -> _Found | None:
    rows = part.rows[part.rows["words"] > 0]
    if len(rows) < FEWEST:
        return None
    wer = float(rows["errors"].sum() / rows["words"].sum())
    share = float((rows["errors"] >= rows["words"]).mean())
    if wer < HIGH_WER or share < MOST:
        return None
    detail = (
        f"The word error rate of {part.name} is {wer:.2f}, and {percent(share)} of the utterances have as many errors "
        "as words: the references are not those of these recordings, or the recognizer writes another language."
    )
    return detail, len(rows), share


def _slipped(part: Part) -> _Found | None:
    poor = int(part.rows["poor"].sum())
    if poor < max(FEWEST, DISPLACED_SHARE * len(part.rows)):
        return None
    for shift in SHIFTS:
        rows = part.rows[part.rows[f"at{shift}"].notna()]
        # Each reference once: one prompt that is always heard as the next one has not slipped, slipped ones all have.
        each = rows.groupby("said")[["own", "own_words", f"at{shift}", f"words{shift}"]].mean()
        if len(rows) < FEWEST or len(each) < REFERENCES:
            continue
        own = float(each["own"].sum() / each["own_words"].sum())
        other = float(each[f"at{shift}"].sum() / max(1.0, each[f"words{shift}"].sum()))
        if other <= SLIPPED_FIT * own:
            share = poor / len(part.rows)
            detail = (
                f"{percent(share)} of the texts of {part.name} fit their own references poorly (word error rate "
                f"{own:.2f}) and those {abs(shift)} row{'s' * (abs(shift) > 1)} {'below' if shift > 0 else 'above'} "
                f"better ({other:.2f}): references and texts have slipped."
            )
            return detail, poor, share
    return None


def _elsewhere(part: Part) -> _Found | None:
    rows = part.rows
    phrases, suspect, examined = (int(rows[name].sum()) for name in ("phrase", "suspect", "examined"))
    found = int(rows["displaced"].sum())
    # Where few sentences are said, as at a menu, a sentence that is misheard is mostly another one of them.
    if phrases < FEWEST or found < DISPLACED or rows.loc[rows["phrase"], "said"].nunique() < FEWEST:
        return None
    share = found / examined * suspect / phrases
    if share < DISPLACED_SHARE:
        return None
    detail = (
        f"{percent(share)} of the texts of {part.name} fit the reference of another utterance and not their own: "
        "references and texts are misaligned."
    )
    return detail, round(share * phrases), share


def _displaced(references: Sequence[str], suspects: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the reference that shares most with a text, its own apart, is nearly that text, [suspect]."""
    candidates = sorted({text for text in references if len(text.split()) >= PHRASE})
    nearest = _nearest(candidates, suspects["said"].tolist(), suspects["heard"].tolist())
    others = [candidates[place] if place >= 0 else "" for place in nearest]
    errors = _errors(others, suspects["heard"].tolist())
    words = np.array([len(text.split()) for text in others])
    return (words > 0) & (errors <= OTHER_WER * words)


def _nearest(candidates: Sequence[str], said: Sequence[str], heard: Sequence[str]) -> list[int]:
    """Index of the candidate with the greatest cosine over rare words, other than what was said; -1 for none."""
    if not candidates or not heard:
        return [-1] * len(heard)
    words = {word: column for column, word in enumerate(sorted({w for text in candidates for w in text.split()}))}
    theirs, mine = _incidence(candidates, words), _incidence(heard, words)
    uses = np.asarray(theirs.sum(axis=0)).ravel()
    # Frequent words cost most of the time and tell least; where most words are frequent, all are needed.
    rare = uses <= max(_RARE, 0.05 * len(candidates))
    weight = sparse.diags(np.where(rare if rare.mean() >= 0.5 else True, np.log1p(len(candidates) / uses), 0.0))
    theirs, mine = theirs @ weight, mine @ weight
    length = np.sqrt(np.asarray(theirs.multiply(theirs).sum(axis=1)).ravel())
    theirs = (sparse.diags(1 / np.maximum(length, 1e-9)) @ theirs).T.tocsr()
    places = {text: place for place, text in enumerate(candidates)}
    own = np.array([places.get(text, -1) for text in said])
    pieces = [slice(begin, begin + _PIECE) for begin in range(0, len(own), _PIECE)]
    return [place for piece in pieces for place in _best((mine[piece] @ theirs).toarray(), own[piece])]


def _best(likeness: NDArray[np.float64], own: NDArray[np.intp]) -> list[int]:
    rows = np.flatnonzero(own >= 0)
    likeness[rows, own[rows]] = 0.0
    best = likeness.argmax(axis=1)
    return [int(place) for place in np.where(likeness.max(axis=1) > 0, best, -1)]


def _incidence(texts: Sequence[str], words: dict[str, int]) -> sparse.csr_matrix:
    pairs = [(row, words[word]) for row, text in enumerate(texts) for word in set(text.split()) if word in words]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    return sparse.csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(texts), len(words)))


def _errors(said: Sequence[str] | pd.Series, heard: Sequence[str] | pd.Series) -> NDArray[np.int64]:
    counts = count_errors(list(said), list(heard))
    errors: NDArray[np.int64] = (counts.substitutions + counts.deletions + counts.insertions).cpu().numpy()
    return errors


def _folded(texts: pd.Series) -> pd.Series:
    """Words in small letters without punctuation, alike on both sides; an empty text where there is none."""
    memo = {text: _fold(text) for text in texts.dropna().unique()}
    return texts.astype("object").map(lambda text: memo.get(text, ""))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())

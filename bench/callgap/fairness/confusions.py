"""Which words are lost more often for a group than for its reference.

A word is lost when it was said and not heard: recognized as another word, or as none. Compared are the odds that a word
is lost once it was said. Shares of all losses would not do: a group whose prompts hold a word more often would seem to
lose it more.

The log-odds ratio with an informative Dirichlet prior is that of Monroe, Colaresi and Quinn, "Fightin' Words",
Political Analysis 16, 2008, section 3.3, with two outcomes per word, lost and kept, instead of a vocabulary; so the
prior is a Beta distribution for each word. Its mean is the word's own loss rate in both groups together, itself drawn
by one occurrence to the loss rate of all their words; its weight is `PRIOR_OCCURRENCES`. It pulls what was said seldom
to no difference:

    p    = (lost + lost_r + P) / (said + said_r + 1)        P = lost words / words of both groups
    odds = (lost + m p) / (said - lost + m (1 - p))         m = PRIOR_OCCURRENCES; likewise odds_r
    log_odds = log(odds / odds_r)
    variance = 1/(lost + m p) + 1/(said - lost + m (1 - p)) + the same of the reference
    z = log_odds / sqrt(variance)

This describes, it tests nothing. A group's words come from few prompts and few speakers, occurrences of one speaker are
no independent draws, the words are chosen for being extreme, and a group that is misheard in everything has high odds
for most words. `z` only puts the words in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from callgap.fairness.evidence import Evidence
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.records import Status
from callgap_kernels.edit_distance import NO_TOKEN, align, count_confusions
from callgap_kernels.tokens import encode_pairs

Row = dict[str, object]
Float = NDArray[np.float64]

PRIOR_OCCURRENCES = 10.0
"""How many occurrences of a word the prior is worth, on either side."""

FEWEST_SPEAKERS = 3
"""Speakers of the group who must have lost a word that is listed, and speakers of the run from whom a word must have
been heard that is named for it: what rests on fewer is about persons."""

LEAST_Z = 2.0
"""Standard errors by which the odds of a listed word exceed the reference's: with less there is nothing to describe."""

LONGEST_NUMBER = 3
"""Digits of a word that is listed; more may be a telephone number, a card or a date of birth."""

_SUBSTITUTIONS = 3


@dataclass(frozen=True, eq=False)
class WordFates:
    """What became of every word that was said.

    Attributes:
        vocabulary: the words; their places are their numbers.
        rows: by speaker_id, said and heard (numbers of words; `NO_TOKEN` is a word heard as none), the count; only
            words that were said, so insertions have no row.
    """

    vocabulary: list[str]
    rows: pd.DataFrame

    @classmethod
    def of(cls, evidence: Evidence, normalize: Callable[[str], str]) -> WordFates:
        """Align every text with its reference, once for all speakers and attributes.

        Args:
            evidence: of one run; utterances without a text (failed, refused, missing, excluded) count for nothing.
            normalize: the normalizer, the same for everyone's references and hypotheses.

        Returns:
            Counts by speaker.
        """
        texts = dict(zip(*(evidence.utterances[name].to_pylist() for name in ("utterance_id", "text")), strict=True))
        heard = evidence.heard_rows
        heard = heard.assign(said=heard["utterance_id"].map(texts))
        heard = heard[(heard["status"] == Status.OK) & heard["said"].notna() & heard["text"].notna()]
        # One normalizer, one reading of a text, whoever said it.
        clean = {text: normalize(text) for text in {*heard["said"], *heard["text"]}}
        said, understood = ([clean[text] for text in heard[side]] for side in ("said", "text"))
        pairs = encode_pairs(said, understood)
        speaker, names = pd.factorize(heard["speaker_id"])
        alignment = align(pairs.reference, pairs.hypothesis)
        found = count_confusions(pairs.reference, pairs.hypothesis, alignment, torch.from_numpy(speaker))
        rows = pd.DataFrame({name: getattr(found, name).cpu().numpy() for name in ("group", "said", "heard", "count")})
        rows["speaker_id"] = names.to_numpy()[rows.pop("group")]
        # Numbers follow first appearance, all references before all hypotheses.
        words = dict.fromkeys(word for text in [*said, *understood] for word in text.split())
        return cls(list(words), rows[rows["said"] != NO_TOKEN])


def confusions(
    evidence: Evidence,
    normalize: Callable[[str], str],
    attribute: str,
    groups: Sequence[str],
    reference: str,
    top: int = 20,
    *,
    fates: WordFates | None = None,
) -> list[Row]:
    """The words that groups lose more often than their reference does; the module's text says how they are compared.

    Listed are words with clearly higher odds of loss than in the reference (`LEAST_Z`), said there too, lost by at
    least `FEWEST_SPEAKERS` speakers of the group and with at most `LONGEST_NUMBER` digits.

    Args:
        evidence: of one run.
        normalize: the normalizer that `evidence.normalizer` names.
        attribute: what speakers are grouped by.
        groups: the groups to look at, in the order of the result.
        reference: a group, or `everyone else`: all other speakers whose group is known.
        top: most words of a group.
        fates: `WordFates.of(evidence, normalize)`, where several attributes share it.

    Returns:
        Rows of the table `confusions`, highest z first within a group.
    """
    about = {
        "attribute": attribute,
        "reference": reference,
        "system": evidence.system,
        "condition": evidence.condition,
        "normalizer": evidence.normalizer,
    }
    tallies = _Tallies.of(fates or WordFates.of(evidence, normalize), evidence.membership[attribute])
    return [about | row for group in groups for row in tallies.listed(group, reference, top)]


@dataclass(frozen=True, eq=False)
class LogOdds:
    """How much greater the odds of loss are in the group than in its reference, word by word.

    Attributes:
        log_odds: natural logarithm of the ratio of the odds [word].
        z: the same over its standard error [word].
    """

    log_odds: Float
    z: Float

    @classmethod
    def of(cls, lost: Float, said: Float, reference_lost: Float, reference_said: Float, *, rate: float) -> LogOdds:
        """Compute them by Monroe, Colaresi and Quinn (2008); formulas in the module's text.

        Args:
            lost: times lost in the group [word].
            said: times said there, at least `lost` [word].
            reference_lost: times lost in the reference [word].
            reference_said: times said there [word].
            rate: loss rate of all words of both, in (0, 1).

        Returns:
            Log-odds ratios with their z.
        """
        mean = (lost + reference_lost + rate) / (said + reference_said + 1)
        gone, kept = lost + PRIOR_OCCURRENCES * mean, said - lost + PRIOR_OCCURRENCES * (1 - mean)
        reference_gone = reference_lost + PRIOR_OCCURRENCES * mean
        reference_kept = reference_said - reference_lost + PRIOR_OCCURRENCES * (1 - mean)
        ratio: Float = np.log(gone / kept) - np.log(reference_gone / reference_kept)
        variance = 1 / gone + 1 / kept + 1 / reference_gone + 1 / reference_kept
        return cls(ratio, ratio / np.sqrt(variance))


@dataclass(frozen=True, eq=False)
class _Tallies:
    """Counts of words by group.

    Attributes:
        vocabulary: the words.
        words: by group and word, columns spoken, lost and speakers (who lost it).
        known: by word, the sums of spoken and lost over all groups that are known.
        substitutes: by group and word, what it was heard as, the commonest first: heard, count.
    """

    vocabulary: list[str]
    words: pd.DataFrame
    known: pd.DataFrame
    substitutes: pd.DataFrame

    @classmethod
    def of(cls, fates: WordFates, members: Mapping[str, str]) -> _Tallies:
        rows = fates.rows.assign(group=fates.rows["speaker_id"].map(members))
        rows["lost"] = rows["count"].where(rows["heard"] != rows["said"], 0)
        lost = rows[rows["lost"] > 0]
        key = ["group", "said"]
        words = rows.groupby(key, sort=True).agg(spoken=("count", "sum"), lost=("lost", "sum"))
        known = words[~words.index.isin([UNKNOWN, CONTRADICTORY], level="group")].groupby(level="said").sum()
        words["speakers"] = lost.groupby(key)["speaker_id"].nunique()
        common = rows.groupby("heard")["speaker_id"].nunique()
        common = common[common >= FEWEST_SPEAKERS].drop(NO_TOKEN, errors="ignore")
        as_others = lost[lost["heard"].isin(common.index)].groupby([*key, "heard"], sort=True)["count"].sum()
        substitutes = as_others.sort_values(ascending=False, kind="stable").reset_index("heard")
        return cls(fates.vocabulary, words, known, substitutes.sort_index(kind="stable"))

    def listed(self, group: str, reference: str, top: int) -> list[Row]:
        """The rows of a group, highest z first and then by word."""
        if group not in self.words.index:
            return []
        own, theirs = self.words.loc[group], self._reference(group, reference)
        totals, others = own[["lost", "spoken"]].sum(), theirs[["lost", "spoken"]].sum()
        both = own.join(theirs[["lost", "spoken"]].add_prefix("reference_"), how="inner")
        # Half a loss and half a word kept hold the rate off 0 and 1.
        rate = float((totals["lost"] + others["lost"] + 0.5) / (totals["spoken"] + others["spoken"] + 1))
        columns = ("lost", "spoken", "reference_lost", "reference_spoken")
        odds = LogOdds.of(*(both[name].to_numpy(np.float64) for name in columns), rate=rate)
        both = both.assign(log_odds=odds.log_odds, z=odds.z, word=[self.vocabulary[number] for number in both.index])
        both = both[(both["speakers"] >= FEWEST_SPEAKERS) & (both["z"] >= LEAST_Z)]
        best = both[both["word"].map(may_be_listed).astype(bool)].sort_values(["z", "word"], ascending=[False, True])
        return [self._row(group, word, totals["spoken"], others["spoken"]) for _, word in best.head(top).iterrows()]

    def _reference(self, group: str, reference: str) -> pd.DataFrame:
        if reference != EVERYONE_ELSE:
            return self.words.loc[reference] if reference in self.words.index else self.known.iloc[:0]
        if group in (UNKNOWN, CONTRADICTORY):
            return self.known
        others = self.known.sub(self.words.loc[group][["spoken", "lost"]], fill_value=0)
        return others[others["spoken"] > 0]

    def _row(self, group: str, word: pd.Series, total: int, reference_total: int) -> Row:
        return {
            "group": group,
            "word": word["word"],
            "lost": int(word["lost"]),
            "said": int(word["spoken"]),
            "per_1000": float(1000 * word["lost"] / total),
            "reference_lost": int(word["reference_lost"]),
            "reference_said": int(word["reference_spoken"]),
            "reference_per_1000": float(1000 * word["reference_lost"] / reference_total),
            "heard_as": self._heard_as(group, word.name),
            "log_odds": float(word["log_odds"]),
            "z": float(word["z"]),
            "speakers": int(word["speakers"]),
        }

    def _heard_as(self, group: str, number: int) -> str | None:
        if (group, number) not in self.substitutes.index:
            return None
        rows = self.substitutes.loc[[(group, number)]]
        named = [(self.vocabulary[heard], count) for heard, count in zip(rows["heard"], rows["count"], strict=True)]
        shown = [f"{word} ({count})" for word, count in named if may_be_listed(word)][:_SUBSTITUTIONS]
        return ", ".join(shown) or None


def may_be_listed(word: str) -> bool:
    """Whether a word may be published: one with more than `LONGEST_NUMBER` digits may be a person's number."""
    return sum(character.isdigit() for character in word) <= LONGEST_NUMBER

"""Evidence made of counted errors, for tests of what may be concluded from it."""

import functools
from itertools import product

import numpy as np

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus import load_card
from callgap.fairness import Comparison, membership
from callgap.fairness.evidence import Evidence
from callgap.judging import judged
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema

MARGINS = {"wer": 0.05, "unusable": 0.05, "not_completed": 0.05}
PRIMARY, SECOND = "basic", "none"


@functools.cache
def policy():
    """The policy of the default configuration."""
    return units(plain(composed([])))["verdict"]


def comparison(**changes):
    """A quick plan for word errors."""
    plan = {"attributes": None, "references": {}, "endpoints": ("wer",), "alpha": 0.05, "seed": 7}
    return Comparison(**(plan | {"resamples": 1000, "permutations": 200} | changes))


def counted(errors, *, words=10, second=None, lost=(), columns=None, **changes):
    """Evidence of one attribute, `accent`.

    Args:
        errors: by group, word errors [speaker, utterance]; speaker k of group g is called `g-k`.
        words: of every utterance, or by group [speaker, utterance].
        second: errors under the second normalizer, where they are others.
        lost: (group, speaker, utterance) whose text the recognizer owes.
        columns: further columns of `utterances`, each a function of group, speaker and utterance.
        changes: fields of the evidence.
    """
    errors = {group: np.asarray(counts) for group, counts in errors.items()}
    places = [(g, *place) for g, counts in errors.items() for place in product(*map(range, counts.shape))]
    said, heard, scores = [], [], []
    for group, speaker, utterance in places:
        name, gone = f"{group}-{speaker}-{utterance}", (group, speaker, utterance) in lost
        row = {"utterance_id": name, "speaker_id": f"{group}-{speaker}", "text": "x", "slots": [], "accent": group}
        said.append(row | {key: value(group, speaker, utterance) for key, value in (columns or {}).items()})
        text, status = (None, "failed") if gone else ("x", "ok")
        heard.append({"utterance_id": name, "grammar_id": "open", "text": text, "status": status, "n_best": []})
    for normalizer, counts in ((PRIMARY, errors), (SECOND, errors | (second or {}))):
        for group, speaker, utterance in places:
            total = words if np.isscalar(words) else int(words[group][speaker, utterance])
            row = {"utterance_id": f"{group}-{speaker}-{utterance}", "normalizer": normalizer, "unit": "word"}
            row |= {"reference_tokens": total}
            if (group, speaker, utterance) not in lost:
                wrong = int(counts[group][speaker, utterance])
                kinds = {"hits": max(0, total - wrong), "substitutions": wrong, "deletions": 0, "insertions": 0}
                row |= kinds | {"errors": wrong, "empty": False, "hallucinated": False}
            scores.append(row)
    spoken = table(said, utterances_schema(["accent"]))
    fields = {
        "utterances": spoken,
        "heard": table(heard, HYPOTHESES),
        "probes": HYPOTHESES.empty_table(),
        "scores": table(scores, SCORES),
        "outcomes": OUTCOMES.empty_table(),
        "covariates": COVARIATES.empty_table(),
        "normalizer": PRIMARY,
        "human": "",
        "phrases": {},
        "system": "s",
        "condition": "c",
        "membership": {"accent": membership(spoken, "accent")},
    }
    return Evidence(**fields | changes)


def drawn(rates, speakers, *, utterances=20, words=10, spread=0.2, seed=3):
    """Word errors by group: Poisson around the rates of speakers, which are log-normal around the group's."""
    random = np.random.default_rng(seed)
    many = speakers if isinstance(speakers, dict) else dict.fromkeys(rates, speakers)
    found = {}
    for group, rate in rates.items():
        own = rate * np.exp(spread * random.standard_normal(many[group]) - spread**2 / 2)
        found[group] = np.minimum(random.poisson(np.outer(own, np.full(utterances, words))), words)
    return found


def contrasts(evidence, reference="a", **changes):
    """Contrast rows, the primary normalizer's first."""
    return comparison(**changes).compare(evidence, {"accent": reference}, MARGINS).contrasts


def verdicts(evidence, reference="a", **changes):
    """By group, what is said of its word errors under the primary normalizer."""
    compared = comparison(**changes).compare(evidence, {"accent": reference}, MARGINS)
    rows = judged(compared.groups, compared.contrasts, policy(), load_card("fsdd"))
    return {r["group"]: r for r in rows if r["endpoint"] == "wer" and r["normalizer"] == PRIMARY}

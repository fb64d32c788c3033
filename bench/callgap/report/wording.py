"""The words for verdicts, grades and sections; those for endpoints stand in `endpoint_words`."""

from __future__ import annotations

from dataclasses import dataclass

from callgap.fairness.faults import Consequence
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.report.endpoint_words import ENDPOINTS as ENDPOINTS
from callgap.report.endpoint_words import Endpoint as Endpoint
from callgap.verdict.words import BETTER, CANNOT_TELL, DISADVANTAGED, INSUFFICIENT, UNCERTAIN, UNFIT, WITHIN


@dataclass(frozen=True)
class Verdict:
    """One verdict of the policy.

    Attributes:
        mark: name of its color and of its shape in the plot.
        meaning: one sentence.
    """

    mark: str
    meaning: str


VERDICTS = {
    UNFIT: Verdict("unfit", "Fails the reference group too often: no fairness is read from the gap."),
    DISADVANTAGED: Verdict("disadvantaged", "Worse than the reference by more than the margin, limits included."),
    UNCERTAIN: Verdict("gap", "Worse than the reference; whether by more than the margin is open."),
    CANNOT_TELL: Verdict("open", "The limits leave it open, or are not yet proven for such numbers of speakers."),
    WITHIN: Verdict("within", "Any difference is smaller than the margin, limits included."),
    BETTER: Verdict("better", "Better than the reference by more than the margin, limits included."),
    INSUFFICIENT: Verdict("few", "Too few speakers to judge; counts and rates are described only."),
}
"""The gravest first."""

NOT_JUDGED = "not judged"
"""Stands where there is no verdict, with the reason beside it."""

CONSEQUENCES = {
    Consequence.NOT_PUBLISHED: (
        "Not to be published",
        "What was counted is not what was said. No figure of this may be published, quoted or decided upon.",
    ),
    Consequence.NOT_JUDGED: ("Not judged", "Described only: no verdict rests on this."),
    Consequence.SHOWN: ("Shown", "No verdict changes by this; a reader has to know it."),
}
"""The gravest first."""

GRADES = {
    "A": "real callers, references transcribed from the audio, 30 or more speakers on each side",
    "B": "real callers, 10 or more speakers on each side",
    "C": "real callers, fewer speakers, or prompts taken for what was said",
    "S": "synthetic voices or simulated conversation: a stress test, nothing about people",
}

OMNIBUS = "One test by permuting speakers over all groups at once; a second opinion, never the verdict."
CONDITIONS = (
    "A condition, compared within the speakers who are on both sides: described, never judged. Whoever is on one side "
    "only is left out."
)
LOST_WORDS = (
    "Described, never judged: words that were lost more often here, of the times they were said, than of the "
    "reference; the most certain first. Per 1,000: of all words of the group. Prompts decide which words can be lost, "
    "and how hard their sentences are."
)
CALLS = (
    "Each caller counts as much as another, however often one called. Limits of a figure hold for it alone, those of a "
    "difference for all groups and figures together. Differences of the declared endpoints, and verdicts, stand with "
    "the groups."
)
WATERFALL = (
    "Of the calls that were made, those that were understood (no question used up its attempts), that ended where they "
    "should, and that reached what was asked for without a wrong number. Described; verdicts stand with the groups."
)
SHARES = (
    "The same calls, walked again with what was really said: the understanding is what the service would get wrong "
    "whatever the recognizer hears, the recognition is the rest. Points, or seconds; more is worse."
)
ODDS = (
    "Groups are served alike in the sense of equalized odds where neither error of any destination depends on the "
    "group. Missed: of the calls for it, those that end elsewhere. Taken for it: of all other calls, those that end "
    "there. Beside everyone's rate stands the group farthest above its reference; the file odds.csv has all."
)
WALKED = (
    "A call that went on with a wrong number is not completed, wherever it ended. Callers say the same things in the "
    "same number of calls; keys that are typed are understood as they are."
)
FLAGS = "Text invented and wrong language are lower bounds: what reads well is not found."
RATES = "A rate is absent (\N{EN DASH}), never 0, where a group has too few speakers or nothing was counted."
SYNTHETIC = "Synthetic voices: a stress test of the instrument, no evidence about people."
NOT_TOLD = (
    "Runs with an alteration are told above, by what it changed; their groups and contrasts stand in table.csv and "
    "contrasts.csv."
)
PROMPTS = "The references are the prompts that were read, not transcripts: a reader's own slips count as errors."

USE = (
    "An automatic system answered these calls; where such a system is used, callers must be told.",
    "The results are contestable evidence about a system, to be replayed and disputed; they are never a verdict on a "
    "person.",
    "Permitted: choosing, correcting and contracting a system. Not permitted: ranking, scoring or disciplining workers "
    "or callers.",
)

LEGAL = (
    ("EU AI Act, Art. 10", "data governance: who is in the test data, who is missing, and known biases"),
    ("EU AI Act, Art. 14", "human oversight: whether a person can be reached, and by whom less often"),
    ("EU AI Act, Art. 15", "accuracy and robustness, declared with their limits"),
    ("EU AI Act, Art. 50", "transparency: callers are told that an automatic system is used"),
    ("EU AI Act, Art. 5(1)(f)", "prohibition of emotion inference at work: nothing here infers an emotion"),
    ("GDPR, Art. 9", "special categories of data: voices and self-declared groups"),
    ("GDPR, Art. 22", "automated decisions: a call that is misrouted without a person"),
    ("French law", "bars race statistics: use first language and region, self-declared"),
)
"""Each is marked "to be checked by counsel" where it is shown."""


def callers(group: str) -> str:
    """Name the people of a group or of a reference.

    Args:
        group: its name, or `everyone else`.

    Returns:
        For example `en-us callers`, or `all other callers`.
    """
    return "all other callers" if group == EVERYONE_ELSE else f"{group} callers"


def verdict_mark(verdict: str | None) -> str:
    """Name the color and shape of a verdict.

    Args:
        verdict: as the policy put it; None where nothing was judged.

    Returns:
        One of the marks of `VERDICTS`, or `few` for anything that judges nothing.
    """
    return VERDICTS[verdict].mark if verdict in VERDICTS else "few"


def gravity(verdict: str | None) -> int:
    """Place a verdict among the others.

    Args:
        verdict: as the policy put it; None where nothing was judged.

    Returns:
        0 for the gravest; a verdict that is not known comes last.
    """
    order = list(VERDICTS)
    return order.index(verdict) if verdict in VERDICTS else len(order)

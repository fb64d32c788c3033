"""What stands behind one verdict: everything that could shake it, as lines to be unfolded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callgap.fairness.gaps import Method
from callgap.report.comparisons import Row, has_limits
from callgap.report.figures import number, points, span
from callgap.verdict.words import DISADVANTAGED, UNCERTAIN, by_limits

Line = tuple[str, str]


def contrast_details(row: Row, others: Sequence[Row]) -> tuple[Line, ...]:
    """Write what is known of one contrast beside its gap and limits.

    Args:
        row: of `contrasts`, under the primary normalizer.
        others: the same contrast under the other normalizers.

    Returns:
        Pairs of a name and a text, the reason first; what is not known is left out.
    """
    lines = [*_reason(row)]
    if row["difference"] is not None:
        parts = (_limits, _worth, _power, _second_opinion, _one_speaker, _weights, _lost, _references)
        lines += [*_normalizers(row, others), *(line for part in parts for line in part(row))]
    if row["attribution"]:
        lines.append(("What moves with the gap", row["attribution"]))
    return tuple(lines)


def p_value(p: float) -> str:
    """Write a p-value.

    Args:
        p: of a test.

    Returns:
        For example `p = 0.012`, or `p < 0.001`.
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _reason(row: Row) -> Iterator[Line]:
    if row["reason"]:
        yield "Why", row["reason"]
    if row["what_would_change_it"]:
        yield "What would change it", row["what_would_change_it"]


def _normalizers(row: Row, others: Sequence[Row]) -> Iterator[Line]:
    if row["normalizer"] is None:
        return
    told = [f"{other['normalizer']} {_gap(other)}: {_agreement(row, other)}" for other in others]
    own = f"{row['normalizer']} {_gap(row)}"
    yield "Under each normalizer", "; ".join([own, *told]) if told else f"{own}; no other was declared"


def _gap(row: Row) -> str:
    return points(row["difference"]) + _in_brackets(row["difference_lower"], row["difference_upper"])


def _in_brackets(lower: float | None, upper: float | None) -> str:
    limits = span(lower, upper)
    return f" ({limits})" if limits else ""


def _agreement(row: Row, other: Row) -> str:
    """Whether limits under another normalizer say the same; of a gap its size is asked of the primary one alone."""
    if not has_limits(row) or not has_limits(other):
        return "no limits"
    return "agrees" if _says(row) == _says(other) else "does not agree"


def _says(row: Row) -> str:
    margin = row["margin"] or 0.0
    found = by_limits(row["difference_lower"], row["difference_upper"], margin)
    return UNCERTAIN if found == DISADVANTAGED else found


def _limits(row: Row) -> Iterator[Line]:
    if row["limits"] and has_limits(row):
        yield "Limits", f"{row['limits']}, by {row['method']}" if row["method"] else row["limits"]
    if row["standardized_by"]:
        yield "Standardized", f"the reference has the group's mix of {row['standardized_by'].replace('_', ' ')}"


def _worth(row: Row) -> Iterator[Line]:
    worth = [row[f"{side}_effective_speakers"] for side in ("group", "reference")]
    if None not in worth:
        speakers = f"{number(row['group_speakers'])} and {number(row['reference_speakers'])}"
        yield "Speakers", f"{speakers}, worth {worth[0]:.0f} and {worth[1]:.0f} who weigh the same"


def _power(row: Row) -> Iterator[Line]:
    smallest = row["smallest_detectable_gap"]
    if smallest is not None:
        size = f"{100 * smallest:.0f} points or more"
        yield "Smallest detectable gap", f"would have found a gap of {size} in four of five samples"
    elif row["limits"] == "simultaneous" and row["method"] == Method.BOOTSTRAP:
        yield (
            "Smallest detectable gap",
            "none: with these speakers no gap can be relied on to be found",
        )


def _second_opinion(row: Row) -> Iterator[Line]:
    if row["p"] is not None:
        adjusted = "" if row["p_adjusted"] is None else f"; with all groups taken together {p_value(row['p_adjusted'])}"
        yield "Second opinion", f"{p_value(row['p'])}, by permuting speakers{adjusted}; never the verdict"


def _one_speaker(row: Row) -> Iterator[Line]:
    alone = row["difference_leave_one_out"]
    if alone is not None:
        yield "Without any one speaker", f"{points(alone)} points, where it is nearest to none"


def _weights(row: Row) -> Iterator[Line]:
    mean = row["difference_speaker_mean"]
    if mean is not None:
        yield (
            "Speaker means",
            f"{points(mean)} points where everybody weighs the same; by words {points(row['difference'])}",
        )


def _lost(row: Row) -> Iterator[Line]:
    charged = row["difference_lost_charged"]
    if charged is not None:
        limits = _in_brackets(row["difference_lost_charged_lower"], row["difference_lost_charged_upper"])
        yield "Lost texts charged", f"{points(charged)} points{limits} where every lost text counts as errors"
    elif row["normalizer"] is not None:
        yield "Lost texts charged", "none was lost"


def _references(row: Row) -> Iterator[Line]:
    if row["reference_error"] is not None:
        yield "Errors of the references", f"may make up {100 * row['reference_error']:.1f} points of a gap"
    elif row["endpoint"] == "wer":
        yield "Errors of the references", "not measured; callgap sample makes the sheets for it"

"""Which column of a table that people have plays which part: by fixed, documented names, or as the user says."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from callgap.errors import InputError, one_of

Role = Literal["utterance", "speaker", "reference", "hypothesis", "words"]
ROLES: tuple[Role, ...] = get_args(Role)

NAMES: Mapping[Role, tuple[str, ...]] = {
    "utterance": (
        "utterance_id", "utt_id", "id", "path", "audio_paths", "audio", "audio_filepath", "file", "filename",
        "segment_filename", "idx",
    ),
    "speaker": ("speaker_id", "speaker", "spk", "spk_id", "client_id", "user_ids", "user_id"),
    "reference": ("reference", "ref", "text", "transcript", "sentence", "ground_truth"),
    "hypothesis": ("hypothesis", "hyp", "prediction", "predicted", "pred_text", "asr", "recognized"),
    "words": ("words", "wordcount", "word_count", "num_words", "n_words"),
}  # fmt: skip
"""The usual names of each part, in whatever case. Two that match in one table are an error, never a choice."""

RATES = "_wer"
"""A column whose name ends so holds a system's word errors per word, where nothing holds texts."""

CallRole = Literal["call", "caller", "expected", "reached", "attempts", "seconds"]

CALLS: Mapping[CallRole, tuple[str, ...]] = {
    "call": ("call_id", "call", "utterance_id", "id", "idx"),
    "caller": ("caller", "caller_id", "speaker_id", "speaker", "client_id", "user_id"),
    "expected": ("expected", "wanted", "asked_for", "intent"),
    "reached": ("reached", "destination", "ended_at", "routed_to"),
    "attempts": ("attempts", "tries"),
    "seconds": ("seconds", "duration_s", "call_seconds"),
}
"""The usual names of each part of a log of calls, in whatever case, where what was asked for and what was reached are
among them."""

_CALL_OPTIONS: Mapping[CallRole, str] = {"call": "utterance", "caller": "speaker"}

GROUPS = (
    "accent", "accents", "gender", "sex", "age", "age_group", "age_band", "first_language", "l1", "native_language",
    "dialect", "region", "country", "nationality", "ethnicity", "race",
)  # fmt: skip
"""The usual names of group columns: all that a table holds are taken."""


@dataclass(frozen=True)
class Layout:
    """A published table in which two usual names stand for one part.

    Attributes:
        title: of the corpus.
        holds: columns by which it is recognized.
        parts: which of them plays which part.
    """

    title: str
    holds: frozenset[str]
    parts: Mapping[Role, str]


LAYOUTS = (
    Layout(
        "AfriSpeech-200",
        frozenset({"idx", "audio_paths", "user_ids", "reference", "prediction", "age_group"}),
        # Rows are numbered and name their recordings too: the number is the id.
        {"utterance": "idx"},
    ),
    Layout(
        "Koenecke et al. 2020",
        frozenset({"segment_filename", "basefile", "wordcount", "clean_google_wer"}),
        {"speaker": "basefile"},
    ),
)
"""Known before the usual names are looked for."""


@dataclass(frozen=True)
class Wanted:
    """What the user says of the columns; None leaves it to the usual names.

    Attributes:
        utterance: column with the id of an utterance.
        speaker: column with the id of a speaker.
        reference: column with what was said.
        hypothesis: column with what was understood.
        groups: columns to group speakers by.
        words: column with the number of words of an utterance.
        rates: columns with word errors per word, one for each system.
        bands: by column of numbers to group speakers by, ascending limits of bands.
        expected: of a log of calls, the column with what was called for.
        reached: likewise, with where the call ended.
        attempts: likewise, with how many attempts it took.
        seconds: likewise, with how long it took.
    """

    utterance: str | None = None
    speaker: str | None = None
    reference: str | None = None
    hypothesis: str | None = None
    groups: tuple[str, ...] | None = None
    words: str | None = None
    rates: tuple[str, ...] | None = None
    bands: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    expected: str | None = None
    reached: str | None = None
    attempts: str | None = None
    seconds: str | None = None

    def named(self) -> dict[str, str]:
        """By option, a column that it names."""
        parts = (*ROLES, *(role for role in CALLS if role not in _CALL_OPTIONS))
        single = {f"--{role}": str(name) for role in parts if (name := getattr(self, role)) is not None}
        several = {f"--group {name}": name for name in self.groups or ()}
        several |= {f"--band {name}": name for name in self.bands}
        return single | several | {f"--error-rate {name}": name for name in self.rates or ()}


@dataclass(frozen=True)
class Columns:
    """The columns of one table that play a part.

    Attributes:
        utterance: None where the table has none; likewise the others.
        speaker: id of a speaker.
        reference: what was said.
        hypothesis: what was understood.
        groups: in the order of the table.
        words: how many words were said.
        rates: word errors per word, one column for each system, in the order of the table.
    """

    utterance: str | None = None
    speaker: str | None = None
    reference: str | None = None
    hypothesis: str | None = None
    groups: tuple[str, ...] = ()
    words: str | None = None
    rates: tuple[str, ...] = ()


def columns_of(path: Path, found: Sequence[str], wanted: Wanted) -> Columns:
    """Find out which column of a table plays which part.

    Args:
        path: of the table, for errors.
        found: names of its columns.
        wanted: what the user says; it counts where the table has such a column.

    Returns:
        The columns: as the user says, else as the table's layout has it, else by the usual names.

    Raises:
        InputError: two columns have a usual name of one part.
    """
    chosen: dict[str, str] = {
        role: name for role in ROLES if (name := getattr(wanted, role)) is not None and name in found
    }
    taken = {*chosen.values(), *(wanted.groups or ()), *wanted.bands, *(wanted.rates or ())}
    layout = _layout(found)
    for role in ROLES:
        if role in chosen:
            continue
        if role in layout and layout[role] not in taken:
            chosen[role] = layout[role]
        elif (name := _by_name(path, [name for name in found if name not in taken], role)) is not None:
            chosen[role] = name
    groups = _groups(found, {*chosen.values(), *(wanted.rates or ())}, wanted)
    return Columns(**chosen, groups=groups, rates=_rates(found, {*chosen.values(), *groups}, wanted))


def call_columns(path: Path, found: Sequence[str], wanted: Wanted) -> dict[CallRole, str]:
    """Find out which column of a table plays which part of a log of calls.

    Args:
        path: of the table, for errors.
        found: names of its columns.
        wanted: what the user says; it counts where the table has such a column.

    Returns:
        By part the column; a part that no column plays is left out.

    Raises:
        InputError: two columns have a usual name of one part, or the user names one column for two parts.
    """
    options = {role: _CALL_OPTIONS.get(role, role) for role in CALLS}
    named = {role: getattr(wanted, option) for role, option in options.items()}
    chosen: dict[CallRole, str] = {role: name for role, name in named.items() if name in found}
    for role, name in chosen.items():
        first = next(other for other, of in chosen.items() if of == name)
        if first != role:
            raise InputError(
                f"--{options[first]} and --{options[role]} both name {name!r}; accepted: a column of its own"
            )
    taken = {*chosen.values(), *(wanted.groups or ()), *wanted.bands}
    for role, usual in CALLS.items():
        matches = [name for name in found if name.lower() in usual and name not in taken]
        if role in chosen or not matches:
            continue
        if len(matches) > 1:
            raise InputError(
                f"{path}: both {matches[0]!r} and {matches[1]!r} may be the {role}; say which with "
                f"--{options[role]} COLUMN"
            )
        chosen[role] = matches[0]
        taken.add(matches[0])
    return chosen


def has_texts(found: Sequence[str]) -> bool:
    """Whether a table holds texts, numbers of words or error rates by their usual names.

    Args:
        found: names of its columns.
    """
    usual = {*NAMES["reference"], *NAMES["hypothesis"], *NAMES["words"]}
    return any(name.lower() in usual or name.lower().endswith(RATES) for name in found)


def group_columns(found: Sequence[str], taken: set[str], wanted: Wanted) -> tuple[str, ...]:
    """The columns of a table to group speakers by.

    Args:
        found: names of its columns.
        taken: those that play another part.
        wanted: what the user says, else the usual names count.
    """
    return _groups(found, taken, wanted)


def require_columns(wanted: Wanted, found: Iterable[str]) -> None:
    """Check that some table has every column that the user names.

    Raises:
        InputError: none has.
    """
    known = set(found)
    for option, name in wanted.named().items():
        if name not in known:
            raise InputError(f"{option}: no file has the column {name!r}; {one_of(name, known)}")


def bands_of(given: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Read by which bands of numbers speakers are grouped.

    Args:
        given: each `COLUMN=NUMBER,NUMBER,...`.

    Returns:
        By column, ascending limits.

    Raises:
        InputError: one has no column or no ascending numbers, or two are of one column.
    """
    found: dict[str, tuple[float, ...]] = {}
    for one in given:
        column, _, numbers = one.rpartition("=")
        limits = _limits(numbers)
        if not column or column in found or not limits:
            raise InputError(f"--band: found {one!r}; accepted: COLUMN=18,30,45, ascending numbers, each column once")
        found[column] = limits
    return found


def _limits(numbers: str) -> tuple[float, ...]:
    """Ascending finite numbers; none where the text holds anything else."""
    try:
        limits = [float(limit) for limit in numbers.split(",")]
    except ValueError:
        return ()
    return tuple(limits) if all(map(math.isfinite, limits)) and limits == sorted(set(limits)) else ()


def usual_names() -> list[str]:
    """The usual names as lines for the help of a command, each begun with two spaces."""
    rates = (f"whatever ends in {RATES}, where no file holds hypotheses",)
    parts: list[tuple[str, tuple[str, ...]]] = [*NAMES.items(), ("groups", GROUPS), ("error rates", rates)]
    lines = [textwrap.wrap(f"{part}: {', '.join(names)}", 76) for part, names in parts]
    return [f"  {'  ' if place else ''}{text}" for texts in lines for place, text in enumerate(texts)]


def _layout(found: Sequence[str]) -> Mapping[Role, str]:
    return next((layout.parts for layout in LAYOUTS if layout.holds <= {*found}), {})


def _by_name(path: Path, found: Sequence[str], role: Role) -> str | None:
    matches = [name for name in found if name.lower() in NAMES[role]]
    if len(matches) > 1:
        raise InputError(
            f"{path}: both {matches[0]!r} and {matches[1]!r} may be the {role}; say which with --{role} COLUMN"
        )
    return matches[0] if matches else None


def _rates(found: Sequence[str], taken: set[str], wanted: Wanted) -> tuple[str, ...]:
    if wanted.rates is not None:
        return tuple(name for name in found if name in wanted.rates)
    return tuple(name for name in found if name.lower().endswith(RATES) and name not in taken)


def _groups(found: Sequence[str], taken: set[str], wanted: Wanted) -> tuple[str, ...]:
    if wanted.groups is not None:
        return tuple(name for name in found if name in wanted.groups or name in wanted.bands)
    return tuple(name for name in found if name in wanted.bands or (name.lower() in GROUPS and name not in taken))

"""What can be chosen, read from the first line of each configuration."""

from __future__ import annotations

import yaml
from rich.table import Table
from rich.text import Text

from callgap.configuration import STAGES
from callgap.corpus import Card, load_card
from callgap.errors import InputError, one_of
from callgap.resources import conf_dir, datasets_dir

_LISTED = (*STAGES, "experiment")
_OWN = {
    "evi-en-gb": "evi",
    "evi-pl-pl": "evi",
    "fsdd": "fsdd",
    "slurp": "slurp",
    "synthetic": "synthetic",
    "synthetic-services": "synthetic",
    "synthetic-services-fr": "synthetic-fr",
}
"""Cards of the choices that know their own, by the name of the choice."""


def choices(stage: str) -> dict[str, str]:
    """The choices of one stage.

    Args:
        stage: a configuration group.

    Returns:
        By name, one line that says what it is.

    Raises:
        InputError: there is no such stage.
    """
    if stage not in _LISTED:
        raise InputError(f"there is no stage {stage!r}; {one_of(stage, _LISTED)}")
    return {
        path.stem: _summary(path.read_text(encoding="utf-8")) for path in sorted((conf_dir() / stage).glob("*.yaml"))
    }


def listing(stage: str | None) -> Table:
    """A table of the choices of one stage, or of all.

    Raises:
        InputError: there is no such stage.
    """
    if stage == "corpus":
        return _corpora()
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("stage", "choice", "what it is"):
        shown.add_column(column, overflow="fold")
    for name in [stage] if stage else _LISTED:
        for choice, summary in choices(name).items():
            # Brackets are no markup: an extra is named in them.
            shown.add_row(name, choice, Text(summary))
    return shown


def _corpora() -> Table:
    """What can be heard, and what the card of each says first: the rest shows `callgap corpus card NAME`."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column("corpus", no_wrap=True)
    for column in ("speakers", "license", "what it is"):
        shown.add_column(column, overflow="fold")
    for choice, summary in choices("corpus").items():
        card = card_of(choice)
        speakers = "" if card is None or card.speakers is None else f"{card.speakers:,}"
        license_ = "your own" if card is None else card.license
        shown.add_row(choice, speakers, Text(license_), Text(summary))
    shown.caption = "callgap corpus card NAME shows the whole card"
    shown.caption_justify = "left"
    return shown


def card_of(choice: str) -> Card | None:
    """The card of a choice of corpus; None where it is read from the user's own data."""
    content = yaml.safe_load((conf_dir() / "corpus" / f"{choice}.yaml").read_text(encoding="utf-8"))
    name = content.get("card") or _OWN.get(choice)
    return load_card(name) if name else None


def require_card(choice: str) -> Card:
    """The card of a choice of corpus.

    Raises:
        InputError: there is no such choice, or it is read from the user's own data.
    """
    known = choices("corpus")
    if choice not in known and choice in _cards():
        # Texts that a router learns from have a card and are no corpus that is heard.
        return load_card(choice)
    if choice not in known:
        raise InputError(f"there is no corpus {choice!r}; {one_of(choice, {*known, *_cards()})}")
    found = card_of(choice)
    if found is None:
        raise InputError(f"corpus={choice} reads the user's own data: its card is the card.yaml beside that")
    return found


def _cards() -> list[str]:
    return [path.parent.name for path in sorted(datasets_dir().glob("*/card.yaml"))]


def _summary(text: str) -> str:
    comments = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    return next((line for line in comments if not line.startswith("@package")), "")

"""The card of a corpus as a page for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from callgap.corpus import Attribute, Card
from callgap.listing import choices

_FIELDS = (
    ("license", "License"),
    ("commercial_use", "For a procurement"),
    ("consent", "Consent"),
    ("collection", "Collection"),
    ("retention", "Retention"),
    ("missing_groups", "Who is missing"),
    ("may_conclude", "What may be concluded"),
    ("trained_on", "Are recognizers trained on it"),
    ("home", "Home"),
    ("revision", "Revision"),
    ("citation", "Citation"),
)


def card_page(name: str, card: Card) -> RenderableType:
    """A card, field by field.

    Args:
        name: of the choice.
        card: its card.

    Returns:
        The page.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    # Addresses are copied: no sign of them is left out.
    table.add_column(overflow="fold")
    for field, words in (("size", _size(card)), ("speech", _speech(card))):
        table.add_row(field.capitalize(), Text(words))
    for field, words in _FIELDS:
        table.add_row(words, Text(str(getattr(card, field))))
    if card.archive or card.repository:
        table.add_row("Get it", Text(f"callgap corpus fetch {name} --to FOLDER"))
    table.add_row("Known faults", Group(*map(Text, card.known_faults)) if card.known_faults else Text("none are known"))
    groups = [Padding(Group(*map(Text, _attribute(n, a))), (1, 0, 0, 0)) for n, a in card.attributes.items()]
    where = f"corpus={name}" if name in choices("corpus") else f"datasets/{name}"
    return Group(Text(f"{card.title} ({where})", style="bold"), Text(card.summary), Text(""), table, *groups)


def _size(card: Card) -> str:
    numbers = ((card.speakers, "speakers"), (card.utterances, "utterances"), (card.hours, "hours"))
    counted = ", ".join(f"{number:,} {name}" for number, name in numbers if number is not None)
    return f"{counted or 'not stated'} ({card.counts_source})"


def _speech(card: Card) -> str:
    voices = "synthetic voices, " if card.synthetic else ""
    return f"{voices}{card.speech_condition}, {card.language}, {card.sample_rate:,} Hz; references: {card.text_source}"


def _attribute(name: str, attribute: Attribute) -> Iterator[str]:
    compared = f"compared with {attribute.reference}" if attribute.reference else "not compared with any group"
    kind = "" if attribute.of_person else "; a condition, described and never judged"
    yield f"Grouped by {name}: {attribute.description} (labels: {attribute.label_source}; {compared}{kind})"
    if attribute.speakers:
        largest = sorted(attribute.speakers.items(), key=lambda entry: (-entry[1], entry[0]))
        yield f"  speakers: {', '.join(f'{group} {count:,}' for group, count in largest)}"

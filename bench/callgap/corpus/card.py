"""The card of a corpus: what is known of the recordings, and what may be concluded from them."""

from __future__ import annotations

from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from callgap.errors import InputError
from callgap.resources import datasets_dir


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Strict):
    """A group attribute of speakers.

    Attributes:
        label_source: who said which group a speaker belongs to.
        reference: the group that the others are compared with, declared before any result is known.
        description: what the attribute means.
        of_person: False for a condition (channel, session) that is described, never judged.
    """

    label_source: Literal["self-declared", "assigned", "inferred", "simulated"]
    reference: str
    description: str
    of_person: bool = True


class Card(_Strict):
    """What a report has to say of a corpus.

    Attributes:
        title: name of the corpus.
        summary: one sentence.
        home: public address, or where it is made.
        revision: pinned version of the data.
        license: of the recordings.
        commercial_use: whether a procurement may use it, in words.
        consent: how the speakers agreed.
        collection: how the recordings were made.
        retention: how long audio is kept and where.
        speech_condition: how the speech came about.
        text_source: whether the references were transcribed from the audio or are the prompts.
        synthetic: voices that are no person's.
        language: BCP 47 tag.
        sample_rate: Hz of the recordings.
        attributes: group attributes by column name.
        missing_groups: who cannot be heard in it.
        known_faults: with their source.
        may_conclude: what a result on it says, and what not.
        citation: how to cite it.
    """

    title: str
    summary: str
    home: str
    revision: str
    license: str
    commercial_use: str
    consent: str
    collection: str
    retention: str
    speech_condition: Literal["read", "spontaneous", "commands", "synthetic"]
    text_source: Literal["transcript", "prompt"]
    synthetic: bool
    language: str
    sample_rate: int
    attributes: dict[str, Attribute]
    missing_groups: str
    known_faults: list[str]
    may_conclude: str
    citation: str


def load_card(name: str) -> Card:
    """Read `datasets/<name>/card.yaml`.

    Args:
        name: folder of the corpus.

    Returns:
        The card.

    Raises:
        InputError: there is no such card, or a field is missing, unknown or of another type.
    """
    path = datasets_dir() / name / "card.yaml"
    try:
        return Card.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"the corpus {name!r} has no card at datasets/{name}/card.yaml") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"datasets/{name}/card.yaml, field {field}: {first['msg']}") from None

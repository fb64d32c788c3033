"""The card of a corpus: what is known of the recordings, and what may be concluded from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from callgap.errors import InputError, first_line, one_of
from callgap.resources import datasets_dir

_SHOWN = 60
NOT_STATED = "not stated"
"""What a card says of something that nobody has said."""


# The primary subtag is a code of ISO 639, or "i" or "x" (RFC 5646, section 2.1).
_TAG = re.compile(r"(?:[a-z]{2,3}|[ix](?=-))(?:-[a-z0-9]{1,8})*", re.IGNORECASE)


def require_language(tag: str) -> str:
    """A language tag as it is, or an error that says what is accepted.

    Args:
        tag: of what is spoken.

    Returns:
        The tag.

    Raises:
        ValueError: it is no BCP 47 tag.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"found {tag!r}; accepted: a BCP 47 tag, as en-US or fr")
    return tag


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Strict):
    """A group attribute of speakers.

    Attributes:
        label_source: who said which group a speaker belongs to.
        reference: the group that the others are compared with, declared before any result is known; None compares
            nothing, the groups are described.
        description: what the attribute means.
        of_person: False for a condition (channel, session) that is described, never judged.
        speakers: of each group, as `counts_source` of the card says; empty where nobody has counted them.
    """

    label_source: Literal["self-declared", "assigned", "inferred", "simulated", "not stated"]
    reference: str | None
    description: str
    of_person: bool = True
    speakers: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)


class Archive(_Strict):
    """A file of which the bytes are known, that anyone may fetch without agreeing to anything.

    Attributes:
        address: of http or https.
        sha256: hexadecimal.
        size: bytes.
        nested: whether the archives inside are unpacked too.
    """

    address: Annotated[str, Field(pattern="^https?://")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0)]
    nested: bool = False


class Repository(_Strict):
    """A git repository that anyone may fetch without agreeing to anything.

    Attributes:
        address: of https, or of a folder.
        commit: 40 hexadecimal digits, the checksum of everything in it.
    """

    address: str
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]


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
        sample_rate: Hz of the recordings; 0 where there are none.
        attributes: group attributes by column name.
        speakers: of the whole corpus; None where nobody has counted them.
        utterances: the same.
        hours: the same, of audio.
        counts_source: where these numbers, and those of the attributes, come from.
        missing_groups: who cannot be heard in it.
        known_faults: with their source.
        may_conclude: what a result on it says, and what not.
        trained_on: whether recognizers were likely trained on it.
        citation: how to cite it.
        archive: what `callgap corpus fetch` downloads; None where that needs an agreement, or no checksum is known.
        repository: what it checks out instead.
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
    speech_condition: Literal["read", "spontaneous", "commands", "synthetic", "not stated"]
    text_source: Literal["transcript", "prompt", "not stated"]
    synthetic: bool
    language: Annotated[str, AfterValidator(require_language)]
    sample_rate: Annotated[int, Field(ge=0)]
    attributes: dict[str, Attribute]
    speakers: Annotated[int, Field(gt=0)] | None = None
    utterances: Annotated[int, Field(gt=0)] | None = None
    hours: Annotated[float, Field(gt=0)] | None = None
    counts_source: str = NOT_STATED
    missing_groups: str
    known_faults: list[str]
    may_conclude: str
    trained_on: str = NOT_STATED
    citation: str
    archive: Archive | None = None
    repository: Repository | None = None


def load_card(name: str) -> Card:
    """Read `datasets/<name>/card.yaml`.

    Args:
        name: folder of the corpus.

    Returns:
        The card.

    Raises:
        InputError: there is no such card, or a field is missing, unknown or of another type.
    """
    return read_card(datasets_dir() / name / "card.yaml", f"datasets/{name}/card.yaml")


def read_card(path: Path, shown: str | None = None) -> Card:
    """Read a card from a file.

    Args:
        path: of the YAML file.
        shown: how errors name it; None for the path.

    Returns:
        The card.

    Raises:
        InputError: the file is missing or no YAML, or a field is missing, unknown or of another type.
    """
    name = shown or str(path)
    try:
        return Card.model_validate(yaml.load(path.read_text(encoding="utf-8"), _OnceEach))
    except OSError as error:
        raise InputError(f"{name}: the card cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{name}{where} is no YAML in UTF-8: {first_line(error)}") from None
    except ValidationError as error:
        raise InputError(f"{name}, {_fault(error)}") from None


class _OnceEach(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML's reader would take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are all different."""
        seen = set()
        for key, _ in node.value:
            name = key.value
            if isinstance(key, yaml.ScalarNode) and name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} stands twice", key.start_mark)
            seen.add(str(name))
        return super().construct_mapping(node, deep)


def _fault(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if not field:
        return f"found {type(first['input']).__name__}; accepted: a card, as datasets/fsdd/card.yaml is one"
    if first["type"] == "extra_forbidden":
        known = Attribute.model_fields if field.startswith("attributes.") else Card.model_fields
        return f"field {field}: there is no such field; {one_of(field.rpartition('.')[2], known)}"
    if first["type"] == "missing":
        return f"field {field}: {first['msg']}"
    return f"field {field}: found {str(first['input'])[:_SHOWN]!r}; {first['msg']}"

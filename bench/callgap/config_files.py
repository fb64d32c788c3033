"""Configurations that a user has written: what cannot be read is refused with file and line before Hydra reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from callgap.errors import InputError
from callgap.resources import conf_dir

MAX_BYTES = 200_000
"""Of a file: a service of some hundred nodes."""
MAX_DEPTH = 50
"""Mappings and lists inside each other."""
MAX_VALUES = 100_000
"""Values of a file once every alias is written out: each of them is copied when a configuration is composed."""

# The parser of libyaml reads such a file in a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ITEM = re.compile(r"(node|call|end) '([^']+)'")
_TEXT = "tag:yaml.org,2002:str"
_NODES = (yaml.MappingNode, yaml.SequenceNode)


def check_folder(folder: Path, groups: Iterable[str]) -> None:
    """Check every configuration in a folder that a user names.

    Args:
        folder: with a folder for each group, as `conf` has.
        groups: which of them are looked at.

    Raises:
        InputError: a file has the name of a choice that comes with the suite, or `check_file` refuses it.
    """
    for group in groups:
        for path in sorted((folder / group).glob("*.yaml")):
            if _same_name(path, group):
                raise InputError(
                    f"{path}: {group}={path.stem} comes with callgap and would be taken instead; choose another name"
                )
            check_file(path)


def check_file(path: Path) -> None:
    """Check that a configuration can be read, and that reading it comes to an end.

    Args:
        path: of the file.

    Raises:
        InputError: it is too large, no UTF-8 or no YAML, is nested too deep or stands for too many values, or is no
            mapping; names the file, and the line where there is one.
    """
    text = _text(path)
    try:
        _check_size(path, text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise InputError(unreadable(error, path)) from None
    if not isinstance(node, yaml.MappingNode):
        found = "nothing" if node is None else "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        raise InputError(f"{path}: found {found}; accepted: a mapping, as in `_target_: callgap.ivr.Graph`")
    _require_once(path, node)


def unreadable(error: yaml.YAMLError, path: Path | None = None) -> str:
    """Say in one sentence what a parser of YAML found wrong.

    Args:
        error: what it raised.
        path: of the file; None where the error knows.

    Returns:
        The file, the line and what is wrong there.
    """
    mark = getattr(error, "problem_mark", None)
    place = str(path or getattr(mark, "name", None) or "a configuration")
    line = f", line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return f"{place}{line}: no YAML: {problem}"


def located(message: str, stage: str, choice: str, folder: Path | None) -> str:
    """Put the file and the line before a sentence about a value of a configuration.

    Args:
        message: begins with the stage, as in `ivr: node 'main' ...` or `ivr.nodes.main.prompt: ...`.
        stage: of which it speaks.
        choice: the chosen unit.
        folder: that the user names beside `conf`; None for none.

    Returns:
        The sentence, as it was where no file is found.
    """
    folders = [conf_dir(), *([folder] if folder else [])]
    path = next((f for f in (base / stage / f"{choice}.yaml" for base in folders) if f.is_file()), None)
    if path is None:
        return message
    line = _line(yaml.compose(_text(path), Loader=_LOADER), _keys(message, stage))
    return f"{path}: {message}" if line is None else f"{path}, line {line}: {message}"


def _same_name(path: Path, group: str) -> bool:
    own = conf_dir() / group / path.name
    return own.exists() and not own.samefile(path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path}: the file is larger than the accepted {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data[: error.start].count(b"\n")
        raise InputError(f"{path}, line {line}: the bytes are not UTF-8; save the file as UTF-8") from None


def _check_size(path: Path, text: str) -> None:
    """Count values as if every alias were written out; each is looked at once."""
    sizes = _Sizes()
    for event in yaml.parse(text, Loader=_LOADER):
        said = sizes.add(event)
        if said is not None:
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise InputError(f"{path}, line {line}: {said}")


@dataclass
class _Sizes:
    """How many values have been read, and how many each anchor stands for."""

    count: int = 0
    open: list[tuple[str | None, int]] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)

    def add(self, event: yaml.Event) -> str | None:
        """Count an event; say what is wrong with it."""
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in self.open):
                return f"the alias *{event.anchor} stands inside what it stands for"
            self.count += self.anchors.get(str(event.anchor), 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.open.pop()
            self._close(anchor, before)
        elif isinstance(event, yaml.NodeEvent):
            self.count += 1
            self.open.append((event.anchor, self.count - 1))
            if isinstance(event, yaml.ScalarEvent):
                self._close(*self.open.pop())
        if len(self.open) > MAX_DEPTH:
            return f"nested deeper than the accepted {MAX_DEPTH} levels"
        return f"stands for more than the accepted {MAX_VALUES:,} values" if self.count > MAX_VALUES else None

    def _close(self, anchor: str | None, before: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = self.count - before


def _require_once(path: Path, top: yaml.Node) -> None:
    waiting, seen = [top], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, _NODES):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        _require_text(path, [key for key, _ in node.value])
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and first.setdefault(key.value, line) != line:
                raise InputError(f"{path}, line {line}: {key.value!r} stands on line {first[key.value]} already")
            waiting.append(value)


def _require_text(path: Path, keys: Sequence[yaml.Node]) -> None:
    """YAML reads 1, yes and null as what is no text, and a mapping that has both kinds cannot be sorted."""
    others = [key for key in keys if key.tag != _TEXT]
    if others and len(others) < len(keys):
        key = others[0]
        raise InputError(
            f"{path}, line {key.start_mark.line + 1}: the key {key.value} is no text; accepted: the same in quotation "
            "marks"
        )


def _keys(message: str, stage: str) -> Sequence[str]:
    place, _, rest = message.partition(": ")
    if place != stage:
        return place.split(".")[1:]
    named = _ITEM.match(rest)
    return [f"{named[1]}s", named[2]] if named else rest.partition(":")[0].split(".")


def _line(node: yaml.Node | None, keys: Sequence[str]) -> int | None:
    """Line of the last of the keys that is found; a key that names no part, such as the kind of a node, is passed."""
    line = None
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = next(((own, value) for own, value in node.value if own.value == key), None)
        else:
            items = node.value if isinstance(node, yaml.SequenceNode) else ()
            found = next(((value, value) for place, value in enumerate(items) if str(place) == key), None)
        if found is not None:
            line, node = found[0].start_mark.line + 1, found[1]
    return line

"""The command `what-if`: a stored run walked through another service, beside its own, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich import box
from rich.console import Console
from rich.table import Table

from callgap.assembly import options, units
from callgap.configuration import composed, plain, sentence
from callgap.errors import InputError, first_line, one_of
from callgap.fairness.groups import EVERYONE
from callgap.ivr import Change, Graph, make_plan, walk
from callgap.judging import examined, memberships
from callgap.listing import choices
from callgap.overrides import parsed
from callgap.records import OPEN
from callgap.report.figures import number
from callgap.run_directory import RunDirectory
from callgap.what_if import ENDPOINTS, Callers

_HEADINGS = ("Not reached, %", "Wrong place, %", "Wrong number, %", "Seconds a call")
_ARROW = " \N{RIGHTWARDS ARROW} "


def what_if_command(run: Path, service: str | None, settings: Sequence[str], console: Console) -> None:
    """Print what would become of the calls of a run if the service were another. Nothing is written.

    Args:
        run: directory of a finished run through a graph.
        service: a choice of conf/ivr/, or a YAML file with the fields of a graph; None takes the run's own.
        settings: changes of its fields, as `attempts=2` or `nodes.main.tolerance=1`.
        console: for the table.

    Raises:
        InputError: the run was not finished or has no graph, there is no such service or field, or it listens for
            something that was not recognized.
    """
    directory = RunDirectory.open(run)
    config = directory.config()
    unit = units(config)
    own = unit["ivr"]
    if not isinstance(own, Graph):
        raise InputError(f"what-if: found the service {type(own).__name__} in {run}; accepted is one of class Graph")
    other = read_service(config, service, settings)
    utterances, hypotheses, covariates = (
        directory.read_table(f"{name}.parquet") for name in ("utterances", "hypotheses", "covariates")
    )
    heard = heard_by(own, other, utterances, hypotheses, options(config).seed)
    before = walk(own, utterances, hypotheses, covariates)
    after = walk(other, utterances, heard, covariates)
    attributes = {name: found for name, found in examined(unit).items() if found.of_person}
    of = {name: found.reference for name, found in attributes.items()}
    speakers = tuple(dict.fromkeys([*before["speaker_id"].to_pylist(), *after["speaker_id"].to_pylist()]))
    callers = Callers(speakers, memberships(utterances, unit["fairness"], attributes), of, "", "")
    rows = [
        list(callers.rows(Change("service", name, graph), outcomes))
        for name, graph, outcomes in (("own", own, before), ("other", other, after))
    ]
    console.print(_table(own, other, *rows))


def read_service(config: Mapping[str, Any], service: str | None, settings: Sequence[str]) -> Graph:
    """Make a service of its name or file, with some of its fields changed.

    Args:
        config: of a run, whose own service is taken where none is named.
        service: a choice of conf/ivr/, or a YAML file.
        settings: changes of fields.

    Returns:
        The service.

    Raises:
        InputError: there is no such service or field, or it is no graph.
    """
    content = OmegaConf.create({"ivr": config["ivr"] if service is None else _content(service)})
    for setting in settings:
        try:
            change = parsed(f"ivr.{setting}")
            OmegaConf.update(content, change.key_or_group, change.value(), force_add=True)
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(f"--set {setting}: {sentence(error)}") from None
    found = units({**config, "ivr": OmegaConf.to_container(content)["ivr"]})["ivr"]  # type: ignore[index,call-overload]
    if not isinstance(found, Graph):
        raise InputError(f"--service: found a {type(found).__name__}; accepted is a service of class Graph")
    return found


def _content(service: str) -> Any:
    path = Path(service)
    if path.suffix not in (".yaml", ".yml"):
        if service not in (known := choices("ivr")):
            raise InputError(f"--service: found {service!r}; {one_of(service, known)}, or a file that ends in .yaml")
        return plain(composed([f"ivr={service}"]))["ivr"]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"--service: {path} cannot be read: {first_line(error)}") from None
    if not isinstance(content, Mapping):
        raise InputError(f"--service: {path} holds a {type(content).__name__}; accepted are the fields of a service")
    return {"_target_": "callgap.ivr.Graph", **content}


def heard_by(own: Graph, other: Graph, utterances: pa.Table, hypotheses: pa.Table, seed: int) -> pa.Table:
    """Stored hypotheses under the names that another service has for the same grammars.

    Args:
        own: the service for which was recognized.
        other: whose calls are to be walked.
        utterances: table `utterances`.
        hypotheses: table `hypotheses`.
        seed: of the run.

    Returns:
        Table `hypotheses` with the rows that the other service needs.

    Raises:
        InputError: it listens for something else somewhere, or to recordings that were not heard with that grammar.
    """
    stored: dict[tuple[str, str], int] = {
        key: row
        for row, key in enumerate(
            zip(hypotheses["grammar_id"].to_pylist(), hypotheses["utterance_id"].to_pylist(), strict=True)
        )
    }
    known = {frozenset(own.grammar(node).phrases): name for node, name in own.grammar_ids.items() if name != OPEN}
    rows, names = [], []
    for grammar, wanted in make_plan(other, utterances, seed).calls.items():
        source = OPEN if grammar == OPEN else known.get(frozenset(other.grammar(grammar).phrases), "")
        if any((source, utterance) not in stored for utterance in wanted):
            accepted = ", ".join(sorted({name for name, _ in stored} & {*own.grammar_ids.values(), OPEN}))
            how = f"of all its callers with the grammar {source!r}" if source else "with its grammar"
            raise InputError(
                f"what-if: what node {grammar!r} listens for was not recognized {how}; accepted is what the run's own "
                f"service listens for at: {accepted}"
            )
        rows += [stored[source, utterance] for utterance in wanted]
        names += [grammar] * len(wanted)
    found = hypotheses.take(rows)
    return found.set_column(found.schema.get_field_index("grammar_id"), "grammar_id", pa.array(names, pa.string()))


def _table(own: Graph, other: Graph, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Table:
    names = (own.name, other.name) if other.name != own.name else (f"{own.name} as it is", "changed")
    title = f"{_ARROW.join(names)}. Described, not judged."
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    table.add_column("Callers (speakers)", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    pairs = list(zip(before, after, strict=True))
    attribute = EVERYONE
    for begin in range(0, len(pairs), len(ENDPOINTS)):
        group = pairs[begin : begin + len(ENDPOINTS)]
        first = group[0][0]
        if first["attribute"] != attribute:
            attribute = first["attribute"]
            table.add_section()
        table.add_row(f"{first['group']} ({first['speakers']})", *(_cell(*pair) for pair in group))
    return table


def _cell(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    factor, digits = (1.0, 0) if before["endpoint"] == "seconds_per_call" else (100.0, 1)
    rates = (row["rate"] for row in (before, after))
    return _ARROW.join(number(None if rate is None else factor * rate, digits) for rate in rates)

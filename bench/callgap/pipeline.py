"""One run, in the order of the picture: corpus, alteration, channel, recognizer; then what `evaluation` judges."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from callgap.accents import check_accents, classified
from callgap.alteration import Identity, Recorded
from callgap.altering import altering, transmitting
from callgap.assembly import options, units
from callgap.channel import Clean
from callgap.configuration import cell_name, difference, fingerprint
from callgap.corpus import ErrorRates, Wordless
from callgap.errors import InputError
from callgap.evaluation import evaluate
from callgap.fairness.endpoints import ENDPOINTS, OF_TEXTS
from callgap.ivr import Graph, Logged, Plan, make_plan, with_repetitions
from callgap.judging import check_references, examined, policy_hash
from callgap.provenance import provenance
from callgap.recognition import Recognition
from callgap.recognizer import PublishedRates, Unheard
from callgap.recognizing import evened, jobs_left, recognize
from callgap.records import OPEN, Grammar, Status
from callgap.run_directory import RunDirectory
from callgap.sittings import altered, recognized
from callgap.speech import Speech
from callgap.voice import Measures
from callgap.voices_beside import voices_beside


@dataclass(frozen=True)
class Cell:
    """What one run is made of.

    Attributes:
        config: resolved, without Hydra's node.
        choices: which unit was chosen for each stage.
        overrides: of the command line, so that the run can be composed again.
    """

    config: Mapping[str, Any]
    choices: Mapping[str, str]
    overrides: Sequence[str]


def run(cell: Cell, path: Path, *, resume: bool, console: Console) -> dict[str, Any]:
    """Do a run, or go on with one.

    Args:
        cell: what to run.
        path: of the run directory.
        resume: whether the directory holds a run that was begun.
        console: for progress.

    Returns:
        The report, as in `report.json`.

    Raises:
        InputError: the input, or the directory, is not what the run needs.
    """
    unit = units(cell.config)
    corpus, service = unit["corpus"], unit["ivr"]
    check_fit(unit, cell.choices)
    check_texts(unit, cell.choices)
    examined(unit)

    chosen = options(cell.config)
    utterances = corpus.utterances()
    check_references(unit, utterances)
    # A text that is looked up is the same however often it is heard.
    if isinstance(service, Graph) and unit["recognizer"].hears:
        utterances = with_repetitions(service, utterances)
    plan = make_plan(service, utterances, chosen.seed)
    unit["recognizer"].check(_listened_for(plan), corpus.card.language)
    if isinstance(service, Logged):
        service.check()
    channel = transmitting(unit["channel"], corpus, utterances, chosen.seed)
    alteration = altering(unit["alteration"], corpus, utterances, chosen.seed)
    origin = {
        "corpus": {
            "name": cell.choices["corpus"],
            "revision": corpus.revision(),
            "fingerprint": corpus.fingerprint(),
        },
        "recognizer": dict(unit["recognizer"].identity()),
        "normalizers": unit["scoring"].versions(),
    }
    if isinstance(unit["alteration"], Recorded):
        origin["altered"] = {"fingerprint": unit["alteration"].fingerprint()}
    directory = _resumed(path, cell, origin) if resume else _begun(path, cell, origin, unit)
    with directory.locked():
        directory.write_table("utterances.parquet", utterances)

        begin = time.perf_counter()
        voices = _voices(unit["voice"], directory, cell.config, origin, utterances)
        speech = Speech(corpus, alteration, unit["voice"] if voices is None else unit["voice"].unmeasured())
        stage = Recognition(speech, channel, unit["recognizer"], plan.grammars, corpus.card.language)
        jobs = list(evened(list(jobs_left(plan, utterances, directory, chosen.batch_size))))
        recognize(stage, unit["engine"], jobs, directory, keep=chosen.batch_size, console=console)
        _gather(directory, plan, voices)

        notes = directory.provenance()
        notes.pop("error", None)
        notes["counts_by_status"] = _counts(directory)
        if stage.recognizer.hears:
            notes["recognition"] = recognized(directory)
        if corpus.has_audio:
            notes["alteration"] = altered(directory, alteration)
        notes["seconds"] = {**notes.get("seconds", {}), "recognition": round(time.perf_counter() - begin, 1)}
        notes |= classified(directory, speech, utterances, unit, cell.choices, console)
        directory.write_json("run.json", notes)
        return evaluate(directory, unit)


def _listened_for(plan: Plan) -> list[Grammar]:
    """The grammars, and one without phrases where free speech is heard too."""
    free = [Grammar(OPEN, ())] if OPEN in plan.calls or OPEN in plan.probes else []
    return [*plan.grammars.values(), *free]


def check_fit(unit: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check that a corpus without audio is asked for nothing that needs audio, and what voices are measured with.

    Args:
        unit: by stage, the objects of the configuration.
        choices: by stage, the name of the unit.

    Raises:
        InputError: it is, or a package is missing.
    """
    check_accents(unit, choices)
    if unit["corpus"].has_audio:
        unit["voice"].check()
        return
    silent = f"corpus={choices['corpus']} holds transcripts and no audio"
    if unit["voice"].wanted:
        raise InputError(f"voice={choices['voice']}: {silent}; accepted: voice=none")
    if not isinstance(unit["alteration"], Identity):
        raise InputError(f"alteration={choices['alteration']}: {silent}; accepted: alteration=identity")
    if not isinstance(unit["channel"], Clean):
        raise InputError(f"channel={choices['channel']}: {silent}; accepted: channel=clean")
    if unit["recognizer"].hears:
        raise InputError(f"recognizer={choices['recognizer']}: {silent}; accepted: recognizer=transcripts")


def check_texts(unit: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check that published error rates meet word counts, and texts meet texts.

    Args:
        unit: by stage, the objects of the configuration.
        choices: by stage, the name of the unit.

    Raises:
        InputError: a corpus without texts is given to something that needs them, or the other way around.
    """
    _check_calls(unit, choices)
    textless, rates = isinstance(unit["corpus"], ErrorRates), isinstance(unit["recognizer"], PublishedRates)
    if textless and not rates:
        raise InputError(
            f"recognizer={choices['recognizer']}: corpus={choices['corpus']} holds error rates and no texts; accepted: "
            "recognizer=published-rates, or another that reads published rates"
        )
    if rates and not textless:
        raise InputError(
            f"recognizer={choices['recognizer']} reads error rates and corpus={choices['corpus']} holds texts; "
            "accepted: corpus=error-rates, or another that counts words"
        )
    unit["scoring"].check(textless=textless)
    for name in unit["fairness"].endpoints if textless else ():
        if name in OF_TEXTS:
            raise InputError(
                f"fairness.endpoints: {name!r} is counted in texts and corpus={choices['corpus']} has none"
            )


def _check_calls(unit: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check that calls of which nobody says what was spoken meet an end that is known, and no count of words."""
    named = f"corpus={choices['corpus']}"
    if not isinstance(unit["corpus"], Wordless):
        if isinstance(unit["recognizer"], Unheard):
            raise InputError(
                f"recognizer={choices['recognizer']} has no texts to give and {named} is no log of calls; accepted: "
                "corpus=call-log, or a recognizer"
            )
        return
    if not isinstance(unit["ivr"], Logged):
        raise InputError(
            f"ivr={choices['ivr']}: {named} holds calls and not what was said in them; accepted: ivr=call-log, or "
            "another that knows where calls ended"
        )
    for name in unit["fairness"].endpoints:
        if not ENDPOINTS[name].of_calls:
            raise InputError(
                f"fairness.endpoints: {name!r} is counted in texts and {named} has none; accepted: fairness=calls"
            )


def _begun(path: Path, cell: Cell, origin: Mapping[str, Any], unit: Mapping[str, Any]) -> RunDirectory:
    notes = {
        **provenance(),
        "name": _name(cell, unit),
        "choices": dict(cell.choices),
        "overrides": list(cell.overrides),
        "fingerprint": fingerprint(cell.config),
        "policy_sha256": policy_hash(cell.config, examined(unit)),
        "seeds": {"run": cell.config["seed"], "fairness": unit["fairness"].seed},
        **origin,
    }
    return RunDirectory.create(path, cell.config, notes)


def _name(cell: Cell, unit: Mapping[str, Any]) -> str:
    if unit["recognizer"].hears:
        return cell_name(cell.choices)
    looked_up = f"{cell.choices['corpus']}-{unit['recognizer'].identity()['id']}"
    if isinstance(unit["ivr"], Logged) and not isinstance(unit["recognizer"], Unheard):
        return f"{looked_up}-{unit['ivr'].label}"
    # Several systems may be looked up: the unit's name would tell them apart no more than the channel that none has.
    return looked_up


def _resumed(path: Path, cell: Cell, origin: Mapping[str, Any]) -> RunDirectory:
    directory = RunDirectory.open(path)
    stored = directory.provenance()
    if stored["fingerprint"] != fingerprint(cell.config):
        where = difference(directory.config(), cell.config) or "the configuration"
        raise InputError(
            f"resume={path} began with another configuration, {where}; leave the overrides out or begin a new run"
        )
    for key, found in origin.items():
        if stored[key] != found:
            where = difference(stored[key], found, key) or key
            raise InputError(f"resume={path} cannot go on: {where}; begin a new run")
    return directory


def _voices(
    voice: Measures, directory: RunDirectory, config: Mapping[str, Any], origin: Mapping[str, Any], utterances: pa.Table
) -> pa.Table | None:
    """What another run of the sweep has measured; none where nothing is to be measured, or some of it was here."""
    if not voice.wanted or (directory.path / "voices").exists():
        return None
    if (directory.path / "voices.parquet").is_file():
        return directory.read_table("voices.parquet")
    found = voices_beside(directory.path, config, origin, utterances["utterance_id"].to_pylist())
    if found is not None:
        # Kept at once: a run that goes on may lie elsewhere by then.
        directory.write_table("voices.parquet", found)
    return found


def _gather(directory: RunDirectory, plan: Plan, voices: pa.Table | None) -> None:
    order = {key: place for place, key in enumerate(plan.work())}
    for stream in ("hypotheses", "timings"):
        rows = directory.read_parts(stream)
        keys = zip(rows["grammar_id"].to_pylist(), rows["utterance_id"].to_pylist(), strict=True)
        directory.write_table(f"{stream}.parquet", _sorted(rows, [order[key] for key in keys]))
    names = {u: place for place, (_, u) in reversed(list(enumerate(plan.work())))}
    covariates = directory.read_parts("covariates")
    voices = directory.read_parts("voices") if voices is None else voices
    for name, rows in (("covariates", covariates), *((("voices", voices),) if voices.num_rows else ())):
        places = [names[u] for u in rows["utterance_id"].to_pylist()]
        directory.write_table(f"{name}.parquet", _sorted(rows, places))


def _sorted(rows: pa.Table, places: Sequence[int]) -> pa.Table:
    return rows.take(pc.sort_indices(pa.array(places, pa.int64())))


def _counts(directory: RunDirectory) -> dict[str, int]:
    found = directory.read_table("hypotheses.parquet")["status"].to_pylist()
    return {status.value: found.count(status.value) for status in Status}

"""`callgap sample draw`: recordings for people who know neither the speakers' groups nor what these were to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from callgap.assembly import units
from callgap.corpus import Corpus
from callgap.drawing import Drawn, deal, draw
from callgap.errors import InputError, one_of
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.records import Status
from callgap.run_directory import RunDirectory
from callgap.sheets import KEY, Sample, new_folder, sheet_folder
from callgap.transcriptions import groups_of, plain_table, reference_of


def draw_command(
    run: Path,
    attribute: str,
    *,
    groups: Sequence[str],
    per_group: int,
    transcribers: int,
    seed: int,
    output: Path | None,
    console: Console,
) -> Path:
    """Draw a sample and write a folder for each transcriber.

    Args:
        run: a finished run.
        attribute: whose groups are drawn from.
        groups: to draw from, beside the reference; all known ones if empty.
        per_group: utterances of each.
        transcribers: how many sheets.
        seed: of the draw.
        output: the folder to make; `sample-ATTRIBUTE` if None.
        console: for what was drawn.

    Returns:
        The folder.

    Raises:
        InputError: the corpus has no audio, or is not what it was; there is no such attribute or group; the folder is
            there already; or a recording cannot be heard any more.
    """
    directory = RunDirectory.open(run)
    notes = directory.provenance()
    unit = units(directory.config())
    corpus: Corpus = unit["corpus"]
    _require_drawable(run, corpus, attribute)
    utterances = _usable(directory)
    if not len(utterances):
        raise InputError(f"{run} holds no utterance that has a reference and can be heard")
    members = groups_of(unit, utterances, attribute)
    wanted = _wanted(members, groups, attribute, reference_of(unit, attribute))
    if corpus.fingerprint() != notes["corpus"]["fingerprint"]:
        raise InputError(f"{run}: the recordings are not those of the run any more; begin a new run")
    speakers = dict(zip(utterances["utterance_id"].to_pylist(), utterances["speaker_id"].to_pylist(), strict=True))
    drawn = draw(speakers, members, wanted, per_group, seed)
    sample = Sample(
        folder=output or Path(f"sample-{attribute}"),
        attribute=attribute,
        corpus_fingerprint=notes["corpus"]["fingerprint"],
        run=run.resolve(),
        settings={"seed": seed, "per_group": per_group, "transcribers": transcribers},
        listenings=tuple(deal(drawn, transcribers, seed)),
    )
    with new_folder(sample.folder) as place:
        sample.write_texts(place)
        _write_sound(sample, corpus, utterances, place)
    _announce_drawn(sample, drawn, per_group, console)
    return sample.folder


def _require_drawable(run: Path, corpus: Corpus, attribute: str) -> None:
    if not corpus.has_audio:
        raise InputError(f"{run} is a run of transcripts without audio: nothing in it can be heard")
    known = {name: declared for name, declared in corpus.card.attributes.items() if declared.of_person}
    if attribute not in known:
        raise InputError(f"--attribute: found {attribute!r}; {one_of(attribute, known)}")


def _usable(directory: RunDirectory) -> pa.Table:
    utterances, hypotheses = (directory.read_table(f"{name}.parquet") for name in ("utterances", "hypotheses"))
    # What nobody was asked to recognize, such as the words of an agent, has no hypothesis.
    heard = hypotheses.filter(pc.not_equal(hypotheses["status"], Status.EXCLUDED.value))["utterance_id"]
    kept = pc.and_(
        pc.is_in(utterances["utterance_id"], value_set=heard.combine_chunks()),
        pc.and_(pc.is_null(utterances["fault"]), pc.greater(pc.utf8_length(utterances["text"]), 0)),
    )
    return utterances.filter(kept)


def _wanted(members: Mapping[str, str], groups: Sequence[str], attribute: str, reference: str | None) -> list[str]:
    known = sorted(set(members.values()) - {UNKNOWN, CONTRADICTORY})
    if not known:
        raise InputError(f"--attribute: no speaker has a known {attribute}")
    for name in groups:
        if name not in known:
            raise InputError(f"--group: found {name!r}; {one_of(name, known)}")
    return [name for name in known if not groups or name in groups or name == reference]


def _write_sound(sample: Sample, corpus: Corpus, utterances: pa.Table, place: Path) -> None:
    rows = {utterance: row for row, utterance in enumerate(utterances["utterance_id"].to_pylist())}
    for utterance in dict.fromkeys(row.utterance_id for row in sample.listenings):
        samples, rate = _sound(corpus, utterances.slice(rows[utterance], 1))
        for row in sample.listenings:
            if row.utterance_id == utterance:
                # Samples alone are written: what the file said of speaker, device or text is not there.
                target = sheet_folder(place, row.sheet) / f"{row.item}.wav"
                soundfile.write(target, samples, rate, subtype="PCM_16", format="WAV")


def _sound(corpus: Corpus, row: pa.Table) -> tuple[NDArray[np.float32], int]:
    pieces: list[NDArray[np.float32]] = []
    rate = 0
    for batch in corpus.load(row):
        for index, status in enumerate(batch.statuses):
            if status.status is not Status.OK:
                raise InputError(
                    f"the utterance {row['utterance_id'][0]} cannot be heard any more: {status.reason}; mend it, or "
                    "begin a new run"
                )
            pieces.append(batch.signal(index).cpu().numpy())
        rate = batch.sample_rate
    return np.concatenate(pieces), rate


def _announce_drawn(sample: Sample, drawn: Sequence[Drawn], per_group: int, console: Console) -> None:
    table = plain_table("group", "utterances", "speakers")
    for part in drawn:
        table.add_row(
            Text(part.group),
            f"{len(part.utterance_ids)} of {part.available}",
            f"{part.speakers} of {part.available_speakers}",
        )
    console.print(table)
    for part in drawn:
        if part.available < per_group:
            console.print(
                f"{part.group}: {per_group} utterances were asked for, and the run has no more than {part.available}.",
                highlight=False, markup=False, soft_wrap=True,
            )  # fmt: skip
    doubled = sum(row.turn == 2 for row in sample.listenings)
    loads = Counter(row.sheet for row in sample.listenings)
    given = ", ".join(f"{sheet_folder(sample.folder, n)} ({loads[n]} items)" for n in sorted(loads))
    for line in (
        f"Give each transcriber one folder: {given}. {doubled} utterances are heard twice.",
        f"Do not give anyone who transcribes {sample.folder / KEY}: it says whose voice each item is.",
        f"When the sheets are back: callgap sample read {sample.folder}",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)

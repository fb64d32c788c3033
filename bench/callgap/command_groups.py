"""Commands that stand by themselves: `callgap corpus`, `callgap sample`, `callgap train` and `callgap what-if`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from callgap.errors import InputError

_PATH = click.Path(path_type=Path)
_HOLDOUTS = """\b
Who is left out:
  holdout=speaker  a model for each speaker, or each of holdout.folds=K parts of them, trained without these
  holdout=group    one model without holdout.groups=[GROUP,...] of holdout.attribute=NAME
  holdout=none     one model, trained with everyone
"""


@click.group()
def corpus() -> None:
    """Begin a corpus of your own recordings, or get a published one; check it, and tell what it holds."""


@corpus.command()
@click.argument("path", type=_PATH)
def init(path: Path) -> None:
    """Write manifest.csv and card.yaml into PATH, a folder of recordings.

    Texts come from a .txt or .lab beside each recording or from the folder's one table; speakers from subfolders. What
    is left to fill in is printed.
    """
    from callgap.corpus.starting import init_corpus

    click.echo(init_corpus(path).next_steps)


_NAMED = click.option(
    "--corpus", "name", metavar="NAME", help="Which published corpus it is; by its layout if not given."
)
_SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="A setting of a published corpus, as split=all; else as its experiment has it.",
)


@corpus.command()
@click.argument("path", type=_PATH)
@_NAMED
@_SET
def check(path: Path, name: str | None, settings: tuple[str, ...]) -> None:
    """Read PATH from beginning to end, as a run does, and hold it against its card.

    PATH is a manifest, its folder, a Kaldi data folder, or the folder of a published corpus that `callgap list corpus`
    shows, which is read as its experiment reads it. Every recording is heard. The exit status is 0 where a run can use
    the corpus, else 1.
    """
    from callgap.corpora import found_at
    from callgap.corpus.checking import checked
    from callgap.corpus.described import Described

    there = found_at(path, name, settings)
    carded = name is not None or not isinstance(there.corpus, Described) or there.corpus.is_carded
    with _listening() as heard:
        found = checked(there.corpus, there.unfilled, carded, heard, there.attributes)
    if there.read_as:
        click.echo(f"Read as {there.read_as}.")
    Console(highlight=False).print(found)
    sys.exit(0 if found.fit else 1)


@corpus.command()
@click.argument("path", type=_PATH, required=False)
@_NAMED
@_SET
@click.option("--output", metavar="DIR", type=_PATH, help="Write stats.csv, stats.md and a picture there.")
def stats(path: Path | None, name: str | None, settings: tuple[str, ...], output: Path | None) -> None:
    """Tell of each group in PATH how many speak how long, how well they were recorded, and what they say alike.

    PATH is as for `check`; without it, --corpus NAME is looked for where a run looks. Signal-to-noise ratio and
    bandwidth are measured on the recordings as they are. Groups that differ in them, or that say different things,
    differ in more than their voices.
    """
    from callgap.corpora import found_at, usual
    from callgap.corpus_pages import shown, write
    from callgap.describing import describe

    if path is None and name is None:
        raise InputError("callgap corpus stats: give PATH, or --corpus NAME")
    if output and output.exists() and not output.is_dir():
        raise InputError(f"--output: {output} is a file; accepted: a folder")
    there = usual(str(name), settings) if path is None else found_at(path, name, settings)
    with _listening() as heard:
        facts = replace(describe(there.corpus, heard), read_as=there.read_as)
    Console(highlight=False).print(shown(facts))
    if output:
        click.echo(f"written: {write(facts, output)}")


@corpus.command()
@click.argument("name")
def card(name: str) -> None:
    """Show the card of the corpus NAME: who speaks, who is missing, what is wrong with it, what may be concluded."""
    from callgap.corpus_cards import card_page
    from callgap.listing import require_card

    Console(highlight=False).print(card_page(name, require_card(name)))


@corpus.command()
@click.argument("archive", type=_PATH)
@click.option("--to", required=True, metavar="DIR", type=_PATH, help="Made for it; must not exist yet.")
@click.option("--nested", is_flag=True, help="Unpack the archives inside, too, each where it lies.")
def unpack(archive: Path, to: Path, nested: bool) -> None:
    """Unpack ARCHIVE (.tar, .tar.gz, .tar.bz2, .tar.xz or .zip) as a whole or not at all.

    What leads out of DIR, links, and what was made to fill a disk are refused.
    """
    from callgap.corpus.archives import unpack as unpacked

    with _ended_by_signals(), _loading("unpacking:", None) as told:
        unpacked(archive, to, nested=nested, told=told)
    click.echo(f"unpacked: {to}")


@corpus.command()
@click.argument("name")
@click.option("--to", required=True, metavar="DIR", type=_PATH, help="Made for it; must not exist yet.")
def fetch(name: str, to: Path) -> None:
    """Download the corpus NAME from its makers and unpack it, where its license asks for no agreement.

    Its archive is checked against the SHA-256 of its card, its git repository against the commit. The download of an
    archive that was interrupted goes on when the command is given again.
    """
    from callgap.corpora import fetched
    from callgap.listing import require_card

    archive = require_card(name).archive
    with _ended_by_signals(), _loading("fetching:", archive.size if archive else None) as told:
        fetched(name, to, told)
    click.echo(f"fetched: {to}")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End as by an exception where the terminal is closed or the process is told to end: what was begun is removed."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listening() -> Iterator[Callable[[int], None]]:
    from rich.progress import Progress

    console = Console(stderr=True)
    columns = ("listening:", "{task.completed:.0f} heard")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda items: progress.advance(task, items)


@contextmanager
def _loading(what: str, size: int | None) -> Iterator[Callable[[int], None]]:
    from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (what, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        yield lambda more: progress.advance(task, more)


@click.group()
def sample() -> None:
    """Measure how far a run's references are from what was said, group by group.

    Prompts are not what people say, and some deviate more than others: the recognizer is charged with it. `draw` makes
    recordings and sheets for transcribers who know neither group nor prompt; `read` reads the sheets back. A gap in
    word errors must exceed what the references make up.
    """


@sample.command()
@click.argument("run", type=_PATH)
@click.option("--attribute", required=True, metavar="NAME", help="Utterances of each of its groups are drawn.")
@click.option("--group", multiple=True, metavar="GROUP", help="Only these, and the reference; all if not given.")
@click.option("--per-group", default=100, show_default=True, type=click.IntRange(1, 9999), help="Utterances to draw.")
@click.option("--transcribers", default=2, show_default=True, type=click.IntRange(1, 99), help="Sheets to make.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The same seed draws the same.")
@click.option("--output", metavar="DIR", type=_PATH, help="Made for the sample; sample-NAME if not given.")
def draw(
    run: Path,
    attribute: str,
    group: tuple[str, ...],
    per_group: int,
    transcribers: int,
    seed: int,
    output: Path | None,
) -> None:
    """Draw utterances of a RUN and write a folder for each transcriber.

    Speakers come first: none gives a second utterance before all of the group gave one. What each group cannot give is
    said. Of ten utterances one is transcribed twice, to see how far transcribers agree.

    DIR/transcriber-1/, DIR/transcriber-2/, ... hold instructions, a sheet and the recordings, which are numbered and
    hold nothing but sound: give each transcriber one. DIR/keep-from-transcribers/ says whose voice each is.
    """
    from callgap.sampling import draw_command

    draw_command(
        run,
        attribute,
        groups=group,
        per_group=per_group,
        transcribers=transcribers,
        seed=seed,
        output=output,
        console=Console(),
    )


@sample.command()
@click.argument("folder", type=_PATH)
@click.argument("sheets", nargs=-1, metavar="[SHEET]...", type=_PATH)
@click.option("--run", "runs", multiple=True, metavar="RUN", type=_PATH, help="Another run of the same recordings.")
def read(folder: Path, sheets: tuple[Path, ...], runs: tuple[Path, ...]) -> None:
    """Read the SHEETS that belong to the sample in FOLDER; without any, those in the folder.

    Sheets may be filled in part: rows below the last filled one are counted as left. The reference error of each group
    and its difference to the reference group, with limits, are written to reference_error.csv and .json of the run that
    was drawn from, or of each --run; `callgap score` then takes them into account.
    """
    from callgap.transcriptions import read_command

    read_command(folder, sheets, runs, Console())


@click.command(epilog=_HOLDOUTS)
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
def train(overrides: tuple[str, ...]) -> None:
    """Train a small recognizer on a corpus; recognizer=reference uses it.

    OVERRIDES choose the corpus, the line and how it is trained, as in `corpus=fsdd holdout=speaker train.epochs=40
    train.output=models/mine`. The path of its folder is printed at the end.
    """
    from callgap.training import train_command

    click.echo(f"trained: {train_command(overrides, Console(stderr=True))}")


@click.command("what-if")
@click.argument("run", type=_PATH)
@click.option("--service", metavar="NAME|FILE", help="Another service; the run's own if not given.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change a field of it; may be given again.")
def what_if(run: Path, service: str | None, settings: tuple[str, ...]) -> None:
    """Send the callers of a RUN through another service, without recognition, and show both by group.

    The service is a choice of `callgap list ivr` or a .yaml file with its fields, as in `--set attempts=2 --set
    nodes.main.tolerance=1`. It must listen to open speech, or for the phrases of a node of the run's own service.
    Nothing is judged, and nothing is written.
    """
    from callgap.trying import what_if_command

    what_if_command(run, service, settings, Console())

"""Commands that stand by themselves: `callgap corpus`, `callgap sample`, `callgap train` and `callgap what-if`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

_PATH = click.Path(path_type=Path)
_HOLDOUTS = """\b
Who is left out:
  holdout=speaker  a model for each speaker, or each of holdout.folds=K parts of them, trained without these
  holdout=group    one model without holdout.groups=[GROUP,...] of holdout.attribute=NAME
  holdout=none     one model, trained with everyone
"""


@click.group()
def corpus() -> None:
    """Begin a corpus of your own recordings, and check it."""


@corpus.command()
@click.argument("path", type=_PATH)
def init(path: Path) -> None:
    """Write manifest.csv and card.yaml into PATH, a folder of recordings.

    Texts come from a .txt or .lab beside each recording or from the folder's one table; speakers from subfolders. What
    is left to fill in is printed.
    """
    from callgap.corpus.starting import init_corpus

    click.echo(init_corpus(path).next_steps)


@corpus.command()
@click.argument("path", type=_PATH)
def check(path: Path) -> None:
    """Read PATH from beginning to end, as a run does: a manifest, its folder, or a Kaldi data folder.

    Every recording is heard. The exit status is 0 where a run can use the corpus, else 1.
    """
    from rich.progress import Progress

    from callgap.corpus.checking import check_corpus

    columns = ("listening:", "{task.completed:.0f} heard")
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        found = check_corpus(path, lambda items: progress.advance(task, items))
    Console(highlight=False).print(found)
    sys.exit(0 if found.fit else 1)


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

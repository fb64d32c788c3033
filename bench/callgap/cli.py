"""The commands. They compose, call and print; what they do stands elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from callgap import __version__
from callgap.errors import InputError

_RUN_FLAGS = """\b
Flags and overrides of every run:
  -m, --multirun      every combination of comma-separated values, one run each
  --cfg job           print the configuration and stop
  --config-dir DIR    a further folder of configurations
  experiment=NAME     the configuration of a published table
  resume=DIR          go on with a run that was stopped
  hydra.run.dir=DIR   write the run there
"""
_RUN = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


class _Commands(click.Group):
    """Turns a fault of the input into one sentence and exit status 2."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except InputError as error:
            click.echo(f"callgap: {error}", err=True)
            sys.exit(2)
        except BrokenPipeError:
            # Whoever read the output has gone; there is nobody to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except OSError as error:
            click.echo(f"callgap: {error.filename}: {error.strerror}", err=True)
            sys.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Show whom a telephone speech system understands, and how sure that is."""


@main.command(context_settings=_RUN, epilog=_RUN_FLAGS)
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
def run(overrides: tuple[str, ...]) -> None:
    """Recognize a corpus, send its callers through a menu, compare the groups, and write a report.

    OVERRIDES choose and change what runs, as in `channel=g711a corpus.seed=3`; `callgap list` shows the choices.
    Without any, synthetic callers ring a bank. The path of the report is printed at the end.
    """
    from callgap.running import run_command

    sys.exit(run_command(list(overrides), Console()))


@main.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RUN... [OVERRIDES]...")
def score(arguments: tuple[str, ...]) -> None:
    """Judge stored hypotheses again: other normalizer, policy or groups, no recognition.

    Without OVERRIDES the results are written again where they are; with them (keys of scoring, fairness, verdict and
    report) into a new run directory beside each RUN.
    """
    from callgap.rescoring import score_command

    runs, overrides = _split(arguments)
    score_command(runs, overrides, Console())


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("utterance")
@click.option("--normalizer", help="Align under this one; the run's primary normalizer if not given.")
def show(run: Path, utterance: str, normalizer: str | None) -> None:
    """Show one alignment of a RUN: what UTTERANCE said and what was understood."""
    from callgap.showing import show_utterance

    click.echo(show_utterance(run, utterance, normalizer))


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "name", required=True, help="Name of the table: results/NAME/.")
@click.option(
    "--results", default=Path("results"), show_default=True, type=click.Path(path_type=Path), help="Folder of tables."
)
def publish(runs: tuple[Path, ...], name: str, results: Path) -> None:
    """Write RUNS as a table that can be published: no machine's path, speakers as s01, s02, ..."""
    from callgap.publishing import publish_runs

    click.echo(f"published: {publish_runs(runs, results / name)}")


@main.command(name="list")
@click.argument("stage", required=False)
def list_(stage: str | None) -> None:
    """List what can be chosen for every STAGE, with one line each."""
    from callgap.listing import listing

    Console(highlight=False).print(listing(stage))


def _split(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    overrides = [argument for argument in arguments if "=" in argument and not Path(argument).exists()]
    return [Path(argument) for argument in arguments if argument not in overrides], overrides


if __name__ == "__main__":
    main()

"""The commands. They compose, call and print; what they do stands elsewhere."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from callgap import __version__
from callgap.columns import usual_names
from callgap.command_groups import corpus, sample, train, what_if
from callgap.errors import InputError

_RUN_FLAGS = """\b
Flags and overrides of every run:
  -m, --multirun      every combination of comma-separated values, one run each
  --cfg job           print the configuration and stop
  --config-dir DIR    a further folder of configurations
  experiment=NAME     the configuration of a published table
  resume=DIR          go on with a run that was stopped
  dry_run=true        say what would be read and which verdicts its speakers allow
  hydra.run.dir=DIR   write the run there
"""
_GATES = """\b
Exit status:
  0  every group does as well as its reference within the margin, or better
  1  a group is disadvantaged, or the system is unfit for everyone
  2  the input is at fault
  3  it cannot be told; grade S is never more than this without --allow-synthetic
Of several runs the gravest counts: 1 before 3 before 0.
"""
_COLUMNS = "\b\n" + "\n".join(
    ["Columns are found by these names, in whatever case; two that match are an error:", *usual_names()]
)
_EFFECTS = """\b
Example:
  callgap run -m alteration=identity,codec-only,mcadams hydra.sweep.dir=outputs/voices
  callgap effects outputs/voices --measure wer
"""
_PATH = click.Path(path_type=Path)
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
            # A library that writes by itself may not say which file it was.
            place = error.filename or "a file that was being written"
            click.echo(f"callgap: {place}: {error.strerror or error}", err=True)
            sys.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Show whom a telephone speech system understands, and how sure that is."""
    if os.environ.get("CALLGAP_DEVICE"):
        _settle_device()


def _settle_device() -> None:
    """Refuse a device that does not exist, and say once that one cannot run, before anything else does."""
    from callgap_kernels.device import choose_device

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            choose_device(None)
        except ValueError as error:
            raise InputError(str(error)) from error
    for warning in told:
        click.echo(f"callgap: {warning.message}", err=True)


@main.command(context_settings=_RUN, epilog=_RUN_FLAGS)
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
def run(overrides: tuple[str, ...]) -> None:
    """Recognize a corpus, send its callers through a menu, compare the groups, and write a report.

    OVERRIDES choose and change what runs, as in `channel=g711a corpus.seed=3`; `callgap list` shows the choices.
    Without any, synthetic callers ring a bank. The path of the report is printed at the end.
    """
    from callgap.running import run_command

    sys.exit(run_command(list(overrides), Console()))


@main.command(epilog=_COLUMNS)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=_PATH)
@click.option("--reference", metavar="COLUMN", help="Holds what was said.")
@click.option("--hypothesis", metavar="COLUMN", help="Holds what was understood.")
@click.option("--speaker", metavar="COLUMN", help="Holds the id of the speaker.")
@click.option("--utterance", metavar="COLUMN", help="Holds the id of the utterance.")
@click.option("--group", multiple=True, metavar="COLUMN[,COLUMN...]", help="Speakers are grouped by these.")
@click.option("--band", multiple=True, metavar="COLUMN=18,30,...", help="Grouped by bands: under 18, 18-29, ...")
@click.option(
    "--error-rate",
    multiple=True,
    metavar="COLUMN[,COLUMN...]",
    help="Hold word errors per word that were counted already, one column for each system.",
)
@click.option(
    "--words",
    metavar="COLUMN",
    help="Holds how many words were said: with error rates, which are described, never judged.",
)
@click.option("--expected", metavar="COLUMN", help="Of a log of calls: holds what was called for.")
@click.option("--reached", metavar="COLUMN", help="Likewise: holds where the call ended; empty for nowhere.")
@click.option("--attempts", metavar="COLUMN", help="Likewise: holds how many attempts it took.")
@click.option("--seconds", metavar="COLUMN", help="Likewise: holds how long it took.")
@click.option("--human", default="", metavar="DESTINATION", help="Likewise: where a person answers.")
@click.option(
    "--reference-group",
    metavar="GROUP",
    help="The others are compared with it; for several groupings ACCENT=GROUP,GENDER=GROUP. Without it nothing is "
    "compared, groups are described.",
)
@click.option("--normalizer", metavar="NAME", help="Figures are given under it; all of them stand in the tables.")
@click.option("--language", metavar="TAG", help="What is spoken, as in fr-CA; en-US if not given.")
@click.option("--output", metavar="DIR", type=_PATH, help="Made for the audit; audit-FILE if not given.")
def audit(
    files: tuple[Path, ...],
    group: tuple[str, ...],
    band: tuple[str, ...],
    error_rate: tuple[str, ...],
    reference_group: str | None,
    normalizer: str | None,
    language: str | None,
    output: Path | None,
    human: str,
    **columns: str | None,
) -> None:
    """Score and compare transcripts that you already have: no audio, no model.

    Each FILE is a table (.csv, .tsv, .jsonl, .parquet) or NIST transcripts (.trn). A table with references and
    hypotheses is a whole system; one with references alone gives them for all; one with hypotheses alone is one more
    system; one with neither describes speakers. Several systems must have been given the same utterances; one that a
    system has no row for counts as missing. Of .trn files the first holds the references, and the speaker is the id
    up to its first - or _.

    Without hypotheses, a table with error rates per utterance and numbers of words is one system for each rate. A
    table that says what calls were for and where they ended is a log of calls: no text is needed.

    DIR/SYSTEM/ is a run directory for each system (score, show, gate and publish take it), and DIR/report.html
    compares them.
    """
    from callgap.auditing import audit_command
    from callgap.auditing_calls import audit_calls_command, call_logs
    from callgap.columns import Wanted, bands_of

    groups, rates = (
        tuple(name.strip() for given in several for name in given.split(",")) or None for several in (group, error_rate)
    )
    wanted = Wanted(**columns, groups=groups, rates=rates, bands=bands_of(band))
    common: dict[str, Any] = {"reference_group": reference_group, "normalizer": normalizer, "language": language}
    common |= {"output": output, "console": Console()}
    if calls := call_logs(files, wanted):
        audit_calls_command(calls, wanted, human=human, **common)
    else:
        audit_command(files, wanted, **common)


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
@click.argument("run", type=_PATH)
@click.argument("utterance")
@click.option("--normalizer", help="Align under this one; the run's primary normalizer if not given.")
def show(run: Path, utterance: str, normalizer: str | None) -> None:
    """Show one alignment of a RUN: what UTTERANCE said and what was understood."""
    from callgap.showing import show_utterance

    click.echo(show_utterance(run, utterance, normalizer))


@main.command(epilog=_GATES)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=_PATH)
@click.option("--policy", metavar="NAME|FILE", help="Judge the stored contrasts under this one; nothing is written.")
@click.option("--allow-synthetic", is_flag=True, help="Let synthetic voices (grade S) decide.")
def gate(runs: tuple[Path, ...], policy: str | None, allow_synthetic: bool) -> None:
    """Turn the verdicts of RUNS into an exit status.

    It looks at the attributes of persons and the endpoints that the policy declares. A policy is a choice of
    `callgap list verdict` or a .yaml file with its fields.
    """
    from callgap.gating import gate_command

    sys.exit(gate_command(runs, policy, allow_synthetic=allow_synthetic, console=Console()))


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=_PATH)
@click.option(
    "--attribute", metavar="NAME", help="Compare the groups of this one; all attributes of persons if not given."
)
@click.option("--endpoint", default="wer", show_default=True, metavar="NAME", help="What is compared.")
def compare(runs: tuple[Path, ...], attribute: str | None, endpoint: str) -> None:
    """Compare the systems of RUNS that heard the same utterances: ranks, worst groups, pair by pair.

    Speakers are resampled for all systems at once, and limits hold for all pairs together: a rank is every place that a
    system may have. Only utterances that every system gave a text for count; what holds must also hold with lost ones
    counted as wrong. Nothing is written.
    """
    from callgap.comparing import compare_command

    compare_command(runs, attribute, endpoint, Console())


@main.command(epilog=_EFFECTS)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=_PATH)
@click.option("--before", metavar="NAME", help="Compare with this alteration; identity if not given.")
@click.option("--attribute", metavar="NAME", help="Show the groups of this one; all attributes if not given.")
@click.option("--measure", metavar="NAME", help="Show this one; all measures if not given.")
def effects(runs: tuple[Path, ...], before: str | None, attribute: str | None, measure: str | None) -> None:
    """Tell what alterations did in RUNS, by group: whose errors fell or rose, and what became of the gaps.

    Runs that differ in nothing but the alteration are compared: the same speakers before and after, who are resampled
    with both. Only utterances that both runs gave a text for count; what holds must also hold with lost ones counted as
    wrong. Limits hold together for all groups, attributes and measures of a pair, whatever is shown.
    """
    from callgap.effects import effects_command

    effects_command(runs, before, attribute, measure, Console())


@main.command()
@click.option("--groups", metavar="GROUP,GROUP...", help="To be compared; with --from all of the run if not given.")
@click.option("--reference", metavar="GROUP", help="The others are compared with it; the first if not given.")
@click.option("--margin", default=0.05, show_default=True, help="Gap up to which groups are served alike.")
@click.option("--gap", "gaps", multiple=True, type=float, help="True gap that must be found; may be given again.")
@click.option("--power", default=0.80, show_default=True, help="Probability with which the verdict must be reached.")
@click.option("--endpoint", default="wer", show_default=True, metavar="NAME", help="What is judged.")
@click.option("--endpoints", type=int, help="How many will be declared beside each other; 1 if not given.")
@click.option("--rate", type=float, help="Rate of the reference group; 0.20 if not given.")
@click.option("--spread", type=float, help="SD of the logarithm of speakers' rates; 0.4 if not given.")
@click.option("--utterances", type=int, help="Of each speaker; 60 if not given.")
@click.option("--words", type=int, help="Of each utterance; 12 if not given.")
@click.option("--from", "pilot", metavar="RUN", type=_PATH, help="A finished run that shows what was not given.")
@click.option("--attribute", metavar="NAME", help="Of the run, whose groups these are.")
@click.option("--reference-speakers", type=int, help="There are so many; as many as of each group if not given.")
@click.option("--limit", default=1000, show_default=True, help="Most speakers of a group.")
@click.option("--simulations", default=1000, show_default=True, help="For each number of speakers.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same table.")
@click.option("--csv", "target", metavar="FILE", type=_PATH, help="Write the table there, too.")
def plan(groups: str | None, target: Path | None, **options: Any) -> None:
    """Tell how many speakers to recruit, before anybody is recorded.

    For each true gap: the speakers of each group with whom `disadvantaged` is found with the wanted power; and where
    there is no gap, those with whom `within margin` can be said. Callers are simulated and judged by the whole rule.
    Rates, gaps and the margin are shares: 0.05 is 5 points.
    """
    from callgap.designing import Wanted
    from callgap.recruiting import plan_command

    names = tuple(name.strip() for name in (groups or "").split(",") if name.strip())
    plan_command(Wanted(groups=names, **options), target, Console(highlight=False))


@main.command()
@click.argument("runs", nargs=-1, required=True, type=_PATH)
@click.option("--to", "name", required=True, help="Name of the table: results/NAME/.")
@click.option("--results", default=Path("results"), show_default=True, type=_PATH, help="Folder of tables.")
def publish(runs: tuple[Path, ...], name: str, results: Path) -> None:
    """Write RUNS as a table that can be published: no machine's path, speakers as s01, s02, ..."""
    from callgap.publishing import publish_runs

    click.echo(f"published: {publish_runs(runs, results, name)}")


main.add_command(corpus)
main.add_command(sample)
main.add_command(train)
main.add_command(what_if)


@main.command()
def doctor() -> None:
    """Try what works on this machine: GPU, codecs, recognizers, voices, extras, credentials, data and disk.

    Nothing is downloaded, and of a credential only whether it is set is looked at. The exit status is 0 where
    everything works that a run without overrides needs (PyTorch, espeak-ng, the default recognizer, room on the
    disk), else 1.
    """
    from callgap.examining import doctor_command

    sys.exit(doctor_command(Console()))


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

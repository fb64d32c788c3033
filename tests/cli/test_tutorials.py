"""Every tutorial does what it shows: its files are written, its commands run, its output comes out.

A block is executed by the words after its language:

- ```` ```csv file=NAME ```` (or python, yaml, ...) is written to the file NAME;
- ```` ```console run ```` holds commands behind `$ `, and under each the lines that it prints, in their order. A line
  `...` stands for any lines, and within a line for anything. A command must end well, unless `echo $?` behind it shows
  how it ends.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from runs import callgap

from callgap.columns import CALLS, GROUPS, NAMES

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(?P<kind>\w+) (?P<what>run|file=\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
AUDIT = DOCS / "audit-a-csv.md"
TUTORIALS = [path for path in sorted(DOCS.glob("*.md")) if "```console run\n" in path.read_text(encoding="utf-8")]


def tutorial(path):
    """What has to be recognized takes a minute."""
    recognizes = "$ callgap run" in path.read_text(encoding="utf-8")
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if recognizes else [])


def commands(text):
    """Pairs of a command and the lines shown under it."""
    for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = piece.rstrip().splitlines()
        yield command, shown


def ended(command, folder):
    """Exit status and output of a command, in this process where it is callgap's."""
    words = shlex.split(command)
    if words[0] == "callgap":
        done = callgap(*words[1:], cwd=folder, check=False)
        return int(done.exit_code), done.output
    if words[0] == "python":
        words[0] = sys.executable
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def relative(printed, folder):
    """What was printed, with paths below the folder as the tutorial shows them."""
    return printed.replace(f"{folder}{os.sep}", "")


def flat(line):
    return " ".join(line.split())


def pattern(shown):
    """A regular expression for a shown line."""
    return re.compile(".*".join(map(re.escape, flat(shown).split("..."))))


def missing(shown, printed):
    """The first shown line that was not printed behind those before it; None where all were."""
    lines = iter(map(flat, printed.splitlines()))
    for wanted in shown:
        if wanted != "..." and not any(pattern(wanted).fullmatch(line) for line in lines):
            return wanted
    return None


@pytest.mark.parametrize("path", [tutorial(path) for path in TUTORIALS])
def test_a_tutorial_does_what_it_shows(path, tmp_path):
    status, unchecked = 0, None
    for block in BLOCK.finditer(path.read_text(encoding="utf-8")):
        if block["what"] != "run":
            target = tmp_path / block["what"].removeprefix("file=")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["text"], encoding="utf-8")
            continue
        assert block["kind"] == "console", block[0]
        for command, shown in commands(block["text"]):
            if command == "echo $?":
                assert [str(status)] == shown, f"{unchecked} ended with {status}"
                status = 0
                continue
            assert status == 0, f"{unchecked} ended with {status}"
            status, printed = ended(command, tmp_path)
            unchecked = command
            assert missing(shown, relative(printed, tmp_path)) is None, f"$ {command}\nprinted\n{printed}"
    assert status == 0, f"{unchecked} ended with {status}"


def test_the_runner_notices_what_is_not_printed_and_what_is_out_of_order():
    printed = "one\n two   three\nfour [5]?\n"
    assert missing(["one", "...", "two three", "four [5]?"], printed) is None
    assert missing(["t... three"], printed) is None
    assert missing(["two"], printed) == "two"
    assert missing(["two three", "one"], printed) == "one"
    assert list(commands("$ a\nb\n$ c\n")) == [("a", ["b"]), ("c", [])]


def test_every_console_block_with_a_command_of_ours_is_run():
    for path in TUTORIALS:
        text = path.read_text(encoding="utf-8")
        assert "```console\n" not in text, f"{path.name}: a console block that nothing runs"


def test_the_tutorial_lists_the_names_that_need_no_option():
    table = dict(re.findall(r"^\| (\w+) \| (`.*`) \|$", AUDIT.read_text(encoding="utf-8"), re.MULTILINE))
    listed = {part: tuple(names.strip("`").split("`, `")) for part, names in table.items()}
    assert listed == {**NAMES, **CALLS, "groups": GROUPS}

"""A service of one's own, in a folder of its own, and what a user sees who runs it."""

import re

from runs import callgap

SERVICE = """\
# A garage: a car is bought or repaired
_target_: callgap.ivr.Graph
version: 1
name: garage
start: main
human: desk
attempts: 2
after_attempts: desk
calls_per_speaker: 3
always:
  - {goto: desk, intents: [agent], phrases: [agent]}
nodes:
  main:
    kind: menu
    prompt: What can we do for you?
    prompt_s: 2.0
    answers:
      - {goto: sold, intents: [balance], phrases: [buy a car]}
      - {goto: repair, intents: [lost-card], phrases: ["[i need a] repair"]}
  repair:
    kind: menu
    prompt: Is it urgent?
    prompt_s: 1.0
    answers:
      - {goto: workshop, intents: ["yes"], phrases: ["yes"]}
ends:
  sold: {kind: automatic}
  workshop: {kind: queue, priority: 2, seconds: 10.0}
  desk: {kind: queue, priority: 1, seconds: 60.0}
calls:
  buy: {wants: [balance], ends: sold}
  repair: {wants: [lost-card, "yes"], ends: workshop}
  agent: {wants: [agent], ends: desk}
"""
FILE = "own/ivr/garage.yaml"
RUN = ("run", "--config-dir", "own", "corpus=synthetic-services", "ivr=garage")


def line_of(text, content=SERVICE):
    """Number of the first line that holds a text."""
    return next(number for number, line in enumerate(content.splitlines(), start=1) if text in line)


def changed(*changes):
    """The service with some texts replaced, each of which must be there."""
    content = SERVICE
    for old, new in changes:
        assert old in content, old
        content = content.replace(old, new, 1)
    return content


def write(folder, content=SERVICE):
    """Write the service where `--config-dir own` finds it."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(folder, *overrides):
    """The one sentence with which a run is refused that leaves nothing behind."""
    before = sorted(folder.rglob("*"))
    done = callgap(*RUN, *overrides, cwd=folder, check=False)
    assert done.exit_code == 2, done.output
    said = done.stderr.strip()
    assert re.fullmatch(r"callgap: [^\n]+", said), said
    assert sorted(folder.rglob("*")) == before
    return said.removeprefix("callgap: ")

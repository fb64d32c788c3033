"""Small folders in the layouts of EVI and SLURP, and logs of calls, all of invented people."""

import csv
import json
import random

PEOPLE = {
    "r1": ("AB1 2CD", "Ann Lee", "1950-03-07"),
    "r2": ("W3W 6SE", "Bo Hart", "1972-10-07"),
    "r3": ("ZE7 8FG", "Cy Doe", "1988-12-31"),
}
HEARD = {"postcode": 0, "name": 1, "dob": 2}
HEADER = ("dialogue_id", "speaker_id", "scenario_id", "turn_num", "item", "attempt_num", "nbest")
CALLS = ("call_id", "caller", "accent", "expected", "reached", "attempts", "seconds")


def dialogue(name, speaker, record, heard):
    """Nine turns: three attempts at each item; `heard` gives n-best lists by item and attempt, else silence."""
    for turn in range(9):
        item = ("postcode", "name", "dob")[turn // 3]
        alternatives = heard.get((item, turn % 3), [])
        yield dict(zip(HEADER, (name, speaker, record, turn, item, turn % 3, json.dumps(alternatives)), strict=True))


def right(record, attempt=0):
    """All three items of a record, heard as they are written, at one attempt."""
    return {(item, attempt): [PEOPLE[record][place]] for item, place in HEARD.items()}


def write_evi(folder, dialogues, part="en"):
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(HEADER)]
    for turns in dialogues:
        # As the public file has it: quotes around the JSON, doubled inside.
        lines += [
            "\t".join([*map(str, [*t.values()][:-1]), '"{}"'.format(t["nbest"].replace('"', '""'))]) for t in turns
        ]
    (folder / f"dialogues.{part}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (folder / f"records.{part}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["scenario_id", "postcode", "name", "dob", "sex"])
        writer.writerows([name, *person, "F"] for name, person in PEOPLE.items())
    return folder


def write_slurp(folder, prompts=12):
    """Pairs of recordings; every third distant one is misunderstood, and one prompt is not understood at all."""
    folder.mkdir(parents=True, exist_ok=True)
    test, heard, gold = [], [], []
    for n in range(prompts):
        files = [f"audio-{n}-headset.flac", f"audio-{n}.flac"]
        said = {"slurp_id": n, "sentence": f"set alarm number {n}", "scenario": "alarm", "action": "set"}
        test.append(said | {"recordings": [{"file": file} for file in files]})
        gold.append({"slurp_id": str(n), "scenario": "alarm", "action": "query" if n == 0 else "set"})
        for file in files:
            wrong = n == 0 or (n % 3 == 0 and file == files[1])
            text = "set a lamp" if wrong else said["sentence"]
            heard.append({"text": text, "scenario": "iot" if wrong else "alarm", "action": "set", "file": file})
    test.append({"slurp_id": 99, "sentence": "stop", "scenario": "alarm", "action": "remove",
                 "recordings": [{"file": "audio-alone.flac"}]})  # fmt: skip
    for name, rows in (
        ("test.jsonl", test),
        ("multi_slurp_hermit_predictions.jsonl", heard),
        ("gold_hermit_predictions.jsonl", gold),
    ):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def call_rows(callers=12, calls=4, seed=3):
    """Calls of as many northern as southern callers; of the latter, three times as many fail and take longer."""
    draw = random.Random(seed)
    number = 0
    for accent, failing in (("north", 0.1), ("south", 0.3)):
        for caller in range(callers):
            for _ in range(calls):
                number += 1
                wanted = draw.choice(["balance", "card-lost", "agent"])
                failed = draw.random() < failing
                attempts = 1 + failed + (draw.random() < failing)
                reached = draw.choice(["", "hours"]) if failed else wanted
                seconds = f"{20 * attempts + draw.uniform(0, 9):.1f}"
                values = (f"c{number}", f"{accent[0]}{caller:02d}", accent, wanted, reached, str(attempts), seconds)
                yield dict(zip(CALLS, values, strict=True))


def write_calls(path, rows=None, columns=CALLS, delimiter=","):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(call_rows() if rows is None else rows)
    return path

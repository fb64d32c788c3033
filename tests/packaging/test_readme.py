"""The README's tables are the published ones."""

import csv
import json
import re
from pathlib import Path

from callgap_kernels.speed.writing import readable

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "results" / "fsdd-ivr-digits"


def percent(value):
    return f"{100 * float(value):.1f}%" if value else "\u2013"


def rows():
    with (PUBLISHED / "table.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["attribute"] in ("everyone", "accent"):
                rates = [percent(row[name]) for name in ("wer", "misrouted", "not_completed")]
                cells = [row["condition"], row["group"], row["speakers"], f"{int(row['calls']):,}", *rates]
                yield f"| {' | '.join(cells)} |"


def test_every_row_of_the_published_table_stands_in_the_readme():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith(("| clean", "| g711u"))]
    assert table == list(rows())


def test_the_rejection_rates_of_the_readme_are_the_published_ones():
    clean = json.loads((PUBLISHED / "run.json").read_text())["runs"][0]
    counts, text = clean["rejection"], (ROOT / "README.md").read_text(encoding="utf-8")
    assert clean["choices"]["channel"] == "clean"
    assert f"refused {percent(counts['rejected'] / counts['in_grammar'])} of the clean digits" in text
    assert (
        f"accepted {percent(counts['accepted'] / counts['out_of_grammar'])} of {counts['out_of_grammar']} clips" in text
    )


def test_every_line_of_the_readme_is_a_published_one():
    with (ROOT / "results" / "channels-fsdd" / "table.csv").open(encoding="utf-8", newline="") as lines:
        everyone = [row for row in csv.DictReader(lines) if row["attribute"] == "everyone"]
    columns = ("wer", "misrouted", "not_completed", "false_reject")
    rows = [f"| `{row['condition']}` | {' | '.join(percent(row[name]) for name in columns)} |" for row in everyone]
    # Lines of the table of alterations are held by test_readme_alterations.py.
    before, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Altered voices")
    written = [*before.splitlines(), *after.partition("\n## ")[2].splitlines()]
    assert len(rows) == 9
    assert [line for line in written if line.startswith("| `")] == rows


def timed(name):
    path = ROOT / "results" / "performance" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {(row["case"], row["contender"]): row for row in csv.DictReader(lines)}


def test_every_speed_of_the_readme_is_a_published_one():
    peers = ("rapidfuzz", "jiwer", "kaldialign", "torchaudio", "torchmetrics")
    rows = []
    for case, name in (("IVR", "14 words"), ("interview", "51 words"), ("10 minutes", "1,500 words, 10 minutes")):
        ours = timed("scoring")[f"texts, {case}", "callgap"]
        ratios = [readable(float(ours[f"times_{peer}_median"])) for peer in peers]
        rows.append(f"| {name} | {readable(float(ours['us_per_item_median']))} | {' | '.join(ratios)} |")
    written = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in written if "words |" in line or "minutes |" in line] == rows


def test_the_sentence_on_normalizing_and_resampling_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    normalized, resampled = timed("normalization"), timed("resampling")
    cold, warm = (
        float(normalized["English, IVR", f"callgap, {state}"]["times_whisper-normalizer_median"])
        for state in ("cold", "warm")
    )
    arch = float(resampled["bootstrap, 1,000 speakers, 10 groups, 9 gaps", "callgap"]["times_arch_median"])
    assert f"on texts of 14 words {readable(cold)} times as fast" in text
    assert f"{readable(warm)} times on texts that it has seen" in text
    assert f"{readable(arch)} times as fast as `arch`" in text
    scipy = float(timed("intervals")["1,000 speakers, 10 groups", "callgap"]["times_scipy_median"])
    assert f"{readable(scipy)} times as fast as `scipy.stats.bootstrap`" in text


def test_the_time_of_all_contrasts_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    seconds = {name: float(row["us_per_item_median"]) / 1e6 for (_, name), row in timed("fairness").items()}
    ((case, _), *_) = timed("fairness")
    assert "5,471 utterances, 735 speakers, 2 systems, 3 normalizers, 726 contrasts, B = 10,000" in case
    assert f"take {readable(seconds['callgap contrasts, first in a process'])} s" in text
    assert f"`callgap score` of both runs {readable(seconds['callgap score, a new process'])} s" in text


def test_what_two_cores_bring_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    both = float(timed("recognition")["PocketSphinx, 240 calls", "callgap, 2 processes"]["times_one process_median"])
    assert f"PocketSphinx recognizes 240 calls on two cores {readable(both)} times as fast as in one process" in text


def test_how_fast_voices_are_altered_and_measured_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    times = {name: 1e6 / float(row["us_per_item_median"]) for (_, name), row in timed("alteration").items()}
    assert f"coefficients alter voices {readable(times['mcadams'])} times as fast as these speak" in text
    assert f"the presence equalizer {readable(times['presence'])} times" in text
    assert f"changes of pitch [{readable(times['pitch-shift'])} times]" in text
    each = float(timed("voices")["1,000 sentences", "voiceprint and quality, 2 processes"]["us_per_item_median"])
    assert f"the quality of 1,000 sentences take [{readable(1000 * each / 1e6)} s]" in text


def test_how_fast_a_large_corpus_opens_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    case = "1,000,000 utterances"
    first, again = (
        float(timed("corpora")[case, f"opening, {name}"]["us_per_item_median"])
        for name in ("the first time", "from its index")
    )
    assert f"a million utterances opens in {readable(first)} s" in text
    assert f"from its index in [{readable(again)} s]" in text


def test_published_times_are_of_a_clean_checkout_on_one_machine():
    pages = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "results" / "performance").glob("*.md"))]
    assert len(pages) >= 3
    for page in pages:
        assert re.search(r"^\| commit \| [0-9a-f]{40} \|$", page, re.MULTILINE)
        assert re.search(r"^\| processor \| \S.* \|$", page, re.MULTILINE)


def points(value):
    return f"{100 * float(value):+.1f}".replace("-", "\N{MINUS SIGN}")


def test_the_vendors_of_the_readme_are_the_published_ones():
    folder = ROOT / "results" / "artie-vendors-2019"
    with (folder / "table.csv").open(encoding="utf-8", newline="") as lines:
        wrong = {row["system"]: percent(row["wer"]) for row in csv.DictReader(lines) if row["group"] == "everyone"}
    sought = {"group": "indian", "endpoint": "wer", "normalizer": "whisper-english", "standardized_by": ""}
    with (folder / "contrasts.csv").open(encoding="utf-8", newline="") as lines:
        gaps = [row for row in csv.DictReader(lines) if sought.items() <= row.items()]
    columns = ("difference", "difference_lower", "difference_upper")
    rows = []
    for row in gaps:
        gap, lower, upper = (points(row[name]) for name in columns)
        rows.append(f"| {row['system']} | {wrong[row['system']]} | {gap} | {lower} to {upper} | {row['verdict']} |")
    written = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 9
    assert [line for line in written if re.match(r"\| (amazon|google|deepspeech)-", line)] == rows


def test_the_sentence_on_nigerian_speakers_is_published():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    sought = {"group": "NG", "endpoint": "wer", "normalizer": "whisper-english-dictated", "standardized_by": "domain"}
    with (ROOT / "results" / "afrispeech-vendors" / "contrasts.csv").open(encoding="utf-8", newline="") as lines:
        found = {row["system"]: row for row in csv.DictReader(lines) if sought.items() <= row.items()}
    columns = ("difference", "difference_lower", "difference_upper")
    for system, sentence in (
        ("whisper-large", "whisper-large gets {} more wrong than of everyone else's ({} to {}; `{}`)"),
        ("azure", "azure {} more ({} to {}; `{}`)"),
    ):
        figures = (f"{100 * float(found[system][name]):.1f}" for name in columns)
        assert sentence.format(*figures, found[system]["verdict"]) in text

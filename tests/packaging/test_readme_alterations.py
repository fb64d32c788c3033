"""What the README says of altered voices is published."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "results" / "alteration-fsdd"
SYNTHETIC = ROOT / "results" / "alteration-synthetic"
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Altered voices")[2].partition("\n## ")[0]


def rows(table, place=PLACE, **keys):
    with (place / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if keys.items() <= row.items()]


def percent(value):
    return f"{100 * float(value):.1f}%"


def words(alteration, system, when="value_after"):
    (row,) = rows("effects", after=alteration, attribute="all", measure="wer", system=system, condition="clean")
    return percent(row[when])


def test_every_alteration_stands_there_with_its_published_figures():
    shown = re.findall(r"^\| `([^`]+)` \|", SECTION, flags=re.MULTILINE)
    known = {row["after"]: row for row in rows("identities", attribute="all")}
    assert shown == list(known)
    for name, row in known.items():
        (quality,) = rows("effects", after=name, attribute="all", measure="dnsmos_overall")
        figures = [
            *(words(name, system) for system in ("pocketsphinx", "reference-fsdd")),
            *(percent(row[column]) for column in ("still_themselves", "error_rate_after")),
            f"{float(quality['change']):+.2f}".replace("-", "\N{MINUS SIGN}"),
        ]
        assert f"| `{name}` | {' | '.join(figures)} |" in SECTION
    first = known["resample-only"]
    before = [words("resample-only", system, "value_before") for system in ("pocketsphinx", "reference-fsdd")]
    told = [percent(first[column]) for column in ("still_themselves_before", "error_rate_before")]
    assert f"| none | {' | '.join([*before, *told])} | |" in SECTION


def test_what_is_concluded_of_them_holds():
    everyone = rows("effects", attribute="all", measure="wer")
    assert {row["change_finding"] for row in everyone} == {"cannot tell"}
    known = {row["after"]: row for row in rows("identities", attribute="all")}
    codec = known["codec-only"]
    assert float(codec["still_themselves"]) < 0.1
    assert float(codec["error_rate_after"]) < 0.2
    moved = [float(known[name]["still_themselves"]) for name in ("pitch-shift", "pitch-flatten", "pitch-widen")]
    assert max(float(codec["still_themselves"]), 0.5) < min(moved)


def test_what_is_told_of_adults_who_read_is_published():
    place, text = ROOT / "results" / "alteration-speechocean762", " ".join(SECTION.split())
    known = {row["after"]: row for row in rows("identities", place, attribute="all")}
    assert {(row["speakers"], row["utterances"]) for row in known.values()} == {("128", "256")}
    still = {name: percent(row["still_themselves"]) for name, row in known.items()}
    unaltered = percent(known["denoise"]["still_themselves_before"])
    assert f"128 adults who read English, 256 sentences ([results/{place.name}]" in text
    assert (
        f"Unaltered, {unaltered} are taken for themselves; after a telephone codec {still['codec-only']}, `mcadams` "
        f"{still['mcadams']}, `mcadams-by-speaker` {still['mcadams-by-speaker']}, `denoise` {still['denoise']}, "
        f"`pitch-shift` {still['pitch-shift']}, and a vocoder that means to change nothing {still['vocoder-only']}."
    ) in text
    quality = {row["after"]: row for row in rows("effects", place, attribute="all", measure="dnsmos_overall")}
    assert min(quality, key=lambda name: float(quality[name]["change"])) == "mcadams-by-speaker"
    assert (quality["mcadams-by-speaker"]["change_finding"], quality["denoise"]["change_finding"]) == (
        *("lower", "cannot tell"),
    )
    for name, sign in (("mcadams-by-speaker", ""), ("denoise", "+")):
        change, lower, upper = (float(quality[name][f"change{end}"]) for end in ("", "_lower", "_upper"))
        told = f"{sign}{change:.2f}, limits {lower:.2f} to {upper:.2f}".replace("-", "\N{MINUS SIGN}")
        assert told in text
    (women,) = rows("effects", place, after="mcadams", group="f", measure="similarity")
    assert women["finding"] == "lower"
    words_wrong = {percent(row["value_before"]) for row in rows("effects", place, attribute="all", measure="wer")}
    assert f"PocketSphinx has {words_wrong.pop()} of the words wrong before anything is altered." in text


def test_what_is_told_of_synthetic_callers_is_published():
    text = " ".join(SECTION.split())

    def change(system, line, alteration):
        (row,) = rows(
            "effects",
            SYNTHETIC,
            system=system,
            condition=line,
            after=alteration,
            attribute="all",
            measure="wer",
        )
        return percent(row["value_before"]), percent(row["value_after"]), row["change_finding"]

    before, after, found = change("pocketsphinx", "clean", "denoise")
    assert f"`denoise` brings PocketSphinx from {before} to {after} of the words wrong" in text
    assert found == "harmed"
    before, after, found = change("reference-synthetic", "clean", "denoise")
    assert f"trained here from {before} to {after}, which is not shown to be a change" in text
    assert found == "cannot tell"
    before, after, found = change("pocketsphinx", "g711u", "pitch-shift")
    assert f"`pitch-shift` helps PocketSphinx, {before} to {after}" in text
    assert found == "helped"
    by_accent = rows("effects", SYNTHETIC, attribute="accent", measure="wer")
    gaps = [row for row in by_accent if row["group"] != row["reference"]]
    assert f"Of {len(gaps)} gaps in the words wrong" in text
    assert {row["finding"] for row in gaps} == {"cannot tell"}
    assert {row["speakers"] for row in rows("effects", SYNTHETIC, attribute="all", measure="wer")} == {"260"}
    assert len({row["group"] for row in by_accent}) == 13

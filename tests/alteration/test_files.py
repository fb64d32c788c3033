"""A recording that cannot be the pair of its utterance is excluded with the reason, and the others are taken."""

import csv
import math
import pickle

import pytest
import soundfile
import torch

from callgap.alteration import Files, McAdams
from callgap.alteration.items import NotAlteredError
from callgap.alteration.pairs import in_manifest, named
from callgap.alteration.sound import check_length
from callgap.audio import batch_of
from callgap.corpus.espeak import espeak
from callgap.errors import InputError
from callgap.records import ItemStatus, Status

RATE = 16000
TEXTS = {
    "balance": "what is the balance of my savings account",
    "parcel": "could you tell me when the parcel will arrive",
    "person": "I would really like to speak to a person now",
}


@pytest.fixture(scope="module")
def before():
    said = [espeak().speak(text, "en-us", pitch=50, rate=170) for text in TEXTS.values()]
    return batch_of(said, espeak().sample_rate, list(TEXTS)).resampled(RATE)


@pytest.fixture(scope="module")
def product(before):
    """What a product made of the corpus: another voice, a little later."""
    altered = McAdams(0.8).alter(before)
    return {name: torch.cat([torch.zeros(800), altered.signal(k)]) for k, name in enumerate(TEXTS)}


@pytest.fixture
def folder(tmp_path, product):
    """A folder of the product's recordings, some of them replaced; by name samples, or samples and rate, or bytes."""

    def written(**replaced):
        for name, content in {**product, **replaced}.items():
            if content is None:
                continue
            if isinstance(content, bytes):
                (tmp_path / f"{name}.wav").write_bytes(content)
                continue
            samples, rate = content if isinstance(content, tuple) else (content, RATE)
            soundfile.write(tmp_path / f"{name}.wav", samples.numpy(), rate, subtype="FLOAT")
        return tmp_path

    return written


def reasons(unit, batch):
    return [status.reason for status in unit.alter(batch).statuses]


def test_good_pairs_are_taken_as_they_are(folder, before, product):
    altered = Files(folder()).alter(before)
    assert altered.statuses == before.statuses
    for k, name in enumerate(TEXTS):
        assert torch.equal(altered.signal(k), product[name])


@pytest.mark.parametrize("length", [16000, 16001, 16003, 12345])
def test_a_fifth_is_too_much_however_it_is_rounded_and_less_is_not(length):
    before = torch.zeros(length)
    for fifth in (math.floor(length / 5), math.ceil(length / 5)):
        for after, reason in ((length + fifth, "longer"), (length - fifth, "shorter")):
            with pytest.raises(NotAlteredError, match=reason):
                check_length(before, 16000, torch.zeros(after), 16000, 0.2)
    for after in (length, length * 81 // 100, length * 119 // 100):
        check_length(before, 16000, torch.zeros(after), 16000, 0.2)
    check_length(before, 16000, torch.zeros(2 * length), 32000, 0.2)


def test_a_pair_with_a_fault_is_excluded_with_its_reason(folder, before, product):
    good, noise = product["parcel"], 1e-3 * torch.randn(20000, generator=torch.Generator().manual_seed(1))
    stretched = torch.nn.functional.interpolate(good[None, None], scale_factor=1.08, mode="linear")[0, 0]
    several = torch.stack([good, good], dim=1)
    faults = {
        "after_missing": None,
        "after_longer": torch.cat([good, torch.zeros(len(good) // 3)]),
        "after_shorter": good[: len(good) * 7 // 10],
        "after_silent": torch.zeros(len(good)),
        "after_clipped": (8 * good).clamp(-1, 1),
        "after_wrong_rate": (good, 8000),
        "after_unreadable": b"RIFF and nothing else",
        "after_several_channels": several,
        "after_not_finite": torch.cat([good[:-1], torch.tensor([torch.nan])]),
        "after_other_utterance": torch.cat([noise, noise[:8000].flip(0), noise])[: len(good)],
        "after_drifts": stretched,
    }
    for reason, content in faults.items():
        place = folder(parcel=content)
        if content is None:
            (place / "parcel.wav").unlink(missing_ok=True)
        altered = Files(place).alter(before)
        assert altered.statuses[1] == ItemStatus(Status.EXCLUDED, reason), reason
        assert altered.lengths[1] == 0
        assert [altered.statuses[k].status for k in (0, 2)] == [Status.OK, Status.OK]


def test_a_swapped_pair_is_told_whatever_else_is_in_the_batch(folder, before, product):
    unit = Files(folder(balance=product["parcel"], parcel=product["balance"]), length_within=0.6)
    assert reasons(unit, before) == ["after_swapped", "after_swapped", None]
    alone = batch_of([before.signal(0)], RATE, ["balance"])
    assert reasons(unit, alone) == ["after_swapped"]


def test_other_rates_are_converted_unless_one_is_required(folder, before, product):
    converted = batch_of([product["parcel"]], RATE, ["parcel"]).resampled(48000).signal(0)
    place = folder(parcel=(converted, 48000))
    altered = Files(place).alter(before)
    assert (altered.sample_rate, altered.statuses) == (RATE, before.statuses)
    assert abs(int(altered.lengths[1]) - len(product["parcel"])) <= 1
    assert reasons(Files(place, sample_rate=RATE), before) == [None, "after_wrong_rate", None]


def test_where_the_timing_changes_nothing_of_it_is_asked(folder, before, product):
    other = folder(parcel=product["balance"])
    assert reasons(Files(other, likeness=None, length_within=0.6), before) == [None, None, None]


def test_a_window_of_a_recording_has_no_pair(folder, before):
    whole = batch_of([before.signal(0)], RATE, ["balance"])
    window = type(whole)(**{**vars(whole), "windows": whole.windows + 100})
    assert reasons(Files(folder()), window) == ["cut_into_windows"]


def test_a_table_names_the_files_from_its_folder(folder, before, product, tmp_path):
    folder()
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("utterance_id", "file"), ("balance", "balance.wav"), ("parcel", "gone.wav")])
    unit = pickle.loads(pickle.dumps(Files(tmp_path / "pairs.csv")))
    assert reasons(unit, before) == [None, "after_missing", "after_missing"]
    first = unit.fingerprint()
    soundfile.write(tmp_path / "balance.wav", product["parcel"].numpy(), RATE)
    assert unit.fingerprint() != first


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("utterance_id", "wav"), ("a", "a.wav")], "the column 'file' is missing; found: utterance_id, wav"),
        ([("utterance_id", "file"), ("a", "")], "row 1: an empty cell"),
        ([("utterance_id", "file"), ("a", "a.wav"), ("a", "b.wav")], "row 2: a second file for the utterance 'a'"),
        ([("utterance_id", "file"), ("a", "a.wav"), ("b", "a.wav")], "row 2: a.wav is the file of the utterance 'a'"),
    ],
)
def test_a_table_that_contradicts_itself_is_one_sentence(tmp_path, rows, message):
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(InputError, match=message):
        Files(tmp_path / "pairs.csv").check()


def test_a_folder_without_recordings_or_with_two_of_one_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no recording"):
        Files(tmp_path).check()
    for name in ("a.wav", "a.flac"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"a\.flac, a\.wav, all of the utterance 'a'"):
        Files(tmp_path).check()


def test_a_mirrored_tree_of_files_is_paired_whatever_its_endings(tmp_path):
    recordings = {"north/balance": tmp_path / "a.flac", "u1": tmp_path / "b.wav"}
    assert named(recordings, "north/balance.wav") == "north/balance"
    assert named(recordings, "u1") == "u1"
    assert named({"u1.wav": tmp_path}, "u1.wav") == "u1.wav"
    assert named(recordings, "balance.wav") is None
    assert named(recordings, "u1.b") is None


def test_a_place_where_nothing_is_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"alteration.path=.*absent: there is no such folder or table"):
        in_manifest(tmp_path / "absent")

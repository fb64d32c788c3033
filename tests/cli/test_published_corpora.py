"""What someone who has a published corpus on disk types: check, stats, card, unpack, fetch, and a dry run."""

import csv
import hashlib
import http.server
import json
import shutil
import subprocess
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
import soundfile
from local_server import LocalServer
from runs import callgap

from callgap import corpora
from callgap.corpus.card import Archive, Repository, load_card
from callgap.resources import datasets_dir


def audiomnist(folder, men=12, women=11):
    """AudioMNIST's layout with one digit of each of some speakers."""
    people = {}
    for number in range(1, men + women + 1):
        speaker = f"{number:02d}"
        gender = "male" if number <= men else "female"
        people[speaker] = {
            "accent": "German", "age": str(20 + number), "gender": gender, "native speaker": "no", "origin": "Europe"
        }  # fmt: skip
        place = folder / "data" / speaker
        place.mkdir(parents=True)
        noise = np.random.default_rng(number).standard_normal(24000).astype(np.float32) * 0.05
        # Loud for a while: there is something to tell from the noise.
        noise[6000:18000] *= 8 if gender == "male" else 3
        digit = number % 2
        soundfile.write(place / f"{digit}_{speaker}_0.wav", noise, 48000)
    (folder / "data" / "audioMNIST_meta.txt").write_text(json.dumps(people))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return audiomnist(tmp_path_factory.mktemp("unpacked") / "AudioMNIST")


def words(done):
    return " ".join(done.output.split())


def test_check_knows_a_corpus_by_its_layout_and_holds_it_against_its_card(folder, tmp_path):
    for path in (folder, folder.parent):
        done = callgap("corpus", "check", path, cwd=tmp_path)
        assert "23 utterances of 23 speakers" in words(done)
        assert "The card states 30,000 utterances of the whole corpus; here are 23." in words(done)
        assert words(done).endswith("A run can use this corpus.")


def test_check_of_another_corpus_than_it_is_names_what_is_accepted(folder, tmp_path):
    done = callgap("corpus", "check", folder, "--corpus", "vctk", cwd=tmp_path, check=False)
    assert (done.exit_code, "does not have the layout of vctk; accepted: a folder that holds" in done.stderr) == (
        2,
        True,
    )
    done = callgap("corpus", "check", folder, "--corpus", "vctkk", cwd=tmp_path, check=False)
    assert (done.exit_code, "--corpus: found 'vctkk'; " in done.stderr) == (2, True)
    done = callgap("corpus", "check", folder, "--corpus", "slurp", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    done = callgap("corpus", "check", tmp_path, cwd=tmp_path, check=False)
    assert (done.exit_code, "nor what african-accented-french, " in done.stderr) == (2, True)


def test_stats_tell_speakers_minutes_noise_and_shared_prompts_by_group(folder, tmp_path):
    done = callgap("corpus", "stats", folder, "--output", "facts", cwd=tmp_path)
    assert "written: facts/stats.md" in done.output
    with (tmp_path / "facts" / "stats.csv").open(newline="") as file:
        rows = {(row["attribute"], row["group"]): row for row in csv.DictReader(file)}
    men, women = rows["gender", "male"], rows["gender", "female"]
    assert (men["speakers"], men["utterances"], women["speakers"]) == ("12", "12", "11")
    assert float(men["minutes"]) == pytest.approx(12 * 0.5 / 60, rel=1e-3)
    # 8 and 3 times as loud as the noise around them.
    assert float(men["snr_db"]) == pytest.approx(20 * np.log10(8), abs=1.5)
    assert float(women["snr_db"]) == pytest.approx(20 * np.log10(3), abs=1.5)
    assert 7000 < float(men["bandwidth_hz"]) <= 8000
    assert (men["shared_prompts"], rows["accent", "German"]["shared_prompts"]) == ("1", "0")
    page = (tmp_path / "facts" / "stats.md").read_text()
    assert page.startswith("# AudioMNIST\n")
    assert "| gender | male | 12 | 12 | 0.1 |" in page
    assert (tmp_path / "facts" / "stats.png").read_bytes()[:4] == b"\x89PNG"


def test_stats_of_references_without_audio_say_so(data, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    done = callgap("corpus", "stats", "--corpus", "artie-bias", cwd=tmp_path)
    assert "There is no audio here" in words(done)
    done = callgap("corpus", "stats", cwd=tmp_path, check=False)
    assert (done.exit_code, "give PATH, or --corpus NAME" in done.stderr) == (2, True)


def test_a_dry_run_says_which_verdicts_the_speakers_allow(folder, tmp_path):
    done = callgap("run", "experiment=audiomnist", f"corpus.root={folder}", "dry_run=true", cwd=tmp_path)
    said = words(done)
    assert "23 utterances would be read; 23 can be used, of 23 speakers." in said
    assert "gender male 12 12 the reference" in said
    assert "gender female 11 11 up to: disadvantaged" in said
    assert "native_speaker no 23 23 described: no reference group is declared" in said
    assert "within margin" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_too_few_says_so_and_of_a_wrong_word_what_is_accepted(tmp_path):
    few = audiomnist(tmp_path / "few", men=3, women=2)
    done = callgap("run", "experiment=audiomnist", f"corpus.root={few}", "dry_run=true", cwd=tmp_path)
    assert "no verdict: it needs 10 speakers on each side, here 2 and 3" in words(done)
    done = callgap("run", "experiment=audiomnist", f"corpus.root={few}", "dry_run=yes", cwd=tmp_path, check=False)
    assert (done.exit_code, "dry_run: found 'yes'; accepted: true or false" in done.stderr) == (2, True)


def test_a_dry_run_refuses_a_reference_that_nobody_belongs_to_as_the_run_would(tmp_path):
    women = audiomnist(tmp_path / "women", men=0, women=3)
    done = callgap("run", "experiment=audiomnist", f"corpus.root={women}", "dry_run=true", cwd=tmp_path, check=False)
    assert (done.exit_code, "found 'male', which no speaker belongs to" in done.stderr) == (2, True)


def test_a_card_is_shown_with_who_is_missing_and_what_may_be_concluded(tmp_path):
    said = words(callgap("corpus", "card", "l2-arctic", cwd=tmp_path))
    for part in ("Who is missing", "What may be concluded", "Are recognizers trained on it", "For a procurement"):
        assert part in said
    assert "callgap corpus fetch vctk --to FOLDER" in words(callgap("corpus", "card", "vctk", cwd=tmp_path))
    assert "callgap corpus fetch" not in said
    assert "BANKING77" in words(callgap("corpus", "card", "banking77", cwd=tmp_path))
    listed = words(callgap("list", "corpus", cwd=tmp_path))
    assert "african-accented-french" in listed
    done = callgap("corpus", "card", "folder", cwd=tmp_path, check=False)
    assert (done.exit_code, "reads the user's own data" in done.stderr) == (2, True)


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def test_an_archive_is_refused_as_a_root_and_unpacked_by_the_command_it_names(folder, tmp_path):
    archive = zipped(folder, tmp_path / "a.zip")
    done = callgap("run", "experiment=audiomnist", f"corpus.root={archive}", "dry_run=true", cwd=tmp_path, check=False)
    assert (done.exit_code, f"callgap corpus unpack {archive} --to FOLDER" in done.stderr) == (2, True)
    assert callgap("corpus", "unpack", "a.zip", "--to", "new", cwd=tmp_path).output == "unpacked: new\n"
    assert "A run can use this corpus." in callgap("corpus", "check", "new", cwd=tmp_path).output


def test_a_corpus_is_fetched_checked_and_unpacked(folder, tmp_path, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    archive = zipped(folder, served / "a.zip")
    content = archive.read_bytes()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *arguments: None})
    with LocalServer(("127.0.0.1", 0), partial(quiet, directory=str(served))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/a.zip"
        known = Archive(address=address, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        card = load_card("audiomnist").model_copy(update={"archive": known, "repository": None})
        monkeypatch.setattr(corpora, "card_from", lambda path: card)
        assert callgap("corpus", "fetch", "audiomnist", "--to", "here", cwd=tmp_path).output == "fetched: here\n"
        other = card.model_copy(update={"archive": known.model_copy(update={"sha256": "0" * 64})})
        monkeypatch.setattr(corpora, "card_from", lambda path: other)
        done = callgap("corpus", "fetch", "audiomnist", "--to", "there", cwd=tmp_path, check=False)
        server.shutdown()
    assert "A run can use this corpus." in callgap("corpus", "check", "here", cwd=tmp_path).output
    assert (done.exit_code, "its SHA-256 is" in done.stderr) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} == {"served", "here"}


def test_an_archive_for_which_there_is_no_room_is_not_begun_and_one_that_is_refused_is_kept(tmp_path, monkeypatch):
    (tmp_path / "new.download").write_bytes(b"no archive")
    known = Archive(address="http://127.0.0.1:9/a.zip", sha256=hashlib.sha256(b"no archive").hexdigest(), size=10)
    card = load_card("vctk")
    monkeypatch.setattr(corpora, "card_from", lambda path: card.model_copy(update={"archive": known}))
    done = callgap("corpus", "fetch", "vctk", "--to", "new", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "new.download is no archive; accepted: .tar" in done.stderr
    assert "new.download is kept, so that the same command need not download it again" in done.stderr
    monkeypatch.setattr(
        corpora,
        "card_from",
        lambda path: card.model_copy(update={"archive": known.model_copy(update={"size": 10**18})}),
    )
    done = callgap("corpus", "fetch", "vctk", "--to", "new", cwd=tmp_path, check=False)
    assert (done.exit_code, "bytes left; accepted: 1,000,000,000,000,000,000 for the archive" in done.stderr) == (
        2,
        True,
    )
    assert {path.name for path in tmp_path.iterdir()} == {"new.download"}


def test_a_corpus_that_is_a_repository_is_checked_out(folder, tmp_path, monkeypatch):
    served = shutil.copytree(folder, tmp_path / "served")
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", served, *who, *command], check=True)
    commit = subprocess.run(["git", "-C", served, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    repository = Repository(address=f"file://{served}", commit=commit.stdout.strip())
    card = load_card("audiomnist").model_copy(update={"repository": repository})
    monkeypatch.setattr(corpora, "card_from", lambda path: card)
    assert callgap("corpus", "fetch", "audiomnist", "--to", "here", cwd=tmp_path).output == "fetched: here\n"
    assert "A run can use this corpus." in callgap("corpus", "check", "here", cwd=tmp_path).output
    monkeypatch.undo()
    done = callgap("corpus", "fetch", "fsdd", "--to", "there", cwd=tmp_path, check=False)
    assert (done.exit_code, "corpus=fsdd corpus.download=true" in done.stderr) == (2, True)


def test_a_place_that_cannot_be_made_is_one_sentence(folder, tmp_path):
    archive = zipped(folder, tmp_path / "a.zip")
    for command in (("unpack", archive), ("fetch", "vctk"), ("fetch", "audiomnist")):
        done = callgap("corpus", *command, "--to", "a.zip/new", cwd=tmp_path, check=False)
        assert (done.exit_code, done.stderr.strip()) == (2, "callgap: a.zip/new cannot be made: a.zip: File exists")


def test_what_asks_for_an_agreement_is_never_fetched(tmp_path):
    done = callgap("corpus", "fetch", "common-voice", "--to", "here", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "common-voice cannot be fetched: its makers ask for an agreement" in done.stderr
    assert "datasets/common-voice/README.md say how to get it" in done.stderr
    assert not list(tmp_path.iterdir())


def test_no_reader_takes_the_folder_of_cards_for_its_own(tmp_path):
    assert not [name for name, reader in corpora.readers().items() if corpora.fitting(reader, datasets_dir())]


@pytest.fixture
def words_of_six(tmp_path):
    """Speech Commands' layout: six speakers who say two words, two of them in the test split."""
    folder = tmp_path / "commands"
    for word in ("yes", "no"):
        (folder / word).mkdir(parents=True)
        for speaker in range(6):
            noise = 0.1 * np.random.default_rng(speaker).standard_normal(8000)
            soundfile.write(folder / word / f"{speaker:08x}_nohash_0.wav", noise, 16000, subtype="PCM_16")
    tested = [f"{word}/{speaker:08x}_nohash_0.wav" for word in ("yes", "no") for speaker in (0, 1)]
    (folder / "testing_list.txt").write_text("\n".join(tested) + "\n")
    (folder / "validation_list.txt").write_text("")
    (folder / "_background_noise_").mkdir()
    return folder


def test_a_corpus_is_read_as_its_experiment_does_or_as_it_is_told(words_of_six, tmp_path):
    said = words(callgap("corpus", "check", words_of_six, cwd=tmp_path))
    assert said.startswith("Read as experiment=speech-commands: split=test. 4 utterances of 2 speakers")
    assert said.endswith("A run can use this corpus.")
    assert "contradict" not in said
    told = words(callgap("corpus", "stats", words_of_six, "--set", "split=all", cwd=tmp_path))
    assert "12 utterances, 12 of which can be used" in told
    assert "Read as experiment=speech-commands: split=all." in told
    done = callgap("corpus", "check", words_of_six, "--set", "splitt=all", cwd=tmp_path, check=False)
    assert (done.exit_code, "corpus.splitt: there is no such key; did you mean 'split'?" in done.stderr) == (2, True)
    own = tmp_path / "manifest.csv"
    own.write_text("path,text,speaker_id\n")
    done = callgap("corpus", "check", own, "--set", "split=all", cwd=tmp_path, check=False)
    assert (done.exit_code, "is a corpus of your own" in done.stderr) == (2, True)


def test_a_dry_run_shows_the_values_of_a_condition_that_speakers_share(words_of_six, tmp_path):
    run = ("run", "experiment=speech-commands", f"corpus.root={words_of_six}", "dry_run=true")
    said = words(callgap(*run, "corpus.split=all", cwd=tmp_path))
    assert "word no 6 6 described: a condition, compared within speakers" in said
    assert "contradictory" not in said
    assert "Up to: with" not in said


def test_a_corpus_without_recordings_can_be_checked(data, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    said = words(callgap("corpus", "check", data / "slurp", "--corpus", "slurp", cwd=tmp_path))
    assert said.startswith("13,078 utterances, 0.0 minutes that can be used; 1,974 utterances are excluded")


def test_of_several_languages_the_experiment_of_the_one_that_is_told_is_taken(tmp_path):
    header = (
        "client_id\tpath\tsentence_id\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\tlocale\tsegment"
    )
    accents = {
        "en": ("United States English", "Scottish English"),
        "fr": ("Français de France", "Français de Belgique"),
    }
    for language, labels in accents.items():
        clips = tmp_path / "release" / language / "clips"
        clips.mkdir(parents=True)
        lines = [header]
        for number, label in enumerate(labels):
            name = f"common_voice_{language}_{number}.mp3"
            noise = 0.1 * np.random.default_rng(number).standard_normal(32000)
            soundfile.write(clips / name, noise, 32000, format="MP3")
            lines.append(f"c{number}\t{name}\ts{number}\tune phrase\t2\t0\t\t\t{label}\t\t{language}\t")
        (clips.parent / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for place, settings in (("release/fr", ()), ("release", ("--set", "locale=fr"))):
        said = words(callgap("corpus", "check", tmp_path / place, *settings, cwd=tmp_path, check=False))
        assert said.startswith("Read as experiment=common-voice-fr: locale=fr, split=test. 2 utterances of 2 speakers")
        assert "accents_country BE 1" in said

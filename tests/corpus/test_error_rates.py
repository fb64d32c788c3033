"""Published error rates: every row is an utterance with words and no text; the table is fetched on request alone."""

import functools
import hashlib
import http.server
import re
import threading

import pytest
from local_server import LocalServer
from rated import rated_rows, write_rated

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus.error_rates import ErrorRates
from callgap.errors import InputError
from callgap.remote import RemoteTable

ROWS = list(rated_rows())
COLUMNS = {"utterance_id": "segment_filename", "speaker_id": "basefile", "words": "wordcount", "race": "black_flag"}
LABELS = {"race": {"1": "Black", "0": "white"}}


@pytest.fixture
def file(tmp_path):
    return write_rated(tmp_path / "repository" / "output" / "Matched_WER.csv", ROWS)


def corpus(file, **options):
    return ErrorRates(file=file, **{"columns": COLUMNS, "labels": LABELS, "groups": ("race",), **options})


def koenecke(*overrides):
    return units(plain(composed(["experiment=koenecke-2020", *overrides])))


def changed(tmp_path, row, **cells):
    rows = [dict(r) for r in ROWS]
    rows[row] |= cells
    return write_rated(tmp_path / "changed.csv", rows)


def test_every_row_is_an_utterance_with_words_and_without_a_text(file):
    rows = corpus(file).utterances().to_pylist()
    assert [(r["utterance_id"], r["speaker_id"], r["words"], r["race"]) for r in rows] == [
        (r["segment_filename"], r["basefile"], int(r["wordcount"]), LABELS["race"][r["black_flag"]]) for r in ROWS
    ]
    assert {(r["text"], r["fault"], r["audio"]) for r in rows} == {(None, None, None)}


def test_the_published_columns_become_race_gender_and_bands_of_age(file):
    made = koenecke(f"corpus.root={file.parent}")["corpus"]
    frame = made.utterances().to_pandas()
    theirs = {r["basefile"]: r for r in ROWS}
    for speaker, own in frame.groupby("speaker_id"):
        cells = theirs[speaker]
        assert set(own["race"]) == {("white", "Black")[int(cells["black_flag"])]}
        assert set(own["gender"]) == {("male", "female")[int(cells["female_flag"])]}
    assert set(frame["age_band"]) == {"under 30", "30-44", "45-59", "60 and over"}
    assert frame["duration_s"].tolist() == [float(r["duration"]) for r in ROWS]
    assert set(made.card.attributes) == {"race", "gender", "source", "age_band"}
    # Which corpus a recording is of must be at hand: that race coincides with it is found there.
    assert not made.card.attributes["source"].of_person


def test_flags_as_pandas_and_as_r_write_them_are_the_same_groups(file, tmp_path):
    for one, zero in (("True", "False"), ("TRUE", "FALSE"), ("1.0", "0.0")):
        rows = [r | {"black_flag": one if r["black_flag"] == "1" else zero} for r in ROWS]
        folder = write_rated(tmp_path / one / "Matched_WER.csv", rows).parent
        found = koenecke(f"corpus.root={folder}")["corpus"].utterances()["race"].to_pylist()
        assert found == [("white", "Black")[int(r["black_flag"])] for r in ROWS]


def test_an_utterance_without_words_is_excluded_and_an_empty_flag_is_unknown(tmp_path):
    rows = corpus(changed(tmp_path, 0, wordcount="0", black_flag="")).utterances().to_pylist()
    assert (rows[0]["fault"], rows[0]["race"]) == ("empty_reference", None)
    assert {row["fault"] for row in rows[1:]} == {None}


@pytest.mark.parametrize("cell", ["", "-3", "12.5", "many", "nan", "inf"])
def test_a_number_of_words_that_is_none_is_one_sentence(tmp_path, cell):
    message = f"row 4, column 'wordcount': found {cell!r}; accepted: a whole number of words"
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(changed(tmp_path, 3, wordcount=cell)).utterances()


def test_a_whole_number_may_be_written_as_pandas_writes_it(tmp_path):
    assert corpus(changed(tmp_path, 3, wordcount="17.0")).utterances()["words"][3].as_py() == 17


def test_a_cell_without_a_label_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"row 2, column 'black_flag': found '2'; accepted: 0, 1"):
        corpus(changed(tmp_path, 1, black_flag="2")).utterances()


@pytest.mark.parametrize("lacking", ["wordcount", "basefile", "black_flag"])
def test_a_table_that_lacks_a_column_is_one_sentence(tmp_path, lacking):
    columns = [name for name in ROWS[0] if name != lacking]
    with pytest.raises(InputError, match=f"{lacking}: there is no such column"):
        corpus(write_rated(tmp_path / "t.csv", ROWS, columns)).utterances()


@pytest.fixture
def server(file):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    handler = functools.partial(Quiet, directory=file.parents[2])
    with LocalServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/{{revision}}/"
        serving.shutdown()


def remote(home, tmp_path, **options):
    given = {"revision": "repository", "download": True, "cache": tmp_path / "cache"} | options
    return RemoteTable(name="output/Matched_WER.csv", folder="koenecke-2020", home=home, **given)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A place where no table lies."""
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path / "nothing"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_the_table_is_fetched_at_the_revision_and_its_bytes_are_recorded(server, file, tmp_path, elsewhere):
    made = remote(server, tmp_path)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert made.path == tmp_path / "cache" / "koenecke-2020" / "repository" / "Matched_WER.csv"
    assert made.path.read_bytes() == file.read_bytes()
    assert made.read_revision == f"repository, sha256:{digest}"
    assert remote(server, tmp_path, sha256=digest).digest == digest


def test_a_table_that_is_not_the_pinned_one_is_refused(server, file, tmp_path, elsewhere):
    with pytest.raises(InputError, match="cannot be fetched"):
        _ = remote(server, tmp_path, sha256="0" * 64).path
    with pytest.raises(InputError, match=r"its SHA-256 is [0-9a-f]{64}, corpus\.sha256 is 0000"):
        _ = remote(server, tmp_path, sha256="0" * 64, root=file.parent).path


def test_an_address_that_gives_nothing_is_one_sentence(server, tmp_path, elsewhere):
    for home, revision in ((server, "nowhere"), ("http://127.0.0.1:9/{revision}/", "HEAD")):
        with pytest.raises(InputError, match=r"Matched_WER\.csv cannot be fetched"):
            _ = remote(home, tmp_path, revision=revision).path


def test_nothing_is_fetched_without_being_asked(server, tmp_path, elsewhere):
    with pytest.raises(InputError, match=r"corpus\.root=FOLDER.*corpus\.download=true"):
        _ = remote(server, tmp_path, download=False).path
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match=r"corpus\.download=true"):
        koenecke()["corpus"].utterances()


def test_a_folder_is_the_repository_or_the_one_that_holds_the_table(file, tmp_path):
    for root in (file.parent, file.parents[1]):
        assert koenecke(f"corpus.root={root}")["corpus"].revision().startswith("not stated, sha256:")
    with pytest.raises(InputError, match=r"holds neither output/Matched_WER\.csv nor Matched_WER\.csv"):
        koenecke(f"corpus.root={tmp_path}")["corpus"].utterances()


def test_where_data_is_kept_is_looked_at_before_anything_is_fetched(server, file, tmp_path, elsewhere, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    kept = write_rated(tmp_path / "koenecke-2020" / "Matched_WER.csv", ROWS[:8])
    assert remote(server, tmp_path).path == kept
    assert not (tmp_path / "cache").exists()


def test_the_recognizer_reads_the_table_of_the_corpus(file, tmp_path):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for system in ("google", "ibm", "amazon", "microsoft", "apple"):
        made = koenecke(f"corpus.root={file.parent}", f"recognizer=koenecke-{system}")
        found = made["recognizer"].identity()
        assert (found["id"], found["locale"]) == (system, "en-US")
        assert found["revision"].endswith(f"sha256:{digest}")
        assert made["corpus"].revision().endswith(f"sha256:{digest}")

"""`callgap audit` refuses tables that do not fit in one sentence, exit status 2, and leaves nothing behind."""

import pytest
from runs import callgap
from spoken import rows, trn, write

TABLE = list(rows())
RATED = ["id", "words", "a_wer", "speaker", "accent"]


def refused(folder, *arguments):
    done = callgap("audit", *arguments, cwd=folder, check=False)
    assert done.exit_code == 2
    assert done.stderr.startswith("callgap: ")
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


CALLS = ["id", "text", "hyp", "speaker", "accent"]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["text", "hyp", "speaker", "accent"], [], "t.csv has no column for the utterance; name it with --utterance"),
        (["id", "hyp", "speaker", "accent"], [], "no file says what was said; name the column with --reference; found"),
        (
            ["id", "text", "speaker", "accent"],
            [],
            "no file says what was understood; name the column with --hypothesis",
        ),
        (
            ["id", "text", "hyp", "accent"],
            [],
            "t.csv has no column for the speaker; name it with --speaker; found: id,",
        ),
        (
            ["id", "text", "hyp", "speaker"],
            [],
            "no file has a column to group speakers by; name one with --group; foun",
        ),
        (["id", "path", *CALLS[1:]], [], "both 'id' and 'path' may be the utterance; say which with --utterance"),
        (CALLS, ["--speaker=spaeker"], "--speaker: no file has the column 'spaeker'; did you mean 'speaker'?"),
        (CALLS, ["--group=gender"], "--group gender: no file has the column 'gender'; accepted: accent, hyp, id"),
        (CALLS, ["--reference-group=mars"], "found 'mars', which no speaker belongs to; accepted: scotland, us"),
        (
            CALLS,
            ["--reference-group=gender=m"],
            "callgap: --reference-group, accent: found 'gender=m', which no speaker belongs to; accepted: scotland, us",
        ),
        (CALLS, ["--output=/proc/x"], "callgap: --output /proc/x cannot be made: No such file or directory; choose"),
        (CALLS, ["--band=age=18"], "--band age: no file has the column 'age'; accepted: accent, hyp"),
        (CALLS, ["--band=accent=18"], "--band accent: found no number in the column 'accent'; accepted: a column of"),
        (CALLS, ["--band=accent"], "--band: found 'accent'; accepted: COLUMN=18,30,45, ascending numbers"),
        (CALLS, ["--band=accent=30,18"], "--band: found 'accent=30,18'; accepted: COLUMN=18,30,45, ascending"),
        (CALLS, ["--band=accent=1", "--band=accent=2"], "--band: found 'accent=2'; accepted: COLUMN=18,30,45"),
        (CALLS, ["--group=accent,speaker"], "t.csv has no column for the speaker"),
        (CALLS, ["--language=klingon"], "language: found 'klingon'; accepted: a BCP 47 tag, as en-US or fr"),
        (CALLS, ["--normalizer=charm"], "--normalizer: found 'charm'; accepted: basic, "),
        (CALLS, ["--output=t.csv"], "--output t.csv is no folder"),
        ([*CALLS, "gender"], ["--reference-group=us"], "--reference-group: found 'us'; accepted: accent=GROUP, gender"),
        ([*CALLS, "gender"], ["--reference-group=accent=us,accent=us"], "accepted: one group for each attribute"),
        ([*CALLS, "gender"], ["--reference-group=accent="], "accepted: one group for each attribute"),
    ],
)
def test_a_table_that_does_not_fit_is_one_sentence_and_writes_nothing(tmp_path, columns, options, message):
    write(tmp_path / "t.csv", [row | {"path": row["id"]} for row in TABLE], columns)
    assert message in refused(tmp_path, "t.csv", *options)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def twice(folder):
    write(folder / "a.csv", TABLE)
    return ["a.csv", "a.csv"]


def two_references(folder):
    write(folder / "a.csv", TABLE, ["id", "text"])
    write(folder / "b.csv", TABLE, ["id", "text"])
    write(folder / "c.csv", TABLE, ["id", "hyp"])
    return ["a.csv", "b.csv", "c.csv"]


def no_part(folder):
    write(folder / "a.csv", TABLE)
    write(folder / "b.csv", TABLE, ["id"])
    return ["a.csv", "b.csv"]


def another_reference(folder):
    write(folder / "a.csv", TABLE)
    write(folder / "b.csv", [*TABLE[:5], TABLE[5] | {"text": "what else"}, *TABLE[6:]])
    return ["a.csv", "b.csv"]


def another_group(folder):
    write(folder / "a.csv", TABLE)
    write(folder / "b.csv", [TABLE[0] | {"accent": "wales"}, *TABLE[1:]])
    return ["a.csv", "b.csv"]


def another_speaker(folder):
    write(folder / "a.csv", TABLE)
    write(folder / "b.csv", [TABLE[0] | {"speaker": "x"}, *TABLE[1:]])
    return ["a.csv", "b.csv"]


def unheard_of(folder):
    write(folder / "a.csv", TABLE)
    write(folder / "b.csv", [*TABLE, TABLE[0] | {"id": "mars-0"}], ["id", "hyp"])
    return ["a.csv", "b.csv"]


def same_id(folder):
    write(folder / "a.csv", [*TABLE, TABLE[0]])
    return ["a.csv"]


def spaces(folder):
    write(folder / "a.csv", [TABLE[0] | {"id": "a "}, *TABLE[1:]])
    return ["a.csv"]


def strangers(folder):
    write(folder / "a.csv", TABLE, ["id", "text", "hyp", "speaker"])
    write(folder / "b.csv", [row | {"id": f"x{row['id']}"} for row in TABLE], ["id", "accent"])
    return ["a.csv", "b.csv"]


def nothing_said(folder):
    write(folder / "a.csv", [row | {"text": ("", "...")[place % 2]} for place, row in enumerate(TABLE)])
    return ["a.csv"]


def nothing_counted(folder):
    write(folder / "a.csv", [row | {"words": "", "a_wer": "0.5"} for row in TABLE], RATED)
    return ["a.csv"]


def reserved(folder):
    write(folder / "input.csv", TABLE)
    return ["input.csv"]


def no_speaker_in_the_id(folder):
    trn(folder / "a.trn", [row | {"id": f"_{row['id']}"} for row in TABLE], "text")
    trn(folder / "b.trn", [row | {"id": f"_{row['id']}"} for row in TABLE], "hyp")
    write(folder / "c.csv", TABLE, ["speaker", "accent"])
    return ["a.trn", "b.trn", "c.csv"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (twice, "a.csv is given 2 times"),
        (two_references, "a.csv and b.csv both hold references and no hypotheses"),
        (no_part, "b.csv plays no part: neither texts nor groups of speakers; found: id"),
        (
            another_reference,
            "the utterance 'us02-1', reference: found 'i want to speak to a person' in a.csv and 'what ",
        ),
        (another_group, "the utterance 'us00-0', accent: found 'us' in a.csv and 'wales' in b.csv; they must agree"),
        (another_speaker, "the utterance 'us00-0', speaker: found 'us00' in a.csv and 'x' in b.csv"),
        (unheard_of, "b.csv, row 49: a.csv has no utterance 'mars-0'; its ids are like 'us00-0'"),
        (same_id, "a.csv, row 1 and row 49: both have 'us00-0' in the column 'id'"),
        (spaces, "a.csv, row 1, column 'id': found 'a '; accepted: an id, no spaces around it"),
        (strangers, "b.csv: none of its utterances is one of a.csv"),
        (nothing_said, "a.csv, column 'text': every row is empty; accepted: what was said"),
        (nothing_counted, "a.csv, column 'words': every row is empty; accepted: how many words were said"),
        (reserved, "input.csv: 'input' cannot be the name of a system here; rename the file"),
        (no_speaker_in_the_id, "a.trn: the id '_us00-0' names no speaker before its first '-' or '_'"),
        (lambda folder: ["nowhere.csv"], "nowhere.csv cannot be read"),
        (lambda folder: ["nowhere.xls"], "nowhere.xls: found the ending '.xls'; accepted: .csv"),
    ],
)
def test_files_that_do_not_fit_together_are_one_sentence_and_write_nothing(tmp_path, made, message):
    files = made(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert message in refused(tmp_path, *files)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_nul_character_is_refused_with_its_row_and_column(tmp_path):
    write(tmp_path / "t.csv", [*TABLE[:2], TABLE[2] | {"text": "wo\0rd"}, *TABLE[3:]], CALLS)
    assert "t.csv, row 3, column text: found a NUL character" in refused(tmp_path, "t.csv")


def test_a_merged_input_is_taken_back_when_the_rest_is_refused(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text"])
    write(tmp_path / "heard.csv", TABLE, ["id", "hyp", "speaker", "accent"])
    assert "which no speaker belongs to" in refused(tmp_path, "said.csv", "heard.csv", "--reference-group=mars")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heard.csv", "said.csv"]


def test_a_merged_input_that_cannot_be_written_names_the_option(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text"])
    write(tmp_path / "heard.csv", TABLE, ["id", "hyp", "speaker", "accent"])
    printed = refused(tmp_path, "said.csv", "heard.csv", "--output=/proc/x")
    assert "--output /proc/x cannot be made: No such file or directory" in printed


def test_a_folder_that_holds_an_audit_is_refused(tmp_path):
    write(tmp_path / "calls.csv", TABLE)
    callgap("audit", "calls.csv", cwd=tmp_path)
    assert "--output audit-calls holds an audit already" in refused(tmp_path, "calls.csv")

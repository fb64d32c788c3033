"""Invented transcripts, as a user's tables would hold them."""

import csv

SENTENCES = ("what is my balance please", "i want to speak to a person")
HEADER = ("id", "text", "hyp", "speaker", "accent", "gender")


def rows(speakers=12, accents=("us", "scotland"), wrong=3):
    """Two sentences of each speaker; in the second accent every `wrong`-th has its first word misheard."""
    for place, accent in enumerate(accents):
        for number in range(speakers):
            for sentence, text in enumerate(SENTENCES):
                misheard = place and number % wrong == 0
                yield {
                    "id": f"{accent}{number:02d}-{sentence}",
                    "text": text,
                    "hyp": " ".join(["that", *text.split()[1:]]) if misheard else text,
                    "speaker": f"{accent}{number:02d}",
                    "accent": accent,
                    "gender": ("f", "m")[number % 2],
                }


def write(path, table, columns=HEADER, names=None):
    """Write some columns of a table, under other names where `names` has them; tabs for `.tsv`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",", lineterminator="\n")
        writer.writerow([(names or {}).get(column, column) for column in columns])
        writer.writerows([[row[column] for column in columns] for row in table])
    return path


def trn(path, table, column):
    """Write one column as NIST transcripts."""
    path.write_text("".join(f"{row[column]} ({row['id']})\n" for row in table), encoding="utf-8")
    return path

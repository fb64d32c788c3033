"""A small table in the columns that Koenecke et al. publish, of invented speakers."""

import csv
import random

SYSTEMS = ("google", "ibm", "amazon", "msft", "apple")
HEADER = (
    *("segment_filename", "basefile", "black_flag", "age", "female_flag", "source", "duration", "wordcount"),
    *(f"clean_{system}_wer" for system in SYSTEMS),
)


def rated_rows(speakers=12, snippets=4, seed=3):
    """Snippets of as many Black as white speakers; every error of the former is half as likely again."""
    draw = random.Random(seed)
    for black in (1, 0):
        for number in range(speakers):
            speaker = f"{('SAC', 'DCB')[black]}_{number:02d}"
            for snippet in range(snippets):
                words = draw.randint(8, 40)
                wrong = [sum(draw.random() < 0.2 * (1 + black / 2) for _ in range(words)) for _ in SYSTEMS]
                yield {
                    "segment_filename": f"{speaker}_{snippet}",
                    "basefile": speaker,
                    "black_flag": str(black),
                    "age": str(20 + 4 * number),
                    "female_flag": str(number % 2),
                    "source": speaker[:3],
                    "duration": f"{words / 2.5:.2f}",
                    "wordcount": str(words),
                    **{f"clean_{s}_wer": repr(w / words) for s, w in zip(SYSTEMS, wrong, strict=True)},
                }


def write_rated(path, rows=None, columns=HEADER):
    """Write the table; rows may hold further columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rated_rows() if rows is None else rows)
    return path

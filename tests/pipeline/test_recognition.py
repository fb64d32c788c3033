"""From utterances to hypotheses: windows joined, faults kept, transcripts looked up."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from callgap.alteration import Identity
from callgap.audio import AudioBatch
from callgap.channel import Clean
from callgap.corpus import load_card
from callgap.fairness.covariates import measure, merged
from callgap.recognition import Job, Recognition, joined
from callgap.recognizer import Hypothesis, Transcription
from callgap.recognizing import evened
from callgap.records import OPEN, ItemStatus, Status, table, utterances_schema
from callgap.speech import Speech

RATE = 8000
FAILED = ItemStatus(Status.FAILED, "timeout")


def tone(seconds, hz=200.0):
    return torch.sin(2 * torch.pi * hz * torch.arange(round(seconds * RATE)) / RATE).float() * 0.3


@dataclass
class Recordings:
    """One batch per window, as a long recording arrives."""

    windows: dict
    has_audio: bool = True
    card: object = field(default_factory=lambda: load_card("fsdd"))
    loads: int = 0

    def load(self, utterances):
        self.loads += 1
        for utterance in utterances["utterance_id"].to_pylist():
            begin = 0
            for signal in self.windows[utterance]:
                place = torch.tensor([[begin, begin + len(signal)]])
                begin += len(signal)
                lengths = torch.tensor([len(signal)])
                yield AudioBatch(signal[None], lengths, RATE, (utterance,), place, (ItemStatus(Status.OK),))


@dataclass
class Counting:
    """Says which samples of the recording it was given; fails where told to."""

    fails_at: int | None = None
    hears: bool = True
    seen: list = field(default_factory=list)

    def transcribe(self, batch, context):
        assert context.grammar is None
        self.seen += batch.item_ids
        found = []
        for index in range(len(batch)):
            begin, end = batch.windows[index].tolist()
            failed = begin == self.fails_at
            found.append(Hypothesis(None, FAILED) if failed else Hypothesis(f"{begin}-{end}", latency_s=1.0))
        return Transcription(batch.utterance_ids, tuple(found))


def utterances(**faults):
    rows = [
        {"utterance_id": u, "speaker_id": "s", "text": "a b", "slots": [], "fault": faults.get(u), "duration_s": 7.0}
        for u in ("long", "short")
    ]
    return table(rows, utterances_schema([]))


def heard(corpus, recognizer, rows, measured=True):
    stage = Recognition(Speech(corpus, Identity()), Clean(), recognizer, {}, "en-US")
    part = stage(Job(rows, OPEN, measured))
    return part, {row["utterance_id"]: row for row in part.hypotheses.to_pylist()}


def recordings():
    return Recordings({"long": [tone(1.0), tone(2.0), tone(0.5)], "short": [tone(1.0)]})


def test_the_windows_of_a_recording_become_one_text_in_their_order():
    recognizer = Counting()
    part, found = heard(recordings(), recognizer, utterances())
    assert found["long"]["text"] == "0-8000 8000-24000 24000-28000"
    assert found["short"]["text"] == "0-8000"
    assert recognizer.seen == ["long", "long@8000", "long@24000", "short"]
    assert part.timings["latency_s"].to_pylist() == [3.0, 1.0]


def test_a_recording_with_a_window_that_failed_has_no_text():
    _, found = heard(recordings(), Counting(fails_at=8000), utterances())
    assert (found["long"]["status"], found["long"]["reason"], found["long"]["text"]) == ("failed", "timeout", None)
    assert found["short"]["status"] == "ok"


def test_a_row_with_a_fault_is_excluded_unheard_and_stays_in_its_place():
    corpus, recognizer = recordings(), Counting()
    part, found = heard(corpus, recognizer, utterances(long="missing_speaker"))
    assert part.hypotheses["utterance_id"].to_pylist() == ["long", "short"]
    assert (found["long"]["status"], found["long"]["reason"]) == ("excluded", "missing_speaker")
    assert recognizer.seen == ["short"]


def test_a_recognizer_that_looks_texts_up_is_asked_once_per_utterance():
    corpus, recognizer = recordings(), Counting(hears=False)
    part, found = heard(corpus, recognizer, utterances())
    assert recognizer.seen == ["long", "short"]
    assert part.covariates["duration_s"].to_pylist() == [3.5, 1.0]
    assert found["long"]["text"] == "0-0"


def test_a_recording_that_nobody_can_hear_is_excluded_whatever_text_is_stored():
    class Damaged(Recordings):
        def load(self, utterances):
            for batch in super().load(utterances):
                bad = batch.utterance_ids == ("short",)
                status = ItemStatus(Status.EXCLUDED, "truncated_audio") if bad else batch.statuses[0]
                yield replace(batch, statuses=(status,))

    class Stored(Counting):
        def transcribe(self, batch, context):
            found = super().transcribe(batch, context)
            kept = zip(found.hypotheses, batch.statuses, strict=True)
            return replace(
                found, hypotheses=tuple(h if s.status is Status.OK else Hypothesis(None, s) for h, s in kept)
            )

    corpus = Damaged(recordings().windows)
    for measured in (True, False):
        _, found = heard(corpus, Stored(hears=False), utterances(), measured=measured)
        assert (found["short"]["status"], found["short"]["reason"]) == ("excluded", "truncated_audio")
        assert found["long"]["status"] == "ok"


def test_without_audio_nothing_is_loaded_and_the_corpus_gives_the_durations():
    corpus = recordings()
    corpus.has_audio = False
    part, _ = heard(corpus, Counting(hears=False), utterances())
    assert corpus.loads == 0
    assert part.covariates["duration_s"].to_pylist() == [7.0, 7.0]
    assert part.covariates["snr_db"].to_pylist() == [None, None]


def test_covariates_are_measured_once_where_asked():
    part, _ = heard(recordings(), Counting(), utterances(), measured=False)
    assert part.covariates.num_rows == 0


def test_silence_in_every_window_keeps_the_reason():
    nothing = Hypothesis("", ItemStatus(Status.OK, "no_speech"))
    assert joined([nothing, nothing]).status.reason == "no_speech"
    assert joined([nothing, Hypothesis("yes")]).text == "yes"
    assert joined([nothing, Hypothesis("yes")]).status.reason is None


def test_covariates_of_windows_are_those_of_the_whole():
    random = np.random.default_rng(0)
    whole = (tone(4.0).numpy() + 0.001 * random.standard_normal(4 * RATE)).astype(np.float32)
    parts = [measure(piece, RATE, 6) for piece in np.split(whole, [RATE])]
    one, together = measure(whole, RATE, 6), merged(parts)
    assert together["duration_s"] == one["duration_s"] == 4.0
    assert together["speaking_rate"] == pytest.approx(one["speaking_rate"], rel=0.02)
    assert together["f0"] == pytest.approx(200, abs=2)
    assert together["clipping"] == one["clipping"] == 0.0


def test_a_window_too_short_to_measure_leaves_the_others():
    short, long = measure(np.zeros(10, np.float32), RATE, 1), measure(tone(1.0).numpy(), RATE, 1)
    assert merged([short, long])["f0"] == long["f0"]
    assert merged([short, short])["f0"] is None


@pytest.mark.parametrize(("counts", "size"), [([5], 48), ([48, 48, 7], 48), ([300, 2], 300), ([1], 1)])
def test_jobs_get_smaller_towards_the_end_and_lose_nothing(counts, size):
    ids = [f"u{n}" for n in range(sum(counts))]
    rows = table([{"utterance_id": u, "slots": []} for u in ids], utterances_schema([]))
    begins = [sum(counts[:n]) for n in range(len(counts))]
    jobs = [
        Job(rows.slice(begin, count), str(n), n == 0)
        for n, (begin, count) in enumerate(zip(begins, counts, strict=True))
    ]
    found = list(evened(jobs))
    assert [u for job in found for u in job.utterances["utterance_id"].to_pylist()] == ids
    assert [(job.grammar_id, job.measure) for job in found] == sorted((job.grammar_id, job.measure) for job in found)
    assert max(len(job.utterances) for job in found) <= max(4, -(-len(ids) // 16))
    assert all(len(job.utterances) <= 4 for job in found[-2:])

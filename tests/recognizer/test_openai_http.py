"""`openai-http` against a real server: what is sent, what comes of each answer, and how many ask at once."""

import math
import pickle
import threading
import time

import pytest
import torch
from transcriber import Answer, refused, said, serving

from callgap.audio import batch_of
from callgap.recognizer import Central, Sound
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import OK, Context, ItemStatus, Status

CONTEXT = Context("fr-BE")


def sounds(count):
    """Each one sample longer than the one before, so that the server can tell them apart."""
    return [Sound(torch.zeros(1600 + place), 16000, f"u{place}") for place in range(count)]


def place_of(request):
    return len(request.samples) - 1600


def made(server, **options):
    return OpenAiHttp(**{"base_url": server.url, "model": "whisper-x", "longest_wait_s": 0.01} | options)


def answers(server, count=1, **options):
    found = dict(made(server, **options).recognize(sounds(count), CONTEXT))
    assert sorted(found) == list(range(count))
    return [found[place] for place in range(count)]


def outcome(answer, **options):
    with serving(answer=lambda request: answer) as server:
        (found,) = answers(server, **options)
    return found.text, found.status.status.value, found.status.reason


def test_it_is_a_recognizer_that_works_for_all_processes():
    assert isinstance(OpenAiHttp("http://localhost/v1", "m"), Central)


def test_the_form_holds_the_sound_and_what_openai_asks_for():
    with serving() as server:
        recognizer = made(server, prompt="Café, naïve: 你好", fields={"vad": True, "hint[]": ("a", "b"), "n": 3})
        signal = torch.tensor([0.0, 0.5, -0.5, 1.0, -1.0, 2.0] * 100)
        ((place, found),) = recognizer.recognize([Sound(signal, 16000, "caller-7")], CONTEXT)
        (request,) = server.requests
    assert (place, found.text, found.status, found.n_best) == (0, "yes", OK, ("yes",))
    assert request.path == "/v1/audio/transcriptions"
    assert request.fields == {
        "model": ["whisper-x"],
        "language": ["fr"],
        "response_format": ["verbose_json"],
        "temperature": ["0"],
        "prompt": ["Café, naïve: 你好"],
        "vad": ["true"],
        "hint[]": ["a", "b"],
        "n": ["3"],
    }
    assert (request.sample_rate, request.subtype, request.filename) == (16000, "PCM_16", "audio.wav")
    assert (request.samples[:6] * 32768).tolist() == [0, 16384, -16384, 32767, -32767, 32767]
    assert "authorization" not in request.headers
    assert "caller-7" not in str(request)


def test_a_detected_language_is_not_told_and_is_counted():
    with serving(answer=lambda request: said(text="oui", language="french")) as server:
        recognizer = made(server, language_mode="detected", response_format="json", temperature=0.5)
        list(recognizer.recognize(sounds(3), CONTEXT))
        fields = server.requests[0].fields
    assert fields == {"model": ["whisper-x"], "response_format": ["json"], "temperature": ["0.5"]}
    assert recognizer.notes() == {
        "concurrency": 8,
        "results": {"ok": 3},
        "repeated_requests": 0,
        "detected_languages": {"french": 3},
    }


def test_another_rate_is_resampled_to_like_in_a_batch():
    signal = torch.sin(torch.arange(8000) * 0.3) * 0.5
    with serving() as server:
        batch = batch_of([signal], 8000, ["u"])
        found = made(server, sample_rate=16000).transcribe(batch, CONTEXT)
        (request,) = server.requests
    assert found.hypotheses[0].text == "yes"
    assert request.sample_rate == 16000
    wanted = batch.resampled(16000).signal(0)
    assert torch.allclose(torch.from_numpy(request.samples).float() * 32768 / 32767, wanted, atol=1 / 32767)


def test_an_item_without_audio_keeps_its_status_and_is_not_sent():
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    batch = batch_of([torch.zeros(n) for n in (1600, 0, 1602)], 16000, list("abc"), [OK, excluded, OK])
    with serving(answer=lambda request: said(text=str(place_of(request)))) as server:
        found = made(server).transcribe(batch, CONTEXT)
        assert len(server.requests) == 2
    assert [h.text for h in found.hypotheses] == ["0", None, "2"]
    assert found.hypotheses[1].status == excluded


def test_nothing_to_recognize_asks_nobody():
    with serving() as server:
        assert list(made(server).recognize([], CONTEXT)) == []
        assert server.connections == 0


def test_confidence_is_the_geometric_mean_over_the_tokens_of_all_segments():
    segments = [{"avg_logprob": -0.1, "tokens": [1, 2, 3]}, {"avg_logprob": -0.5, "tokens": [4]}, "?", {"id": 3}]
    with serving(answer=lambda request: said(text=" a b ", segments=segments)) as server:
        (found,) = answers(server)
    assert found.text == "a b"
    assert found.confidence == pytest.approx(math.exp((3 * -0.1 - 0.5) / 4), rel=1e-12)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"segments": [{"avg_logprob": -1, "start": 0, "end": 3}, {"avg_logprob": -2, "start": 3, "end": 4}]}, -1.25),
        ({"logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -0.25}]}, -0.375),
        ({"segments": [{"avg_logprob": 1.0}]}, None),
        ({"segments": [{"avg_logprob": True}]}, None),
        ({"segments": {"avg_logprob": -1}}, None),
        ({"segments": []}, None),
        ({}, None),
    ],
)
def test_a_confidence_is_what_the_server_states_or_none(content, wanted):
    with serving(answer=lambda request: said(text="a", **content)) as server:
        (found,) = answers(server)
    assert found.confidence == (None if wanted is None else pytest.approx(math.exp(wanted), rel=1e-12))


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (said(text="  你好, café \n"), ("你好, café", "ok", None)),
        (Answer(body=b'\xef\xbb\xbf{"text": "bom"}'), ("bom", "ok", None)),
        (said(text=""), ("", "ok", None)),
        (said(words=[]), (None, "missing", "no_text")),
        (said(text=None), (None, "missing", "no_text")),
        (Answer(body=b"[]"), (None, "missing", "no_text")),
        (said(text=3), (None, "failed", "bad_json")),
        (Answer(body=b"yes"), (None, "failed", "bad_json")),
        (Answer(body=b'{"text": "\\ud800"}'), (None, "failed", "bad_json")),
        (Answer(body=b'{"a":' * 100_000), (None, "failed", "bad_json")),
        (Answer(body=b'{"text": "caf\xe9"}'), (None, "failed", "not_utf8")),
        (Answer(body=b'{"text": "' + b"x" * 2**24), (None, "failed", "too_much_output")),
        (refused(400, message="broken file", code="invalid_audio"), (None, "failed", "http_400")),
        (Answer(413, b"<html>"), (None, "failed", "http_413")),
        (refused(422, message="too short"), (None, "failed", "http_422")),
        (refused(400, message="no", code="content_policy_violation"), (None, "refused", "content_policy")),
        (refused(403 + 48, message="no"), (None, "refused", "http_451")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_answer_is_of_its_own_utterance_only(answer, wanted):
    assert outcome(answer) == wanted


def test_a_slow_answer_is_given_up_and_not_asked_for_again():
    over = threading.Event()

    def slow(request):
        if place_of(request) == 1:
            over.wait(20)
        return said(text="fast")

    with serving(answer=slow) as server:
        begin = time.monotonic()
        found = answers(server, 3, timeout_s=0.5)
        assert time.monotonic() - begin < 5
        assert len(server.requests) == 3
        over.set()
    assert [h.text for h in found] == ["fast", None, "fast"]
    assert found[1].status == ItemStatus(Status.FAILED, "timeout")
    assert 0.5 <= found[1].latency_s < 3


def test_an_answer_in_chunks_is_read_and_its_connection_used_again():
    with serving(answer=lambda request: Answer(body=b'{"text": "bit by bit"}', pause_s=0.0)) as server:
        assert [h.text for h in answers(server, 3, concurrency=1)] == ["bit by bit"] * 3
        assert server.connections == 1


def test_an_answer_that_never_ends_is_given_up_in_time():
    with serving(answer=lambda request: Answer(body=b" " * 200, pause_s=0.1)) as server:
        begin = time.monotonic()
        (found,) = answers(server, timeout_s=0.5)
        assert time.monotonic() - begin < 5
    assert found.status == ItemStatus(Status.FAILED, "timeout")
    assert found.latency_s == pytest.approx(0.5, abs=0.4)


def test_latency_is_that_of_the_request_without_the_wait_for_others():
    def slow(request):
        time.sleep(0.2)
        return said(text="yes")

    with serving(answer=slow) as server:
        begin = time.monotonic()
        found = answers(server, 4, concurrency=1)
        assert time.monotonic() - begin >= 0.8
    assert all(0.2 <= h.latency_s < 0.8 for h in found)


@pytest.mark.parametrize("concurrency", [1, 5])
def test_so_many_ask_at_once_and_no_more(concurrency):
    together = threading.Barrier(concurrency)

    def answer(request):
        together.wait(20)
        return said(text=str(place_of(request)))

    with serving(answer=answer) as server:
        found = answers(server, 4 * concurrency, concurrency=concurrency)
        assert server.most == concurrency
        # Connections stay open: no more than there are threads.
        assert server.connections == concurrency
    assert [h.text for h in found] == [str(place) for place in range(4 * concurrency)]


def test_results_come_as_they_are_ready():
    first = threading.Event()

    def answer(request):
        if place_of(request) == 0:
            first.wait(20)
        return said(text="yes")

    with serving(answer=answer) as server:
        coming = made(server, concurrency=2).recognize(sounds(3), CONTEXT)
        assert sorted(place for place, _ in (next(coming), next(coming))) == [1, 2]
        first.set()
        assert [place for place, _ in coming] == [0]


def test_what_is_no_longer_wanted_is_not_asked_for():
    with serving() as server:
        coming = made(server, concurrency=1).recognize(sounds(500), CONTEXT)
        next(coming)
        coming.close()
        time.sleep(0.2)
        assert len(server.requests) < 500


def test_the_identity_is_what_the_user_says():
    assert OpenAiHttp("http://h/v1", "m").identity() == {"id": "m", "revision": "not stated", "locale": "not stated"}
    given = {"id": "asr", "revision": "2.1", "locale": "fr-FR"}
    assert OpenAiHttp("http://h/v1", "m", **given).identity() == given


def test_a_copy_that_went_to_another_process_asks_the_same():
    with serving() as server:
        recognizer = made(server)
        assert dict(recognizer.recognize(sounds(1), CONTEXT))[0].text == "yes"
        copy = pickle.loads(pickle.dumps(recognizer))
        assert copy == recognizer
        assert copy.notes()["results"] == {}
        assert dict(copy.recognize(sounds(1), CONTEXT))[0].text == "yes"

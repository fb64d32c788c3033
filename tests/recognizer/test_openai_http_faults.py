"""`openai-http` where the server is busy, breaks, refuses the key or sends elsewhere."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
import torch
from transcriber import Answer, refused, said, serving

from callgap.errors import InputError
from callgap.recognizer import Sound
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import Context, ItemStatus, Status
from callgap.server.client import Reply, UnansweredError
from callgap.server.patience import Patience, retry_after

CONTEXT = Context("en-US")


def sounds(count):
    return [Sound(torch.zeros(1600 + place), 16000) for place in range(count)]


def made(server, **options):
    return OpenAiHttp(**{"base_url": server.url, "model": "m", "longest_wait_s": 0.01} | options)


def collect(found, recognizer, count):
    for place, hypothesis in recognizer.recognize(sounds(count), CONTEXT):
        found[place] = hypothesis.text


def after(*first, then):
    """An answer function that gives the first answers in turn, and then the last one."""
    left = list(first)
    lock = threading.Lock()

    def answer(request):
        with lock:
            return left.pop(0) if left else then

    return answer


@pytest.mark.parametrize(
    "passing",
    [Answer(429), Answer(500), Answer(503, b"<html>"), Answer(408), Answer(reset=True)],
    ids=lambda answer: "reset" if answer.reset else str(answer.status),
)
def test_what_passes_is_asked_again_and_costs_no_utterance(passing):
    with serving(answer=after(passing, passing, then=said(text="yes"))) as server:
        recognizer = made(server)
        ((_, found),) = recognizer.recognize(sounds(1), CONTEXT)
        assert len(server.requests) == 3
    assert found.text == "yes"
    assert recognizer.notes()["repeated_requests"] == 2


@pytest.mark.parametrize(
    ("lasting", "reason"),
    [(Answer(429), "http_429"), (Answer(502), "http_502"), (Answer(reset=True), "connection_lost")],
)
def test_what_does_not_pass_fails_its_utterance_alone_after_so_many_attempts(lasting, reason):
    def answer(request):
        return lasting if len(request.samples) == 1600 else said(text="yes")

    with serving(answer=answer) as server:
        found = dict(made(server, retries=2).recognize(sounds(3), CONTEXT))
        assert Counter(len(request.samples) for request in server.requests) == {1600: 3, 1601: 1, 1602: 1}
    assert found[0].status == ItemStatus(Status.FAILED, reason)
    assert found[0].latency_s > 0
    assert [found[1].text, found[2].text] == ["yes", "yes"]


def test_a_refused_utterance_is_not_asked_for_again():
    with serving(answer=lambda request: Answer(400)) as server:
        list(made(server).recognize(sounds(1), CONTEXT))
        assert len(server.requests) == 1


def test_the_wait_that_the_server_asks_for_is_waited():
    with serving(answer=after(Answer(429, headers={"Retry-After": "1"}), then=said(text="yes"))) as server:
        begin = time.monotonic()
        ((_, found),) = made(server, longest_wait_s=5).recognize(sounds(1), CONTEXT)
        assert 1.0 <= time.monotonic() - begin < 5
    assert found.text == "yes"
    # The wait is not the recognizer's.
    assert found.latency_s < 1.0


def test_a_wait_that_is_too_long_stops_the_run():
    with (
        serving(answer=lambda request: Answer(503, headers={"Retry-After": "3600"})) as server,
        pytest.raises(InputError, match=r"asks to wait 3600 s, recognizer.longest_wait_s is 0.01; .* resume="),
    ):
        list(made(server).recognize(sounds(1), CONTEXT))


@pytest.mark.parametrize(
    ("said_by_server", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("-3", 0),
        ("nan", 0),
        ("soon", 0),
        ("", 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_date(said_by_server, seconds):
    now = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
    assert retry_after({"retry-after": said_by_server}, now) == seconds


def waits(seed, *, retries=4, longest_wait_s=60.0):
    """What would be waited for a server that never recovers."""

    class Stop:
        waited = ()

        def wait(self, seconds):
            self.waited += (seconds,)

    def ask():
        raise UnansweredError("connection_lost")

    stop = Stop()
    with pytest.raises(UnansweredError):
        Patience(retries, longest_wait_s, "recognizer", "").answered(ask, seed, stop, lambda: None)
    return stop.waited


def test_waits_double_are_drawn_from_the_upper_half_and_the_same_for_the_same_utterance():
    for seed in range(50):
        assert all(2.0**n / 4 <= waited <= 2.0**n / 2 for n, waited in enumerate(waits(seed)))
    assert waits(7) == waits(7) != waits(8)
    assert max(waits(7, retries=12, longest_wait_s=3.0)) == 3.0
    assert waits(7, retries=0) == ()


def test_no_attempt_is_left_for_a_quota_that_is_used_up():
    reply = Reply(429, {}, b'{"error": {"code": "insufficient_quota"}}', 0.0)
    assert Patience(5, 60, "recognizer", "").answered(lambda: reply, 0, threading.Event(), lambda: None) is reply


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (refused(401, message="Incorrect key provided: sec***ret"), r"wants a key \(401\)"),
        (refused(403, message="no"), r"refuses the request \(403\)"),
        (refused(404, message="The model `m` does not exist"), r"has no model 'm' \(404\): 'The model `m` does not"),
        (Answer(404, b"<html>"), r"/v1/audio/transcriptions is not there"),
        (refused(402, message="pay"), r"answers nobody any more \(402\): 'pay'"),
        (refused(429, code="insufficient_quota", message="spent"), r"answers nobody any more \(429\): 'spent'"),
        (Answer(308, headers={"Location": "/elsewhere"}), r"sends elsewhere \(308\)"),
    ],
)
def test_what_concerns_all_stops_the_run_and_what_came_before_counts(fault, message):
    def answer(request):
        return fault if len(request.samples) == 1605 else said(text=str(len(request.samples)))

    with serving(answer=answer) as server:
        found = {}
        with pytest.raises(InputError, match=message) as raised:
            collect(found, made(server, concurrency=1), 50)
        assert len(server.requests) < 50
    assert str(raised.value).endswith("what was understood before is kept, go on with resume=<run directory>")
    assert found == {place: str(1600 + place) for place in range(5)}


def test_what_others_had_asked_for_when_the_key_was_refused_counts_too():
    both = threading.Barrier(2)

    def answer(request):
        both.wait(20)
        if len(request.samples) == 1600:
            return Answer(401)
        time.sleep(0.3)
        return said(text="late")

    with serving(answer=answer) as server:
        found = {}
        with pytest.raises(InputError):
            collect(found, made(server, concurrency=2), 2)
    assert found == {1: "late"}


def test_who_waits_for_another_attempt_stops_at_once_when_the_others_do():
    def answer(request):
        if len(request.samples) == 1600:
            return Answer(503, headers={"Retry-After": "30"})
        time.sleep(0.2)
        return Answer(401)

    with serving(answer=answer) as server:
        begin = time.monotonic()
        with pytest.raises(InputError, match="401"):
            list(made(server, concurrency=2, longest_wait_s=60).recognize(sounds(2), CONTEXT))
        assert time.monotonic() - begin < 10


def test_a_request_that_the_server_never_takes_stops_the_run_before_all_utterances_are_charged():
    with serving(answer=lambda request: refused(400, message="response_format is unknown")) as server:
        with pytest.raises(InputError, match=r"nothing but 400: 'response_format is unknown'; see recognizer.model"):
            list(made(server, concurrency=4).recognize(sounds(500), CONTEXT))
        assert len(server.requests) < 40


def test_utterances_that_are_refused_beside_one_that_is_heard_stop_nothing():
    def answer(request):
        return said(text="yes") if len(request.samples) == 1600 else Answer(400)

    with serving(answer=answer) as server:
        found = dict(made(server, concurrency=1).recognize(sounds(60), CONTEXT))
    assert Counter(hypothesis.status.status for hypothesis in found.values()) == {Status.OK: 1, Status.FAILED: 59}


def test_no_redirection_is_followed():
    with serving() as other:
        away = Answer(307, headers={"Location": f"{other.url}/audio/transcriptions"})
        with (
            serving(answer=lambda request: away) as server,
            pytest.raises(InputError, match=r"sends elsewhere \(307\)"),
        ):
            list(made(server).recognize(sounds(1), CONTEXT))
        assert other.connections == 0

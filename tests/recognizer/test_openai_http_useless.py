"""`openai-http` where a server's answers are of no use to any utterance: the run stops, and charges none."""

from collections import Counter

import pytest
import torch
from transcriber import Answer, said, serving

from callgap.errors import InputError
from callgap.recognizer import Sound
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import Context, Status

CONTEXT = Context("en-US")
USELESS = [
    (Answer(body=b"<html>welcome</html>"), "what is no transcription in JSON"),
    (Answer(body=b'{"text": "cut o'), "what is no transcription in JSON"),
    (Answer(body=b'{"text": "caf\xe9"}'), "what is no UTF-8"),
    (said(words=[]), "JSON without a text"),
    (Answer(204, b""), "204"),
    (Answer(429), "429"),
    (Answer(502, b"<html>"), "502"),
    (Answer(reset=True), "connections that broke"),
]


def sounds(count):
    return [Sound(torch.zeros(1600 + place), 16000) for place in range(count)]


def place_of(request):
    return len(request.samples) - 1600


def made(server, **options):
    return OpenAiHttp(**{"base_url": server.url, "model": "m", "longest_wait_s": 0.0, "retries": 1} | options)


@pytest.mark.parametrize(("useless", "what"), USELESS, ids=[f"{a.status} {a.body[:9]!r}" for a, _ in USELESS])
def test_a_server_whose_answers_are_all_useless_stops_the_run(useless, what):
    found = []
    with serving(answer=lambda request: useless) as server:
        with pytest.raises(InputError, match=f"has answered nothing but {what}; see recognizer.model.* resume="):
            found.extend(made(server, concurrency=2).recognize(sounds(300), CONTEXT))
        assert 20 <= len({len(request.samples) for request in server.requests}) <= 22
    assert found == []


def test_a_server_that_lets_everybody_wait_stops_the_run():
    with (
        serving(answer=lambda request: Answer(body=b" " * 100, pause_s=0.1)) as server,
        pytest.raises(InputError, match=r"nothing but nothing within recognizer.timeout_s; see"),
    ):
        list(made(server, concurrency=20, timeout_s=0.3).recognize(sounds(60), CONTEXT))


def test_useless_answers_count_across_windows():
    with serving(answer=lambda request: Answer(body=b"?")) as server:
        recognizer = made(server, concurrency=1)
        assert [found.text for _, found in recognizer.recognize(sounds(15), CONTEXT)] == [None] * 15
        with pytest.raises(InputError, match="no transcription in JSON"):
            list(recognizer.recognize(sounds(15), CONTEXT))
        assert len(server.requests) == 20
        assert recognizer.window >= 20


@pytest.mark.parametrize("good_at", [0, 18])
def test_after_one_good_answer_nothing_useless_stops_the_run_and_none_is_lost(good_at):
    def answer(request):
        return said(text="") if place_of(request) == good_at else Answer(body=b"<html>")

    with serving(answer=answer) as server:
        found = dict(made(server, concurrency=1).recognize(sounds(60), CONTEXT))
    assert sorted(found) == list(range(60))
    assert Counter(each.status.status for each in found.values()) == {Status.OK: 1, Status.FAILED: 59}


def test_answers_that_are_useless_in_different_ways_stop_nothing():
    kinds = (Answer(body=b"<html>"), Answer(400))

    with serving(answer=lambda request: kinds[place_of(request) % 2]) as server:
        found = dict(made(server, concurrency=1).recognize(sounds(60), CONTEXT))
    assert {each.status.reason for each in found.values()} == {"bad_json", "http_400"}


def test_the_same_useless_answer_in_a_row_stops_the_run_after_others_too():
    def answer(request):
        return Answer(400) if place_of(request) < 5 else Answer(body=b"<html>")

    with serving(answer=answer) as server:
        with pytest.raises(InputError, match="no transcription in JSON"):
            list(made(server, concurrency=1).recognize(sounds(60), CONTEXT))
        assert len(server.requests) == 25

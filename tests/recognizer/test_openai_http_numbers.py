"""`openai-http` against numbers, nesting and names that no server should send."""

import json
import math
from datetime import UTC, datetime

import pytest
import torch
from pydantic import ValidationError
from transcriber import Answer, serving

from callgap.errors import InputError
from callgap.recognizer import Sound
from callgap.recognizer.http.transcriptions import confidence_in, heard
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import Context, ItemStatus, Status
from callgap.server.client import Reply
from callgap.server.patience import retry_after

CONTEXT = Context("en-US")
MANY = "1" + "0" * 400


def read(body, status=200):
    return heard(Reply(status, {}, body.encode(), 0.0))


@pytest.mark.parametrize("number", [f"-{MANY}", MANY, "-1e999", "NaN", "-Infinity", "-" + "9" * 5000, '"-1"', "{}"])
def test_a_number_out_of_range_costs_the_confidence_and_not_the_text(number):
    found = read(f'{{"text": "a", "segments": [{{"avg_logprob": {number}}}], "logprobs": [{{"logprob": {number}}}]}}')
    assert (found.hypothesis.text, found.hypothesis.confidence) == ("a", None)


@pytest.mark.parametrize("number", [MANY, "1e308", "1e999", "NaN", "9" * 5000])
def test_a_time_out_of_range_gives_no_weight_that_is_not_finite(number):
    for times in (f'"start": -{number}, "end": {number}', f'"start": 0, "end": {number}'):
        content = f'{{"text": "a", "duration": {number}, "segments": [{{"avg_logprob": -1, {times}}}]}}'
        confidence = read(content).hypothesis.confidence
        assert confidence is None or confidence == pytest.approx(math.exp(-1))


def test_an_integer_that_somebody_else_read_is_as_good():
    assert confidence_in({"segments": [{"avg_logprob": -(10**400)}]}) is None


@pytest.mark.parametrize("depth", [500, 900, 5_000, 100_000])
@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_no_depth_of_nesting_is_more_than_an_utterance_lost(depth, status):
    nested = "[" * depth + "]" * depth
    for body in (f'{{"error": {{"code": {nested}, "message": {nested}}}, "text": {nested}}}', nested):
        assert read(body, status).hypothesis.text is None


def test_models_that_are_nested_or_nameless_are_no_models():
    ids = [None, ["x"], 3, True, "", "a\nb", "x" * 1000]
    bodies = [json.dumps({"data": [{"id": each} for each in ids]}), '{"data":' + "[" * 100_000, f'{{"data": {MANY}}}']
    for body in bodies:
        with serving(models=Answer(body=body.encode())) as server:
            OpenAiHttp(server.url, "m").warm(CONTEXT)
    named = json.dumps({"data": [{"id": None}, {"id": "other"}, {"id": ["x"]}]}).encode()
    with serving(models=Answer(body=named)) as server, pytest.raises(InputError, match="accepted: other; or "):
        OpenAiHttp(server.url, "m").warm(CONTEXT)


@pytest.mark.parametrize(
    "said_by_server",
    ["Sat, 21 Nov 99999999999999999999 12:00:30 GMT", "Sat, 21 Nov 2026 12:00:30 +99999999999999", MANY, f"-{MANY}"],
)
def test_a_wait_out_of_range_is_none(said_by_server):
    assert retry_after({"retry-after": said_by_server}, datetime(2026, 11, 21, tzinfo=UTC)) == 0


def test_a_wait_of_many_digits_is_told_in_few():
    answer = Answer(503, headers={"Retry-After": "1e300"})
    with serving(answer=lambda request: answer) as server, pytest.raises(InputError, match=r"to wait 1e\+300 s,"):
        list(OpenAiHttp(server.url, "m").recognize([Sound(torch.zeros(1600), 16000)], CONTEXT))


@pytest.mark.parametrize("seconds", [86401, 1e12, math.inf, math.nan])
@pytest.mark.parametrize("name", ["timeout_s", "longest_wait_s"])
def test_no_wait_is_longer_than_a_day(name, seconds):
    with pytest.raises(ValidationError, match="less than or equal to 86400"):
        OpenAiHttp("http://localhost/v1", "m", **{name: seconds})


def test_the_longest_time_that_is_accepted_can_be_waited_for():
    with serving() as server:
        recognizer = OpenAiHttp(server.url, "m", timeout_s=86400, longest_wait_s=86400)
        ((_, found),) = recognizer.recognize([Sound(torch.zeros(1600), 16000)], CONTEXT)
    assert found.status == ItemStatus(Status.OK)

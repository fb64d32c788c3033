"""`openai-http` before anything runs: its options, and whether the server can be asked."""

import json

import pytest
import torch
from transcriber import Answer, serving

from callgap.errors import InputError
from callgap.recognizer import Sound
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import Context

CONTEXT = Context("fr-BE")


def made(server, **options):
    return OpenAiHttp(**{"base_url": server.url, "model": "whisper-x", "longest_wait_s": 0.01} | options)


MODELS = Answer(body=json.dumps({"data": [{"id": "whisper-x"}, {"id": "tiny"}]}).encode())


@pytest.mark.parametrize(
    "models",
    [MODELS, Answer(404, b"no"), Answer(405), Answer(403), Answer(500), Answer(body=b"[]"), Answer(body=b"<html>")],
    ids=lambda models: str(models.status),
)
def test_a_server_that_can_be_asked_is_warm_whether_or_not_it_lists_models(models):
    with serving(models=models) as server:
        made(server).warm(CONTEXT)
        assert len(server.keys) == 1
        assert server.requests == []


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        (MODELS, {"model": "whisper-y"}, "does not list 'whisper-y'; did you mean 'whisper-x'"),
        (Answer(401), {}, r"wants a key \(401\): name its variable, recognizer.key_variable=NAME"),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), {}, r"sends elsewhere \(302\)"),
    ],
)
def test_what_is_wrong_with_a_server_is_one_sentence_before_anything_runs(models, options, message):
    with serving(models=models) as server, pytest.raises(InputError, match=message):
        made(server, **options).warm(CONTEXT)


def test_a_model_that_is_not_listed_may_be_used_where_the_user_says_so():
    with serving(models=MODELS) as server:
        made(server, model="other", check_model=False).warm(CONTEXT)


def test_where_nobody_listens_is_said_before_anything_runs_and_in_the_middle():
    with serving() as server:
        recognizer = made(server, retries=1)
    with pytest.raises(InputError, match=r"cannot be reached: nothing accepts connections there$"):
        recognizer.warm(CONTEXT)
    with pytest.raises(InputError, match=r"nothing accepts connections there; what was understood before is kept"):
        list(recognizer.recognize([Sound(torch.zeros(1600), 16000)] * 2, CONTEXT))
    assert recognizer.notes()["repeated_requests"] >= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "localhost:8000"}, r"found 'localhost:8000'; accepted: http\(s\)://HOST/PATH"),
        ({"base_url": "ftp://host/v1"}, "found 'ftp://host/v1'"),
        ({"base_url": "http:///v1"}, "accepted"),
        ({"base_url": "http://host/v1?version=2"}, "without a query"),
        ({"base_url": "http://host:port/v1"}, "cannot be read as an address"),
        ({"fields": {"model": "other"}}, "recognizer.fields.model is sent already; use recognizer.model"),
        ({"fields": {"language": "en"}}, "use recognizer.language_mode"),
        ({"fields": {"stream": True}}, "answers in pieces are not read"),
        ({"fields": {"api_key": "1"}}, "would be stored with the run"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_without_asking(options, message):
    with pytest.raises(InputError, match=message):
        OpenAiHttp(**{"base_url": "http://localhost/v1", "model": "m"} | options).check([], "en-US")


def test_a_limit_of_tokens_is_no_secret():
    OpenAiHttp("http://localhost/v1", "m", fields={"max_completion_tokens": 99}).check([], "en-US")

"""The key goes to the server that the user named, and nowhere else."""

import json
import pickle
import traceback

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from runs import callgap
from transcriber import Answer, refused, said, serving

from callgap.errors import InputError
from callgap.recognizer import Sound
from callgap.recognizer.openai_http import OpenAiHttp
from callgap.records import Context
from callgap.server.address import check_address, is_local, key_in, proxy_for

CONTEXT = Context("en-US")
KEY = "sk-Abc123-very-secret"
SOUND = Sound(torch.zeros(1600), 16000)


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("CALLGAP_TEST_KEY", KEY)
    return "CALLGAP_TEST_KEY"


@pytest.fixture
def no_proxies(monkeypatch):
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)


def made(server, **options):
    return OpenAiHttp(**{"base_url": server.url, "model": "m", "longest_wait_s": 0.01} | options)


def test_the_key_is_sent_as_a_bearer_and_stands_in_no_copy_of_the_recognizer(key):
    with serving() as server:
        recognizer = made(server, key_variable=key)
        recognizer.check([], "en-US")
        recognizer.warm(CONTEXT)
        list(recognizer.recognize([SOUND], CONTEXT))
        assert server.keys == [f"Bearer {KEY}"] * 2
    for text in (
        repr(recognizer),
        repr(pickle.dumps(recognizer)),
        repr(recognizer.notes()),
        repr(recognizer.identity()),
    ):
        assert KEY not in text


@pytest.mark.parametrize(
    "fault",
    [
        refused(401, message=f"Incorrect API key provided: {KEY}"),
        refused(403, message=f"{KEY} may not"),
        refused(404, message="x" * 190 + KEY),
        refused(402, message=f"{KEY} is out of money"),
        refused(400, message=f"bad {KEY}"),
    ],
    ids=lambda fault: str(fault.status),
)
def test_a_server_that_repeats_the_key_does_not_get_it_into_an_error(key, fault):
    with serving(answer=lambda request: fault) as server, pytest.raises(InputError) as raised:
        list(made(server, key_variable=key).recognize([SOUND] * 30, CONTEXT))
    shown = "".join(traceback.format_exception(raised.value))
    assert KEY not in shown
    assert KEY[:10] not in shown


def echoing(request):
    """All that a server was sent, given back wherever a value may stand, in different writings."""
    bearer = request.headers["authorization"]
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in bearer)
    content = f'{{"text": "one {spelled} {bearer.upper()}", "language": "{bearer}", "duration": 1}}'
    return Answer(body=content.encode(), headers={"Retry-After": bearer})


def test_a_text_that_holds_the_key_is_kept_without_it(key):
    with serving(answer=echoing) as server:
        recognizer = made(server, key_variable=key)
        ((_, found),) = recognizer.recognize([SOUND], CONTEXT)
    assert (found.text, found.n_best) == ("one Bearer *** BEARER ***", ("one Bearer *** BEARER ***",))
    assert recognizer.notes()["detected_languages"] == {"unknown": 1}


@pytest.mark.parametrize(
    ("stated", "counted"),
    [
        ("pt-BR", {"pt-BR": 1}),
        (" Haitian Creole ", {"Haitian Creole": 1}),
        ("norsk bokm\u00e5l", {"norsk bokm\u00e5l": 1}),
        ("x" * 35, {"x" * 35: 1}),
        ("x" * 36, {"unknown": 1}),
        ("<b>en</b>", {"unknown": 1}),
        ("\ud800", {"unknown": 1}),
        ("e\nn", {"unknown": 1}),
        (["en"], {"unknown": 1}),
        (KEY, {"unknown": 1}),
        (7, {"unknown": 1}),
        ("", {}),
        (None, {}),
    ],
)
def test_a_language_is_a_tag_or_a_short_name_or_unknown(key, stated, counted):
    with serving(answer=lambda request: said(text="one", language=stated)) as server:
        recognizer = made(server, key_variable=key)
        list(recognizer.recognize([SOUND], CONTEXT))
    assert recognizer.notes()["detected_languages"] == counted


def test_a_stand_in_for_a_key_does_not_change_what_was_said(monkeypatch):
    monkeypatch.setenv("CALLGAP_TEST_KEY", "none")
    with serving(answer=lambda request: said(text="none of it, Bearer none")) as server:
        ((_, found),) = made(server, key_variable="CALLGAP_TEST_KEY").recognize([SOUND], CONTEXT)
    assert found.text == "none of it, ***"


def test_a_list_of_models_and_a_wait_are_told_without_the_key(monkeypatch):
    monkeypatch.setenv("CALLGAP_TEST_KEY", "1234567890")
    models = Answer(body=json.dumps({"data": [{"id": "model-1234567890"}]}).encode())
    answer = Answer(503, headers={"Retry-After": "1234567890"})
    with serving(answer=lambda request: answer, models=models) as server:
        recognizer = made(server, key_variable="CALLGAP_TEST_KEY", retries=0)
        with pytest.raises(InputError, match=r"accepted: model-\*\*\*; or"):
            recognizer.warm(CONTEXT)
        assert [found.status.reason for _, found in recognizer.recognize([SOUND], CONTEXT)] == ["http_503"]


def test_a_connection_that_breaks_does_not_get_the_key_into_an_error(key):
    with serving() as server:
        recognizer = made(server, key_variable=key, retries=0)
    with pytest.raises(InputError) as raised:
        recognizer.warm(CONTEXT)
    assert KEY not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("CALLGAP_UNSET", "the variable CALLGAP_UNSET is not set"),
        ("gsk_pasted", "never the key itself; found something else"),
        ("sk-pasted", "never the key itself; found something else"),
        ("", "never the key itself"),
    ],
)
def test_a_variable_that_is_none_is_one_sentence_that_does_not_repeat_a_pasted_key(name, message):
    with pytest.raises(InputError, match=message) as raised:
        OpenAiHttp("https://h/v1", "m", key_variable=name).check([], "en-US")
    assert "pasted" not in str(raised.value)


@pytest.mark.parametrize("value", ["two words", "line\n", "schl\u00fcssel"])
def test_a_key_that_fits_into_no_header_is_told_without_it(monkeypatch, value):
    monkeypatch.setenv("CALLGAP_TEST_KEY", value)
    with pytest.raises(InputError, match="white space or characters") as raised:
        key_in("CALLGAP_TEST_KEY", "recognizer")
    assert value.strip() not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://127.0.0.1.example.org", False),
    ],
)
def test_only_to_this_machine_a_key_goes_unencrypted(url, local):
    assert is_local(url) is local
    check_address(url, keyed=False, allow_plain=False, stage="recognizer")
    check_address(url, keyed=True, allow_plain=True, stage="recognizer")
    check_address(url.replace("http:", "https:"), keyed=True, allow_plain=False, stage="recognizer")
    if local:
        check_address(url, keyed=True, allow_plain=False, stage="recognizer")
    else:
        with pytest.raises(InputError, match=r"sent unencrypted; accepted: https://, localhost, or .*allow_plain=true"):
            check_address(url, keyed=True, allow_plain=False, stage="recognizer")


def test_the_way_is_checked_again_where_nobody_called_check(key):
    with pytest.raises(InputError, match="unencrypted"):
        OpenAiHttp("http://example.org/v1", "m", key_variable=key).warm(CONTEXT)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(InputError, match="holds a user's name or a password") as raised:
        OpenAiHttp(f"https://me:{KEY}@host/v1", "m").check([], "en-US")
    assert KEY not in str(raised.value)


def test_proxies_of_the_environment_are_honored_but_not_for_this_machine(no_proxies, monkeypatch):
    assert proxy_for("https://api.example.org/v1") is None
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    assert proxy_for("https://api.example.org/v1") == "http://proxy:3128"
    assert proxy_for("http://api.example.org/v1") is None
    monkeypatch.setenv("http_proxy", "proxy:3128")
    assert proxy_for("http://api.example.org/v1") == "http://proxy:3128"
    assert proxy_for("http://localhost:8000/v1") is None
    monkeypatch.setenv("no_proxy", ".example.org")
    assert proxy_for("https://api.example.org/v1") is None
    monkeypatch.setenv("https_proxy", "socks5://me:secret@proxy:1080")
    with pytest.raises(InputError, match=r"of the kind 'socks5' for api\.other\.org") as raised:
        proxy_for("https://api.other.org/v1")
    assert "secret" not in str(raised.value)


def test_a_request_goes_through_the_proxy_with_its_password_and_no_key_unless_allowed(no_proxies, monkeypatch, key):
    # To a proxy of plain HTTP, the address of the server stands in the request line.
    with serving(answer=lambda request: said(text=request.path)) as proxy:
        port = proxy.url.split(":")[2].split("/")[0]
        monkeypatch.setenv("http_proxy", f"http://me:pass%40word@127.0.0.1:{port}")
        recognizer = OpenAiHttp("http://api.example.org/v1", "m")
        ((_, found),) = recognizer.recognize([SOUND], CONTEXT)
        assert found.text == "http://api.example.org/v1/audio/transcriptions"
        assert proxy.requests[0].headers["proxy-authorization"] == "Basic bWU6cGFzc0B3b3Jk"
        assert proxy.keys == [None]


SMALL = [
    "corpus=synthetic",
    "ivr=none",
    "recognizer=openai-http",
    "recognizer.model=m",
    "corpus.speakers_per_group=1",
    "corpus.variants=[f1]",
    "~corpus.accents",
    "+corpus.accents={en-us:{voice:en-us},en-gb:{voice:en}}",
    "~corpus.prompts",
    "+corpus.prompts={one:{text:one},two:{text:two},three:{text:three}}",
]


def everything_in(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_run_asks_the_server_and_the_key_stands_nowhere_in_it(tmp_path, key):
    with serving(answer=lambda request: said(text="one", language="en")) as server:
        path = tmp_path / "run"
        options = [f"recognizer.base_url={server.url}", f"recognizer.key_variable={key}", "engine.workers=0"]
        done = callgap("run", *SMALL, *options, f"hydra.run.dir={path}", cwd=tmp_path)
        assert len(server.requests) == 6
        assert set(server.keys) == {f"Bearer {KEY}"}
    found = pq.read_table(path / "hypotheses.parquet")
    assert found["text"].to_pylist() == ["one"] * 6
    assert yaml.safe_load((path / "config.yaml").read_text())["recognizer"]["key_variable"] == key
    assert json.loads((path / "run.json").read_text())["recognizer"]["id"] == "m"
    assert KEY not in done.stdout + done.stderr
    assert KEY.encode() not in everything_in(tmp_path)


def test_a_run_whose_server_repeats_the_key_in_every_answer_does_not_store_it(tmp_path, key):
    with serving(answer=echoing) as server:
        path = tmp_path / "run"
        options = [f"recognizer.base_url={server.url}", f"recognizer.key_variable={key}", "engine.workers=0"]
        done = callgap("run", *SMALL, *options, f"hydra.run.dir={path}", cwd=tmp_path)
    assert pq.read_table(path / "hypotheses.parquet")["text"].to_pylist() == ["one Bearer *** BEARER ***"] * 6
    assert KEY.lower() not in (done.stdout + done.stderr).lower()
    assert KEY.encode().lower() not in everything_in(tmp_path).lower()


def test_a_run_whose_key_is_refused_ends_with_one_sentence(tmp_path, key):
    fault = refused(401, message=f"Incorrect API key provided: {KEY}")
    with serving(answer=lambda request: fault, models=Answer(404)) as server:
        options = [f"recognizer.base_url={server.url}", f"recognizer.key_variable={key}", "engine.workers=0"]
        done = callgap("run", *SMALL, *options, f"hydra.run.dir={tmp_path / 'run'}", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert f"refuses the key in {key} (401)" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert KEY.encode() not in everything_in(tmp_path)

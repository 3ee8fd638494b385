"""Keys are shown nowhere: not in errors, reprs, logs, pickles, nor in the locals of our frames."""

import asyncio
import base64
import html
import json
import logging
import pickle
import re
import subprocess
import sys
import traceback
import types
import urllib.parse
from pathlib import Path

import alchemy
import pytest
from servers import Server, answer, event_stream

KEY = "sk-very+secret/0123456789-WXYZ"
ODD = "sk-odd\"\\/+=&<>%'0123456789-WXYZ"
PACKAGE = Path(alchemy.__file__).parent
LONGEST_RUN = 7


def parts(key: str) -> list[str]:
    """Every piece of a key that is long enough to say something of it."""
    return [key[start : start + LONGEST_RUN + 1] for start in range(len(key) - LONGEST_RUN)]


def leaks(key: str, *texts) -> list[str]:
    """The texts that hold a piece of the key."""
    return [text for text in map(str, texts) if any(part in text for part in parts(key))]


def shown(error: BaseException) -> list[str]:
    """All that an error shows of itself."""
    texts = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    texts += [pickle.dumps(error, protocol=0).decode("latin-1")]
    partial = getattr(error, "partial", None)
    if partial is not None:
        texts += [repr(partial), json.dumps(partial.to_dict()), str(partial.error_message)]
    return texts


def test_a_leak_is_seen():
    """The check finds a key, and a piece of one, and nothing in other texts."""
    assert leaks(KEY, f"a {KEY}", f"a {KEY[4:14]}", "a key") == [f"a {KEY}", f"a {KEY[4:14]}"]


def ways(monkeypatch, key):
    """Each way to give a key: a function that makes a client, and the options of the call."""

    def environment():
        monkeypatch.setenv("GROQ_API_KEY", key)
        return alchemy.Client()

    password = f"user:{key}".encode()
    return {
        "call": (alchemy.Client, {"api_key": key}, {}),
        "client": (lambda: alchemy.Client(api_keys={"groq": key}), {}, {}),
        "options": (lambda: alchemy.Client(options=alchemy.Options(api_key=key)), {}, {}),
        "environment": (environment, {}, {}),
        "header": (alchemy.Client, {"headers": {"authorization": f"Bearer {key}"}}, {}),
        "gateway": (alchemy.Client, {"api_key": "other-key", "headers": {"X-Gateway-Token": key}}, {}),
        "basic": (alchemy.Client, {"headers": {"authorization": f"Basic {base64.b64encode(password).decode()}"}}, {}),
        "model": (alchemy.Client, {}, {"headers": {"authorization": f"Bearer {key}"}}),
    }


WAYS = ("call", "client", "options", "environment", "header", "gateway", "basic", "model")
FORMS = {
    "plain": lambda key: key,
    "bearer": lambda key: f"Bearer {key}",
    "address": lambda key: urllib.parse.quote(key, safe=""),
    "lower case": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "html": html.escape,
    "json twice": lambda key: json.dumps(json.dumps({"authorization": f"Bearer {key}"})),
    "escapes": lambda key: "".join(f"\\u{ord(each):04x}" for each in key),
    "base64": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "url base64": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "shortened": lambda key: f"{key[:10]}...{key[-8:]}",
    "masked": lambda key: f"{key[:8]}{'*' * 20}{key[-9:]}",
}


def echo(wire, form: str) -> dict:
    """A refusal that repeats the key."""
    return json.loads(json.dumps(wire.refusal).replace('"Nope."', json.dumps(f"Wrong key: {form}. Nope.")))


def decoded(text: str) -> list[str]:
    """A text, and what is left of it once each kind of escape is undone."""
    undone = [text, urllib.parse.unquote(text), html.unescape(text), text.replace("\\", "")]
    undone.append(re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text))
    for piece in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for cut in range(4):
            whole = piece[cut:].replace("-", "+").replace("_", "/")
            undone.append(base64.b64decode(whole[: len(whole) // 4 * 4]).decode("latin-1"))
    return undone


@pytest.mark.parametrize("key", [KEY, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("form", FORMS)
def test_an_echoed_key_is_hidden(drive, serve, at, *, wire, key, form):
    """A key that a server repeats, in any form, is in no part of the error."""
    told = FORMS[form](key)
    with pytest.raises(alchemy.AuthenticationError, match=r"Nope\.") as caught:
        drive.complete(at(serve(answer(echo(wire, told), 401))), "hello", api_key=key)
    assert "***" in caught.value.body
    assert told not in caught.value.body
    assert not leaks(key, *[each for text in shown(caught.value) for each in decoded(text)])


@pytest.mark.parametrize("way", WAYS)
def test_a_key_is_hidden_whatever_way_it_was_given(serve, at, wire, way, monkeypatch):
    """Keys of calls, clients, the environment and headers are hidden alike, over each protocol."""
    make, options, fields = ways(monkeypatch, KEY)[way]
    server = serve(answer(echo(wire, f"Bearer {KEY}"), 401))
    with make() as client:
        with pytest.raises(alchemy.AuthenticationError) as caught:
            client.complete(at(server, provider="groq", **fields), "hello", **options)
        with client.stream(at(server, provider="groq", **fields), "hello", errors="event", **options) as stream:
            *_, last = stream
            assert last.kind == "AuthenticationError"
            assert not leaks(KEY, repr(last), last.to_dict(), repr(stream), repr(client))
    sent = str(server.requests[0].headers)
    assert KEY in sent or base64.b64encode(f"user:{KEY}".encode()).decode() in sent
    assert not leaks(KEY, *shown(caught.value))


def test_a_key_in_an_error_within_the_stream_is_hidden(drive, serve, stream_of, wire):
    """So is one in an error that comes after the answer began, and in what had arrived."""
    steps = [
        json.loads(json.dumps(step).replace("Down.", f"Down: {KEY}"))
        if isinstance(step, dict)
        else step.replace(b"Down.", f"Down: {KEY}".encode())
        for step in wire.error
    ]
    # The length of a chunk stands before it.
    steps = [step if isinstance(step, dict) else reframed(step) for step in steps]
    with pytest.raises(alchemy.ApiError, match="Down") as caught:
        drive.result(stream_of(serve(wire.script(*wire.hello, *steps)), api_key=KEY))
    assert caught.value.partial.text == "Hello"
    assert not leaks(KEY, *shown(caught.value))


def reframed(step: bytes) -> bytes:
    body = step.partition(b"\r\n")[2][:-2]
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


@pytest.mark.parametrize("status", [200, 401])
def test_a_key_in_the_headers_of_an_answer_is_hidden(serve, at, wire, status):
    """Headers and request ids that repeat the key do not show it."""
    headers = [("x-echo", f"Bearer {KEY}"), ("x-request-id", KEY), ("content-type", "text/event-stream")]
    server = serve(answer(b": nothing\n\n" if status == 200 else wire.refusal, status, "", headers))
    stream = alchemy.stream(at(server), "hello", api_key=KEY)
    with pytest.raises(alchemy.ApiError) as caught:
        stream.result()
    assert stream.response.headers["x-echo"] == "Bearer ***"
    assert not leaks(KEY, repr(stream.response), stream.response.to_dict(), *shown(caught.value))


@pytest.mark.parametrize("length", [60_000, 65_520, 65_536, 70_000])
def test_a_key_that_is_cut_with_the_body_is_hidden(serve, at, length):
    """What is left of a key where the body was cut is hidden too."""
    body = b"x" * (length - 12) + KEY.encode() + b" and more"
    with pytest.raises(alchemy.ServerError) as caught:
        alchemy.complete(at(serve(answer(body, 500, "text/plain"))), "hello", api_key=KEY, retries=0)
    assert not leaks(KEY, *shown(caught.value))


# -- frames ---------------------------------------------------------------------------------------


def texts_within(value, depth=0):
    """Every text in a value, through the containers that programs which report errors look into."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 4:
        for each in (*value.keys(), *value.values()):
            yield from texts_within(each, depth + 1)
    elif isinstance(value, (list, tuple, set)) and depth < 4:
        for each in value:
            yield from texts_within(each, depth + 1)
    else:
        yield repr(value)


def held(error: BaseException, key: str) -> list[str]:
    """Where a frame of ours holds the key in a local."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [frame for frame in frames if Path(frame.f_code.co_filename).is_relative_to(PACKAGE)]
    assert own, "no frame of ours is in the traceback"
    return [
        f"{frame.f_code.co_qualname if hasattr(frame.f_code, 'co_qualname') else frame.f_code.co_name}: {name}"
        for frame in own
        for name, value in frame.f_locals.items()
        if leaks(key, *texts_within(value))
    ]


GIVEN = {"api_key": KEY, "headers": {"authorization": f"Bearer {KEY}", "x-gateway-key": KEY}}
MISTAKES = {
    "option": {"temperature": float("nan")},
    "header": {"headers": {"host": "x", "x-key": KEY}},
    "message": {"context": [{"role": "nobody", "content": "a"}]},
    "model": {"model": "groq/no-such-model"},
    "strict": {"strict": True, "seed": 1, "api": "anthropic-messages"},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_frame_holds_the_key_of_a_refused_request(drive, at, mistake):
    """The locals of our frames hold no key where a request is refused before it is sent."""
    options = {**GIVEN, **MISTAKES[mistake]}
    model = options.pop("model", at("http://127.0.0.1:9"))
    context = options.pop("context", "hello")
    for ask in (drive.complete, alchemy.stream, alchemy.Client(options={"api_key": KEY}).stream):
        with pytest.raises(alchemy.AlchemyError) as caught:
            ask(model, context, **options)
        assert not held(caught.value, KEY)
        assert not leaks(KEY, *shown(caught.value))


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "not reached"])
def test_no_frame_holds_the_key_of_a_failed_request(drive, serve, at, wire, refused):
    """Nor where it was sent and failed."""
    model = at(serve(answer(echo(wire, KEY), 401))) if refused else at("http://127.0.0.1:9")
    with pytest.raises(alchemy.ApiError) as caught:
        drive.complete(model, "hello", retries=0, **GIVEN)
    assert not held(caught.value, KEY)
    stream = alchemy.stream(model, "hello", retries=0, **GIVEN)
    for wait in (drive.result, drive.events):
        with pytest.raises(alchemy.ApiError) as caught:
            wait(stream)
        assert not held(caught.value, KEY)


def test_no_frame_of_a_closed_client_holds_the_key(at):
    """Nor where the client is closed."""
    client = alchemy.Client()
    client.close()
    with pytest.raises(alchemy.AlchemyError, match="closed") as caught:
        client.complete(at("http://127.0.0.1:9"), "hello", **GIVEN)
    assert not held(caught.value, KEY)


KEYS = {"api_keys": {"groq": KEY}, "base_urls": {"groq": f"https://host/{KEY}"}, "proxy": f"http://user:{KEY}@host"}
WRONG_SETTINGS = {
    "limits": {"limits": {"concurrent_requests": 0}},
    "hooks": {"hooks": 5},
    "client_key": {"client_key": "key.pem"},
    "options": {"options": 5},
    "pairs of options": {"options": [("api_key", KEY), 5]},
    "pairs of keys": {"api_keys": [("groq", KEY), 5]},
}


@pytest.mark.parametrize("options", [{"api_key": KEY}, alchemy.Options(api_key=KEY)], ids=["dict", "object"])
@pytest.mark.parametrize("wrong", WRONG_SETTINGS)
def test_no_frame_of_a_client_that_is_not_made_holds_the_key(wrong, options):
    """Nor where a client is refused, whichever setting is wrong; the client itself prints all the same."""
    with pytest.raises((alchemy.InvalidRequestError, TypeError, ValueError)) as caught:
        alchemy.Client(**{**KEYS, "options": options, **WRONG_SETTINGS[wrong]})
    assert not held(caught.value, KEY)
    assert not leaks(KEY, *shown(caught.value))


@pytest.mark.parametrize("wrong", [{"stop": 5}, {"temprature": 1}, {"retries": {"counts": 1}}], ids=str)
def test_no_frame_of_options_that_are_not_made_holds_the_key(wrong):
    """Nor where options are."""
    for positional in ((), (KEY,)):
        with pytest.raises((alchemy.AlchemyError, TypeError)) as caught:
            alchemy.Options(*positional, **GIVEN, **wrong)
        assert not held(caught.value, KEY)


class Unlisted(dict):
    """A mapping that fails when it is read."""

    def keys(self):
        raise ZeroDivisionError


class Unlike:
    """A class whose schema cannot be made."""

    @classmethod
    def model_json_schema(cls):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ({"headers": "x"}, alchemy.InvalidRequestError),
        ({"headers": [("x-key", KEY)]}, alchemy.InvalidRequestError),
        ({"extra_body": 5}, alchemy.InvalidRequestError),
        ({"metadata": [1]}, alchemy.InvalidRequestError),
        ({"extra_body": types.MappingProxyType(Unlisted(a=1))}, ZeroDivisionError),
        ({"response_format": Unlike}, ZeroDivisionError),
    ],
    ids=["text", "pairs", "number", "list", "unreadable", "schema"],
)
def test_no_frame_holds_the_key_where_options_do_not_merge(at, option, kind):
    """What cannot be put over the client's options is refused by its path, as it is without them."""
    defaults = {**GIVEN, "extra_body": {"a": 1}, "metadata": {"a": "b"}}
    client = alchemy.Client(options=defaults)
    for ask in (client.stream, client.complete, lambda *a, **o: asyncio.run(client.complete_async(*a, **o))):
        with pytest.raises(kind) as caught:
            ask(at("http://127.0.0.1:9"), "hello", **{**GIVEN, **option})
        assert not held(caught.value, KEY)
        if kind is alchemy.InvalidRequestError:
            assert caught.value.path.startswith((f"options.{next(iter(option))}", next(iter(option))))


def test_locals_that_are_captured_are_shown_without_the_key():
    """Objects that are half made print, as programs that report errors have them print."""
    for make in (lambda: alchemy.Client(**KEYS, hooks=5), lambda: alchemy.Options(**GIVEN, stop=5)):
        with pytest.raises(TypeError) as caught:
            make()
        told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        own = [frame for frame in told.stack if Path(frame.filename).is_relative_to(PACKAGE)]
        assert own
        assert not leaks(KEY, *[frame.locals for frame in own])
        assert not [frame.locals for frame in own if "repr() failed" in str(frame.locals)]
        half_made = [frame.f_locals["self"] for frame, _ in traceback.walk_tb(caught.tb) if "self" in frame.f_locals]
        assert half_made
        for each in half_made:
            assert repr(each).startswith(("<alchemy.Client>", "Options(api_key=<hidden>"))


# -- what prints ----------------------------------------------------------------------------------


def test_the_key_is_in_no_repr(serve, at):
    """Clients, their native parts, streams, options and models print without keys, and clients have no `vars`."""
    headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY, "cookie": KEY}
    client = alchemy.Client(
        api_keys={"groq": KEY}, options={"api_key": KEY, "headers": headers}, proxy=f"http://user:{KEY}@127.0.0.1:9"
    )
    options = alchemy.Options(api_key=KEY, headers=headers, base_url=f"https://user:{KEY}@host/v1")
    model = at(f"https://host/v1?api-key={KEY}&a=b", headers=headers)
    stream = client.stream(at(serve()), "hello")
    things = [client, client._native, stream, stream._native, options, model]
    assert not leaks(KEY, *[text for each in things for text in (repr(each), str(each), f"{each}")])
    assert "a=b" in repr(model)
    for each in (client, stream, client._native, stream._native):
        with pytest.raises(TypeError):
            vars(each)
    stream.close()
    client.close()


def test_a_client_is_not_pickled():
    """A client holds keys, and does not go into a pickle with them."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(alchemy.Client(api_keys={"groq": KEY}))


@pytest.mark.parametrize("bad", ["\n", "\r\nx-evil: 1", "\0", "\x7f", "é", "漢"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(serve, at, wire, bad):
    """A key with a line break or the like is refused by its name, and not shown."""
    server = serve()
    with pytest.raises(alchemy.InvalidRequestError, match="api_key") as caught:
        alchemy.complete(at(server), "hello", api_key=KEY + bad)
    assert caught.value.path == "api_key"
    assert not leaks(KEY, *shown(caught.value))
    assert not server.connections


@pytest.mark.parametrize(
    "place",
    ["https://user:{}@host/v1", "https://{}@host", "https://host/v1?key={}", "https://host/{}/v1", "{}", "htp://{}"],
)
def test_a_key_in_an_address_is_refused_unseen(at, wire, place):
    """An address that holds a key is refused, and the error does not show it."""
    with pytest.raises(alchemy.InvalidRequestError, match="base_url") as caught:
        alchemy.complete(at(place.format(KEY)), "hello", api_key=KEY)
    assert not leaks(KEY, *shown(caught.value))


def test_a_header_written_as_one_line_is_refused_unseen(at):
    """A name that holds a whole header is refused without what follows it."""
    with pytest.raises(alchemy.InvalidRequestError, match="Authorization") as caught:
        alchemy.complete(at("http://127.0.0.1:9"), "hello", headers={f"Authorization: Bearer {KEY}": ""})
    assert not leaks(KEY, *shown(caught.value))


# -- what is logged -------------------------------------------------------------------------------

LOGGING = """
import logging, sys
logging.basicConfig(level=logging.NOTSET, stream=sys.stdout)
import alchemy, asyncio
url, key = sys.argv[1:]
model = alchemy.Model(id="m", base_url=url, provider="groq")
context = [alchemy.UserMessage(content="a"), alchemy.AssistantMessage(content=[
    alchemy.Opaque(api="another-protocol", kind="thing", data={}), alchemy.Text(text="a")]), alchemy.UserMessage(content="b")]
for attempt in range(2):
    try:
        alchemy.complete(model, context, api_key=key)
    except alchemy.ApiError:
        logging.exception("failed")
    try:
        asyncio.run(alchemy.complete_async(model, context, headers={"authorization": "Bearer " + key}))
    except alchemy.ApiError:
        logging.exception("failed")
alchemy.stream(model, "hello", api_key=key)
"""


def test_no_log_holds_the_key(serve, wire):
    """At the lowest level of every logger, in Python and in Rust, the key is not logged."""
    server = serve(answer(echo(wire, f"Bearer {KEY}"), 401))
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", LOGGING, server.url, KEY],
        env={"RUST_LOG": "trace", "RUST_BACKTRACE": "full", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING:alchemy" in done.stdout
    assert "AuthenticationError" in done.stdout
    assert len(server.requests) == 4
    assert not leaks(KEY, done.stdout, done.stderr)


def test_no_record_holds_the_key(serve, at, caplog):
    """Nor do the records themselves, arguments included."""
    caplog.set_level(logging.NOTSET)
    server = serve(event_stream({"error": {"message": f"Down: {KEY}"}}))
    with pytest.raises(alchemy.ResponseError):
        alchemy.stream(at(server, provider="openai"), "hello", api_key=KEY, seed=1, top_p=0.5).result()
    assert not leaks(KEY, *[repr(vars(record)) for record in caplog.records])


COMMAND = """
import sys
from alchemy import _client, cli
_client.default_client._settings["base_urls"]["groq"] = sys.argv[1]
sys.exit(cli.main(sys.argv[2:]))
"""


def test_the_command_line_shows_no_key():
    """What the command prints of a refused key holds nothing of it."""
    refusal = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    with Server(answer(refusal, 401)) as server:
        for extra in ([], ["--json"]):
            done = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    COMMAND,
                    server.url,
                    "chat",
                    "--model",
                    "groq/llama-3.3-70b-versatile",
                    *extra,
                    "a",
                ],
                env={"GROQ_API_KEY": KEY, "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=50,
                check=False,
            )
            assert done.returncode != 0
            assert "Traceback" not in done.stderr
            assert "Incorrect API key" in done.stdout + done.stderr
            assert not leaks(KEY, done.stdout, done.stderr)
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}

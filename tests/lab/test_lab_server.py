"""What a lab sees and keeps, how it begins and ends, and what it says to strangers."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import alchemy
import pytest
from alchemy.lab import Lab, Tape
from alchemy.lab.protocols import PROTOCOLS
from lab_raw import ASKED, Raw


def post(lab, path, body, headers=None):
    """What http.client, which knows nothing of alchemy, gets: status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=5)
    try:
        raw = body if isinstance(body, (bytes, list)) else json.dumps(body)
        connection.request("POST", path, raw, headers or {}, encode_chunked=isinstance(raw, list))
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def test_a_stranger_is_served(lab, api):
    """Any client gets an answer of the protocol, with whatever stands before its path."""
    path, body = ASKED[api]
    for prefix in ("", "/proxy/openai"):
        status, headers, raw = post(lab, prefix + path, body)
        assert status == 200
        assert headers["content-type"] == "application/json"
        assert b"Hello there." in raw
        json.loads(raw)


def test_a_chunked_request_and_one_that_waits_for_a_word(lab):
    """Bodies in chunks are read; a client that expects `100 Continue` gets it."""
    path, body = ASKED["openai-completions"]
    raw = json.dumps(body).encode()
    status, _, _ = post(lab, path, [raw[:5], raw[5:]], {"transfer-encoding": "chunked"})
    assert status == 200
    assert lab.requests[0].json == body
    with Raw(lab) as client:
        client.socket.sendall(f"POST {path} HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{{".encode())
        assert client.read().startswith(b"HTTP/1.1 400 ")
    with Raw(lab) as client:
        client.socket.sendall(
            f"POST {path} HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: {len(raw)}\r\n\r\n".encode()
        )
        assert client.read(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.socket.sendall(raw)
        assert client.read(b"}]").startswith(b"HTTP/1.1 200")


def test_a_wrong_path_is_404_in_the_protocols_form(lab):
    """The client that took a wrong path can read the error."""
    for path, headers, api in (
        ("/v1/chat", {}, "openai-completions"),
        ("/v1/message", {"anthropic-version": "2023-06-01"}, "anthropic-messages"),
        ("/v1beta/models/m:generate", {}, "google-generative-ai"),
    ):
        status, _, raw = post(lab, path, {}, headers)
        expected = PROTOCOLS[api].error_body(404, f"no such path: {path}")
        assert (status, json.loads(raw)) == (404, expected)
    assert [request.api for request in lab.requests] == [None, None, None]


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"{", "the body is no JSON"), (b"[]", "no JSON object"), (b"{}", "the body has no "), (b"\xff", "no JSON")],
)
def test_a_malformed_body_is_400_in_the_protocols_form(lab, api, body, words):
    """The client that sends nonsense can read what is wrong; no answer is taken out of the line."""
    lab.add("Still here.")
    status, _, raw = post(lab, ASKED[api][0], body)
    assert status == 400
    assert words in json.loads(raw)["error"]["message"]
    assert alchemy.complete(lab.model(api), "hi").text == "Still here."


def test_only_posts_are_answered(lab):
    """Anything else is 405."""
    with Raw(lab) as raw:
        raw.socket.sendall(b"GET /v1/responses HTTP/1.1\r\n\r\n")
        assert b" 405 " in raw.read(b"}}")
    with Raw(lab) as raw:
        raw.socket.sendall(b"nonsense\r\n\r\n")
        assert raw.read().startswith(b"HTTP/1.1 400 ")


def test_requests_are_seen(lab, api):
    """With protocol, model, headers, body, and whether they stream; keys are there and not shown."""
    began = time.monotonic()
    with (
        alchemy.Client(api_keys={"custom": "sk-secret-123"}) as client,
        client.stream(lab.model(api, id="m-7"), "hi") as stream,
    ):
        list(stream)
    assert lab.wait_requests(1)
    request = lab.requests[0]
    assert (request.api, request.model, request.streamed, request.method) == (api, "m-7", True, "POST")
    assert began <= request.time <= time.monotonic()
    assert request.connection == 0
    assert "sk-secret-123" in str(dict(request.headers).values())
    assert "sk-secret-123" not in repr(request)
    assert "sk-secret-123" not in repr(request.headers)
    assert "hi" in json.dumps(request.json)
    assert not lab.wait_requests(2, 0.05)


def test_keys_in_a_path_are_not_shown(lab):
    """Google takes keys in the query."""
    post(lab, "/v1beta/models/m:generateContent?key=sk-secret-123&alt=sse", {"contents": []})
    assert "sk-secret-123" in lab.requests[0].path
    assert "sk-secret-123" not in repr(lab.requests)


def test_connections_are_kept_between_requests(lab):
    """Two requests of one client come on one connection, which stays open."""
    with alchemy.Client() as client:
        for _ in range(2):
            client.complete(lab.model(), "hi")
        assert [one.requests for one in lab.connections] == [2]
        assert lab.connections[0].closed is None
    assert lab.wait_closed()
    assert lab.connections[0].closed_by == "client"


@pytest.mark.parametrize("fault", ["stall@2", "stall@head", "delay=30@1", "slow-head=30", "huge=2000000000@1"])
def test_a_client_that_goes_is_noticed_at_once(lab, fault):
    """While the lab stalls, waits or is busy: within 50 ms, in the best of three tries."""
    late = []
    for _ in range(3):
        lab.add("Hello there.", faults=fault)
        with Raw(lab) as raw:
            raw.ask().read(seconds=0.1)
            gone = time.monotonic()
        connection = lab.connections[-1]
        assert connection.wait_closed()
        assert connection.closed_by == "client"
        late.append(connection.closed - gone)
    assert min(late) < 0.05


def test_a_client_that_does_not_read_slows_the_lab(lab):
    """What nobody reads is not sent: the lab waits with it."""
    lab.add("Hi", faults="huge=1000000000")
    with Raw(lab) as raw:
        raw.ask()
        time.sleep(0.3)
        first = lab.bytes_sent
        time.sleep(0.2)
        assert lab.bytes_sent == first
        assert first < 100_000_000


def test_a_client_that_stops_in_alchemy_is_seen(lab):
    """Closing a stream closes the connection at the lab's end."""
    lab.add("Hello there, dear all.", faults="stall@3")
    with alchemy.Client() as client, client.stream(lab.model(), "hi") as stream:
        next(iter(stream))
    assert lab.wait_closed()


def test_pace(lab, api):
    """Events come at the pace that was set."""
    lab.add("a b c d", pace=0.1)
    began = time.monotonic()
    with alchemy.stream(lab.model(api), "hi") as stream:
        assert len(list(stream)) > 4
    assert time.monotonic() - began >= 0.39


def test_a_tape_is_replayed_in_its_time(lab):
    """At the recorded speed, faster, or at once."""
    tape = Tape([(0.1, b"data: 1\n\n"), (0.4, b"data: 2\n\n")])
    for speed, least, most in ((1.0, 0.39, 5), (4.0, 0.09, 0.39), (float("inf"), 0, 0.1)):
        lab.add(tape.at_speed(speed))
        with Raw(lab) as raw:
            began = time.monotonic()
            assert b"data: 2" in raw.ask().read(b"0\r\n\r\n")
            assert least <= time.monotonic() - began < most


def test_nothing_is_left():
    """No thread, no file descriptor, and the port is free again; closing again does nothing."""
    descriptors = Path("/proc/self/fd")
    before, files = threading.active_count(), len(list(descriptors.iterdir())) if descriptors.is_dir() else None
    lab = Lab(lambda _request: "By a function.", faults="stall@end")
    with Raw(lab) as raw, Raw(lab):
        raw.ask().read(seconds=0.1)
        lab.close()
        assert raw.read() == b""
    lab.close()
    assert repr(lab).endswith("closed)")
    assert threading.active_count() == before
    if files is not None:
        assert len(list(descriptors.iterdir())) == files
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", lab.port), 1)
    again = Lab(port=lab.port)
    try:
        with pytest.raises(OSError, match="in use"):
            Lab(port=lab.port)
    finally:
        again.close()


def test_a_thousand_streams(lab):
    """At once, in one process, each with its own answer."""
    lab.default = "one two three"
    lab.pace = 0.02

    async def one(number):
        async with client.stream(lab.model(id=str(number)), "hi") as stream:
            async for _ in stream:
                pass
        return stream.message.text

    async def run():
        return await asyncio.gather(*[one(number) for number in range(1000)])

    with alchemy.Client() as client:
        assert set(asyncio.run(run())) == {"one two three"}
    assert len(lab.requests) == 1000


def test_tls_that_an_authority_vouches_for():
    """A client that trusts the authority is served, under both names; one that does not is not."""
    with Lab(tls=True) as lab:
        context = ssl.create_default_context(cafile=lab.ca_file)
        for host in ("127.0.0.1", "localhost"):
            connection = http.client.HTTPSConnection(host, lab.port, context=context, timeout=5)
            connection.request("POST", "/v1/responses", '{"input": "hi"}')
            assert b"Hello there." in connection.getresponse().read()
            connection.close()
        assert lab.url.startswith("https://")
        with pytest.raises(alchemy.ApiConnectionError, match="certificate"):
            alchemy.complete(lab.model(), "hi")
        seen = len(lab.requests)
        assert seen == 2


def test_tls_that_nobody_vouches_for():
    """Not even the authority helps."""
    with Lab(tls="self-signed") as lab:
        context = ssl.create_default_context(cafile=lab.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", lab.port, context=context, timeout=5)
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            connection.request("POST", "/v1/responses", "{}")
        connection.close()
        with pytest.raises(alchemy.ApiConnectionError, match="certificate"):
            alchemy.complete(lab.model(), "hi")
        assert lab.requests == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_the_lab_to_its_parent():
    """A child that leaves the block does not hang, and the parent's lab goes on."""
    program = (
        "import os, alchemy\n"
        "from alchemy.lab import Lab\n"
        "with Lab() as lab:\n"
        "    child = os.fork()\n"
        "    if child:\n"
        "        print(os.waitpid(child, 0)[1], alchemy.complete(lab.model(), 'hi').text)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("0 Hello there.\n", "")


def test_a_lab_that_is_left_open_says_nothing_at_exit():
    """A program that forgets to close it ends all the same, with streams open."""
    program = (
        "import alchemy\n"
        "from alchemy.lab import Lab\n"
        "lab = Lab(faults='stall@2')\n"
        "stream = alchemy.stream(lab.model(), 'hi')\n"
        "next(iter(stream))\n"
    )
    command = [sys.executable, "-X", "dev", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_nobody_asked_for_is_counted():
    """`pending` counts the answers that stand in line."""
    with Lab() as lab:
        lab.add("one")
        lab.add("two", times=2)
        assert lab.pending == 2
        for left in (1, 1, 0):
            alchemy.complete(lab.model(), "hello")
            assert lab.pending == left

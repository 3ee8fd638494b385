"""Builds the programs of the benchmarks and runs the loopback provider for the tests."""

import http.client
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Provider:
    """A running provider: its two ports, and the certificate to trust at the second one."""

    port: int
    tls: int
    ca_file: Path

    def ask(self, method, path, body=None):
        """Makes one request with Python's own client; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def stats(self):
        return json.loads(self.ask("GET", "/stats")[1])

    def reset(self):
        assert self.ask("POST", "/stats/reset")[0] == 200


@pytest.fixture(scope="session")
def programs():
    """The programs of the loopback package by name, built where they are missing or out of date."""
    command = ["cargo", "build", "--locked", "--package", "alchemy-loopback", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    return {
        message["target"]["name"]: message["executable"]
        for message in messages
        if message["reason"] == "compiler-artifact" and message["executable"]
    }


@pytest.fixture(scope="session")
def provider(programs, tmp_path_factory):
    """The loopback provider, for all tests."""
    folder = tmp_path_factory.mktemp("certificate")
    command = [programs["alchemy-loopback"], "--tls", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            (first, port), (second, tls) = (process.stdout.readline().split() for _ in range(2))
            assert (first, second) == ("port", "tls")
            yield Provider(int(port), int(tls), folder / "ca.pem")
        finally:
            # It ends when its standard input does.
            process.stdin.close()
    assert process.returncode == 0

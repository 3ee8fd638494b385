"""Every Python example of the README and the guide runs, against a loopback server that plays the providers."""

import http.server
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from provider import Provider

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs/guide").glob("*.md")])
BLOCK = re.compile(
    r"^(?:<!-- needs: (?P<needs>[\w ]+) -->\n)?```python(?P<mark>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")

# What each example starts with: keys that belong to nobody, and every provider's address replaced by the loopback server's.
PRELUDE = """
import functools, os, warnings
import alchemy
warnings.simplefilter("error")
names = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google": "GEMINI_API_KEY"}
os.environ.update(dict.fromkeys(names.values(), "sk-of-nobody"))
alchemy.Client = functools.partial(alchemy.Client, base_urls=dict.fromkeys(names, ADDRESS))
_client = alchemy.Client()
alchemy.stream, alchemy.complete, alchemy.complete_async = _client.stream, _client.complete, _client.complete_async
"""


def examples():
    """Yields each example: where it is, its code, its mark and what it needs."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text[: block.start("code")].count("\n") + 1
            yield f"{page.relative_to(ROOT)}:{line}", block["code"], block["mark"].strip(), block["needs"]


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def run(code, address=None, folder=None):
    prelude = f"ADDRESS = {address!r}\n{PRELUDE}" if address else ""
    return subprocess.run(
        [sys.executable, "-c", prelude + code], capture_output=True, text=True, timeout=50, cwd=folder, check=False
    )


@pytest.mark.parametrize(
    ("code", "mark", "needs"), [example[1:] for example in examples()], ids=[example[0] for example in examples()]
)
def test_example(code, mark, needs, address, tmp_path):
    """The example runs to its end, prints something, and leaves no error behind in a thread or at exit."""
    if mark == "no-run":
        compile(code, "example", "exec")
        return
    if needs == "local" and find_spec("xllamacpp") is None:
        pytest.skip("needs the local model: make local")
    done = run(code, None if needs == "local" else address, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if "print(" in code and "TextDelta):\n            break" not in code:
        assert done.stdout.strip()


def test_a_failing_example_is_seen(address, tmp_path):
    """An example that raises does not pass."""
    done = run('import alchemy\nalchemy.complete("openai/gpt-5-mini", "Hello.", api_key="wrong")', address, tmp_path)
    assert done.returncode == 1
    assert "AuthenticationError" in done.stderr


def test_there_are_examples():
    """The pattern finds the examples: at least one in the README and ten in all."""
    names = [example[0] for example in examples()]
    assert len(names) >= 10
    assert any(name.startswith("README.md:") for name in names)


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=lambda page: page.name
)
def test_links(page):
    """A link of a page to a file of the repository leads somewhere."""
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []

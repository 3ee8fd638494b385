"""Every Python example of the README and the guide runs, against a loopback server that plays the providers."""

import http.server
import json
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

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
os.environ["OPENAI_API_KEY"] = "sk-of-nobody"
alchemy.Client = functools.partial(alchemy.Client, base_urls={"openai": ADDRESS})
_client = alchemy.Client()
alchemy.stream, alchemy.complete, alchemy.complete_async = _client.stream, _client.complete, _client.complete_async
"""


WORDS = "Hello from the docs."
ARGUMENTS = '{"city": "Bergen"}'


def completion(request):
    """Answers a request to `/chat/completions`: the whole body, and the events of a stream."""
    head = {"id": "docs-1", "model": request["model"], "created": 1}
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    message = {"role": "assistant", "content": WORDS}
    reason = "stop"
    if request.get("tools") and request["messages"][-1]["role"] != "tool":
        function = {"name": request["tools"][0]["function"]["name"], "arguments": ARGUMENTS}
        message = {"role": "assistant", "tool_calls": [{"id": "call-1", "type": "function", "function": function}]}
        reason = "tool_calls"
    whole = {**head, "choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
        {**head, "choices": [], "usage": usage},
    ]
    return whole, "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def response(request):
    """Answers a request to `/responses`: the whole body, and the events of a stream."""
    head = {"id": "docs-1", "object": "response", "created_at": 1, "model": request["model"]}
    at = {"item_id": "item-1", "output_index": 0}
    asked = request["input"][-1] if isinstance(request["input"], list) else {}
    if request.get("tools") and asked.get("type") != "function_call_output":
        name = request["tools"][0]["name"]
        item = {"id": "item-1", "type": "function_call", "call_id": "call-1", "name": name, "status": "completed"}
        begun, done = {**item, "arguments": "", "status": "in_progress"}, {**item, "arguments": ARGUMENTS}
        pieces = [
            {"type": "response.function_call_arguments.delta", **at, "delta": ARGUMENTS},
            {"type": "response.function_call_arguments.done", **at, "arguments": ARGUMENTS},
        ]
    else:
        part = {"type": "output_text", "text": WORDS, "annotations": []}
        item = {"id": "item-1", "type": "message", "role": "assistant", "status": "completed"}
        begun, done = {**item, "content": [], "status": "in_progress"}, {**item, "content": [part]}
        within = {**at, "content_index": 0}
        pieces = [
            {"type": "response.content_part.added", **within, "part": {**part, "text": ""}},
            {"type": "response.output_text.delta", **within, "delta": WORDS},
            {"type": "response.output_text.done", **within, "text": WORDS},
            {"type": "response.content_part.done", **within, "part": part},
        ]
    usage = {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}
    whole = {**head, "status": "completed", "output": [done], "usage": usage}
    events = [
        {"type": "response.created", "response": {**head, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": begun},
        *pieces,
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": whole},
    ]
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return whole, "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in numbered)


class Provider(http.server.BaseHTTPRequestHandler):
    """Asks for the first tool it is offered, once; otherwise answers in words, streamed or whole; refuses the key `wrong`."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] == "Bearer wrong":
            self.answer(401, "application/json", json.dumps({"error": {"message": "Incorrect API key provided."}}))
            return
        protocols = {"/v1/chat/completions": completion, "/v1/responses": response}
        if self.path not in protocols:
            self.answer(404, "application/json", json.dumps({"error": {"message": f"There is no {self.path}."}}))
            return
        whole, events = protocols[self.path](request)
        if request.get("stream"):
            self.answer(200, "text/event-stream", events)
        else:
            self.answer(200, "application/json", json.dumps(whole))

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *args):  # noqa: A002  (the base class names it so)
        pass


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

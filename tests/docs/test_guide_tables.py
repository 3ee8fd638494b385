"""The tables of the guide say what the encoders do."""

import itertools
import json
from pathlib import Path

import alchemy
import pytest
from alchemy import _native

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide"
MODELS = {
    "openai-completions": "openai/gpt-5-mini",
    "openai-responses": "openai/gpt-5-mini",
    "anthropic-messages": "anthropic/claude-sonnet-4-6",
    "google-generative-ai": "google/gemini-2.5-flash",
}
BYTES = {"Image": b"\x89PNG\r\n\x1a\n", "Document": b"%PDF-1.7", "Audio": b"RIFF\0\0\0\0WAVE"}


def table(page, first):
    """The table of a page whose first column has this head: its rows, by their head and the columns' heads."""
    lines = (GUIDE / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    begin = next(place for place, row in enumerate(cells) if row[0] == first)
    heads = [head.strip("`") for head in cells[begin][1:]]
    rows = itertools.takewhile(lambda row: len(row) > 1, cells[begin + 2 :])
    return [(row[0].strip("`"), dict(zip(heads, row[1:], strict=True))) for row in rows]


def goes(block, api):
    """Whether the protocol's vendor gets a block."""
    context = {"messages": [alchemy.UserMessage(content=(block,))]}
    _, _, _, body, _ = _native.encode(alchemy.get_model(MODELS[api]), context, {"api": api})
    return "left out" not in json.dumps(json.loads(body))


@pytest.mark.parametrize(("kind", "taken"), table("options.md", "block"))
def test_which_blocks_go_over_which_protocol(kind, taken):
    """Bytes, addresses and ids of files go where the table says so, and nowhere else."""
    block = getattr(alchemy, kind)
    given = {"data": BYTES[kind], "url": "https://host/file"} | ({} if kind == "Audio" else {"file_id": "file-1"})
    for api, cell in taken.items():
        sent = [f"`{name}`" for name, value in given.items() if goes(block(**{name: value}), api)]
        assert ", ".join(sent) == cell.replace("none", ""), api


@pytest.mark.parametrize(("api", "shown"), table("protocols.md", "`api`"))
def test_who_speaks_a_protocol(api, shown):
    """Everybody who is named speaks the protocol as far as we know."""
    names = {"Azure": "azure", "Bedrock (`bedrock-mantle`)": "bedrock-mantle", "GitHub Copilot": "github-copilot"}
    names |= {"Moonshot AI": "moonshotai", "Z.AI": "zai", "llama.cpp": "llamacpp", "LM Studio": "lmstudio"}
    if api == "openai-completions":
        return
    for name in shown["who speaks it"].replace(";", ",").split(", "):
        provider = names.get(name, name.lower())
        model = alchemy.get_model(f"{provider}/m", allow_unknown=True)
        # The addresses of these two are the customer's own.
        own = {"base_url": "http://host"} if provider in {"azure", "bedrock-mantle"} else {}
        alchemy.stream(model, "hello", api=api, api_key="k", **own).close()

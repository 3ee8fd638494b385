"""Write docs/reference/options.md: what each wire protocol makes of each option, asked of the encoders themselves.

Needs the built extension. Called without arguments it writes the page; `--check` writes nothing and exits with 1 if
the page is out of date.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import alchemy
from alchemy import _native

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "options.md"
# Who stands for each wire protocol: the vendor that it comes from.
VENDORS = {
    "openai-completions": "openai",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "google-generative-ai": "google",
}
WEATHER = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
SHAPE = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
LONGER = {
    "system_prompt": "Be brief.",
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "And now?"},
    ],
}


@dataclass(frozen=True)
class Example:
    """An option with a value: what is asked, beside which other options, in which conversation."""

    shown: str
    asked: dict[str, Any]
    beside: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=lambda: HELLO)


TOOLS = {"tools": [WEATHER]}
EXAMPLES = (
    Example("max_tokens=100", {"max_tokens": 100}),
    Example("temperature=0.5", {"temperature": 0.5}),
    Example("temperature=1.5", {"temperature": 1.5}),
    Example("top_p=0.9", {"top_p": 0.9}),
    Example('stop=["END"]', {"stop": ["END"]}),
    Example("stop= six of them", {"stop": ["1", "2", "3", "4", "5", "6"]}),
    Example("seed=7", {"seed": 7}),
    Example('reasoning="off"', {"reasoning": "off"}),
    Example('reasoning="high"', {"reasoning": "high"}),
    Example("reasoning=8192", {"reasoning": 8192}),
    Example('reasoning="high" with max_tokens=4000', {"reasoning": "high"}, {"max_tokens": 4000}),
    Example("tools=[weather]", TOOLS),
    Example("tools= one that is strict", {"tools": [{**WEATHER, "parameters": SHAPE, "strict": True}]}),
    Example("tools= one that takes free text", {"tools": [{"name": "shell", "description": "Runs.", "custom": True}]}),
    Example('tool_choice="none"', {"tool_choice": "none"}, TOOLS),
    Example('tool_choice="required"', {"tool_choice": "required"}, TOOLS),
    Example("tool_choice= the weather", {"tool_choice": {"mode": "tool", "name": "weather"}}, TOOLS),
    Example("parallel_tool_calls=False", {"parallel_tool_calls": False}, TOOLS),
    Example('response_format="json"', {"response_format": "json"}),
    Example("response_format= a schema", {"response_format": SHAPE}),
    Example('cache="auto", a first question', {"cache": "auto"}),
    Example('cache="auto", a conversation', {"cache": "auto"}, {"cache": "none"}, LONGER),
    Example('cache="none"', {"cache": "none"}, {}, LONGER),
    Example('cache="short"', {"cache": "short"}, {"cache": "none"}, LONGER),
    Example('cache="long"', {"cache": "long"}, {"cache": "none"}, LONGER),
    Example('session_id="s1"', {"session_id": "s1"}),
    Example('previous_response_id="r1"', {"previous_response_id": "r1"}),
    Example('service_tier="flex"', {"service_tier": "flex"}),
    Example('metadata={"user_id": "u1"}', {"metadata": {"user_id": "u1"}}),
    Example('metadata={"team": "docs"}', {"metadata": {"team": "docs"}}),
    Example('extra_body={"key": 1}', {"extra_body": {"key": 1}}),
    Example('headers={"x-team": "docs"}', {"headers": {"x-team": "docs"}}),
)
LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh", 8192)
HEAD = """# Options by protocol

Made by `scripts/generate_options.py`, which asks the encoders. Each line shows what an option changes in a request to a
model of the vendor itself, by its path in the body. What cannot be honoured exactly shows the words of the notice that
says so, by its kind: `dropped`, `clamped`, `mapped` or `converted`; with `strict=True` it is an error before anything
is sent. Other servers differ by their quirks, and models by theirs.
"""
BETWEEN = """
The same everywhere: `api`, `api_key`, `base_url`, `timeout`, `retries` and `max_event_bytes` say where and how to ask;
`coalesce_ms` and `coalesce_chars` merge the deltas of a stream, and mean nothing to `complete`; `strict` turns notices
into errors.

## Thinking, by model

What `reasoning` becomes for the models of the catalog.
"""


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is out of date")
    arguments = parser.parse_args()
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if arguments.check:
        print(f"out of date: {PAGE.relative_to(ROOT)}; run make docs", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


def example_model(api: str) -> alchemy.Model:
    """A model of the protocol's vendor that takes everything."""
    return alchemy.Model(
        id="example",
        provider=VENDORS[api],
        api=api,
        reasoning=True,
        input=("text", "image", "audio", "document"),
        max_tokens=64_000,
    )


def sent(model: alchemy.Model, context: dict[str, Any], options: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """What goes out, the body's keys and the headers; and the notices."""
    _, _, headers, body, notices = _native.encode(model, context, alchemy.Options.from_dict(options))
    return {**json.loads(body), **{f"header {name}": value for name, value in headers.items()}}, list(notices)


def differences(before: Any, after: Any, path: str = "") -> tuple[dict[str, Any], list[str]]:
    """The smallest parts of a JSON value that are new or different, by their paths; and the paths that went."""
    if before == after:
        return {}, []
    changed: dict[str, Any] = {}
    gone: list[str] = []
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = [(f"{path}.{key}" if path else key, key) for key in {**before, **after}]
        for place, key in pairs:
            if key not in after:
                gone.append(place)
            elif key not in before:
                changed[place] = after[key]
            else:
                more, less = differences(before[key], after[key], place)
                changed |= more
                gone += less
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            more, less = differences(old, new, f"{path}[{index}]")
            changed |= more
            gone += less
    else:
        changed[path] = after
    return changed, gone


def effect(model: alchemy.Model, example: Example) -> tuple[dict[str, Any], list[str], list[Any]]:
    """What an option changes: what is new or different in the request, what it takes away, and the new notices."""
    before, known = sent(model, example.context, example.beside)
    after, notices = sent(model, example.context, {**example.beside, **example.asked})
    asked = tuple(f"options.{name}" for name in example.asked)
    fresh = [notice for notice in notices if notice not in known or notice.path.startswith(asked)]
    return *differences(before, after), fresh


def cell(model: alchemy.Model, example: Example) -> str:
    """The effect of an option in words."""
    changed, gone, notices = effect(model, example)
    lines = [f"`{path}: {json.dumps(value, ensure_ascii=False)}`" for path, value in changed.items()]
    lines += [f"without `{path}`" for path in gone]
    lines += [f"{notice.code.rpartition('_')[2]}: {notice.text}" for notice in notices]
    return "<br>".join(line.replace("|", "\\|") for line in lines) or "nothing to send"


def levels() -> list[tuple[str, list[str]]]:
    """For every kind of thinking model in the catalog, the models and what each level becomes."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for provider in dict.fromkeys(VENDORS.values()):
        for model in alchemy.get_models(provider):
            if model.reasoning:
                row = tuple(cell(model, Example("", {"reasoning": level})) for level in LEVELS)
                kinds.setdefault(row, []).append(f"{provider}/{model.id}")
    return [("<br>".join(f"`{name}`" for name in names), list(row)) for row, names in kinds.items()]


def table(head: list[str], rows: list[tuple[str, list[str]]]) -> list[str]:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join([first, *rest]) + " |" for first, rest in rows]


def page() -> str:
    """The whole page."""
    models = {api: example_model(api) for api in VENDORS}
    rows = [(f"`{example.shown}`", [cell(model, example) for model in models.values()]) for example in EXAMPLES]
    lines = [
        HEAD,
        *table(["option", *(f"`{api}`" for api in models)], rows),
        BETWEEN,
        *table(["models", *(f"`{level}`" for level in LEVELS)], levels()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

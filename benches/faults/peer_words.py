"""Says in a few words what a library made of an answer."""

import json

from fault_outcomes import WHOLE
from fault_reading import FILLER
from fault_row import ANSWERS, Row

API = "openai-completions"
# The words of the protocol and of pydantic-ai for the stop reasons of the table.
FINISHES = {"stop": {"stop"}, "length": {"length"}, "tool_use": {"tool_calls", "tool_call", "function_call"}}


def words_for(row: Row, said: dict | None, *, streamed: bool, limit: float) -> str:
    """What a library made of a row; `said` is None where it did not come back in time."""
    if said is None:
        return f"not back within {limit:.0f} s"
    if said["error"]:
        return f"raises `{said['error']}`"
    expected = row.expected(API, streamed=streamed).outcome
    told = ANSWERS[row.told or row.answer]
    is_whole = not expected.error and expected.message == WHOLE
    found = [*finish(said, told.stop_reason if is_whole else None), *content(said, told)]
    if is_whole and said["output_tokens"] != told.usage.output:
        found.append("no usage")
    return ", ".join(found) or "whole"


def finish(said: dict, stop: str | None) -> list[str]:
    """What it says of the end; `stop` is None where the server never said how the answer ended."""
    if said["finish"] in FINISHES.get(stop or "", set()):
        return []
    return [f"says `{said['finish']}`" if said["finish"] else "no error, no finish reason"]


def content(said: dict, told) -> list[str]:
    """How the content differs from what was told."""
    found = []
    for name, wanted in (("text", told.text), ("thinking", told.thinking)):
        given = said[name]
        given = FILLER.sub("", given)
        if given == wanted:
            continue
        if not given:
            found.append(f"no {name}")
        elif wanted.startswith(given):
            found.append(f"{name} cut")
        else:
            found.append(f"{name} altered")
    return [*found, *tool_calls(said["calls"], told.tool_calls)]


def tool_calls(calls: list[dict], told) -> list[str]:
    """How the tool calls differ."""
    if len(calls) != len(told):
        return [f"{len(calls)} tool calls of {len(told)}"]
    found = [] if all(call["id"] for call in calls) else ["tool calls without ids"]
    for call, wanted in zip(calls, told, strict=True):
        if wanted.state == "truncated":
            found.append("arguments as cut text" if call["arguments"] == wanted.raw_arguments else "arguments altered")
        elif json.dumps(wanted.arguments).startswith(call["arguments"]) and arguments(call) is None:
            found.append("arguments cut")
        elif call["name"] != wanted.name or arguments(call) != wanted.arguments:
            found.append("a tool call altered")
    return found


def arguments(call: dict):
    """The arguments of a call; None where they are no JSON."""
    try:
        return json.loads(call["arguments"])
    except ValueError:
        return None

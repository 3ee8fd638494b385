"""Where a decoded `openai-completions` answer differs from the plain reading of the same bytes."""

import json

from comparing import Differences
from completions_reading import carries, fold_details


def joined(message, kind: str, name: str) -> str:
    return "".join(getattr(block, name) for block in message.content if type(block).__name__ == kind)


def blocks(message, kind: str) -> list:
    return [block for block in message.content if type(block).__name__ == kind]


def names_within(value) -> set[str]:
    """Every object key within a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*map(names_within, value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(names_within, value))
    return set()


class CompletionsDifferences(Differences):
    """Compares what the blocks add up to: servers put their parts in no common order."""

    def content(self, message, reading) -> None:
        self.same("text", joined(message, "Text", "text"), reading.text + reading.refusal)
        self.same("thinking", joined(message, "Thinking", "thinking"), reading.thinking)
        self.calls(message, reading)

    def calls(self, message, reading) -> None:
        calls = blocks(message, "ToolCall")
        self.same("number of tool calls", len(calls), len(reading.calls))
        for index, (call, expected) in enumerate(zip(calls, reading.calls, strict=False)):
            for name in ("name", "raw_arguments", "custom", "arguments", "state"):
                self.same(f"tool_calls[{index}].{name}", getattr(call, name), getattr(expected, name))
            self.same(f"tool_calls[{index}].id", call.id, expected.id or call.id or "an id made up")
        ids = [call.id for call in calls]
        self.same("ids of tool calls that are the same", len(ids) - len(set(ids)), 0)

    def details(self, message, reading) -> None:
        signed = [block for block in blocks(message, "Thinking") if block.signature is not None]
        if not reading.details:
            return
        lists = [json.loads(block.signature) for block in signed]
        self.same(
            "reasoning_details",
            fold_details([detail for details in lists for detail in details]),
            [{name: value for name, value in detail.items() if value is not None} for detail in reading.details],
        )
        hidden = any(carries(detail.get("data")) for detail in reading.details) and not reading.thinking
        self.same("redacted", any(block.redacted for block in signed), hidden)

    def kept(self, message, reading) -> None:
        citations = [citation for block in blocks(message, "Text") for citation in block.citations]
        opaque = blocks(message, "Opaque")
        rest = [annotation for annotation in reading.annotations if annotation not in citations]
        self.same("annotations lost", rest, [])
        names = names_within(message.raw) | names_within([block.data for block in opaque])
        names |= {block.kind for block in opaque}
        self.same("names lost", sorted(reading.kept - names), [])
        if reading.audio:
            self.same("audio ids", [block.id for block in blocks(message, "Audio")], [reading.audio["id"]])

    def head(self, message, reading) -> None:
        self.same("stop_reason", message.stop_reason, reading.stop_reason)
        # A stream of Snowflake's without any reason has none, one with an empty reason has that.
        self.same("raw_stop_reason", message.raw_stop_reason or "", reading.raw_stop_reason or "")
        self.same("response_id", message.response_id, reading.response_id)
        self.same("response_model", message.response_model, reading.response_model)
        expected = {
            "choice_dropped": reading.more_choices,
            "stop_reason_unknown": reading.unknown_reason,
            "tool_call_renamed": reading.renamed,
            "trailing_events": reading.trailing,
        }
        codes = {notice.code for notice in message.notices}
        self.same("codes of notices", sorted(codes), sorted(code for code, there in expected.items() if there))

    def says(self, reading) -> bool:
        return bool(reading.text or reading.thinking or reading.calls)

    def message(self, message, reading) -> None:
        super().message(message, reading)
        self.details(message, reading)
        self.kept(message, reading)

"""Where a decoded answer differs from the plain reading of the same bytes: block by block and field by field."""

import pytest
from plain_sse import whole_text
from reading import MADE_UP, JsonText, exchange_of, parsed


def one_line(text: str) -> str:
    return " ".join(text.split())


def squeezed(value):
    """An object without the keys that are null, at its top: those say nothing in a signature."""
    return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value


class Differences:
    """Collects the differences of one case, a recording's `case.json`, whose bytes are `body`."""

    def __init__(self, case: dict, body: bytes) -> None:
        self.found: list[str] = []
        self.case = case
        self.body = body.decode("utf-8", "replace")

    def same(self, what: str, ours, expected) -> None:
        if ours != expected:
            self.found.append(f"{what}: {ours!r:.200}, expected {expected!r:.200}")

    def value(self, what: str, ours, expected) -> None:
        """Compares the field of a block with what the reading says of it."""
        if expected is MADE_UP:
            if not isinstance(ours, str) or not ours:
                self.found.append(f"{what}: {ours!r}, expected {expected!r}")
        elif isinstance(expected, JsonText) and isinstance(ours, str):
            self.json_text(what, ours, expected)
        else:
            self.same(what, ours, expected)

    def json_text(self, what: str, ours: str, expected: JsonText) -> None:
        try:
            value = parsed(ours)
        except ValueError:
            self.found.append(f"{what}: {ours!r:.200} is no JSON, expected {expected.value!r:.200}")
            return
        if expected.verbatim:
            self.same(what, value, expected.value)
            if ours not in self.body:
                self.found.append(f"{what}: {ours!r:.200} does not stand in the body as it is")
        else:
            self.same(what, squeezed(value), squeezed(expected.value))

    def content(self, message, reading) -> None:
        ours = [block.to_dict() for block in message.content]
        kinds = [block["type"] for block in ours]
        self.same("blocks", kinds, [block["type"] for block in reading.content])
        for index, (block, expected) in enumerate(zip(ours, reading.content, strict=False)):
            for name in sorted(block.keys() | expected.keys()):
                self.value(f"content[{index}].{name}", block.get(name), expected.get(name))
        ids = [block["id"] for block in ours if block["type"] == "tool_call"]
        self.same("ids of tool calls that are the same", len(ids) - len(set(ids)), 0)

    def head(self, message, reading) -> None:
        for name in ("stop_reason", "raw_stop_reason", "response_id", "response_model"):
            self.same(name, getattr(message, name), getattr(reading, name))
        for name in sorted(message.raw.keys() | reading.raw.keys()):
            self.same(f"raw.{name}", message.raw.get(name), reading.raw.get(name))
        self.same("codes of notices", sorted({notice.code for notice in message.notices}), sorted(reading.notices))

    def usage(self, message, reading) -> None:
        for name, expected in reading.usage.items():
            if name != "billed":
                self.same(f"usage.{name}", getattr(message.usage, name), expected)
        cost = message.usage.cost
        billed = None if cost is None else cost.billed
        expected = reading.usage["billed"]
        self.same("usage.cost.billed", billed, None if expected is None else pytest.approx(expected, rel=1e-12))
        if billed is not None:
            self.same("usage.cost.total", cost.total, billed)

    def failure(self, replay, reading) -> None:
        failure = reading.failure
        self.same("error", type(replay.error).__name__, failure.kind)
        if failure.status is not None:
            self.same("error.status", replay.error.status, failure.status)
        self.same("error.retry_after", getattr(replay.error, "retry_after", None), failure.retry_after)
        self.same("error.request_id", replay.error.request_id, exchange_of(self.case) or failure.request_id)
        words = one_line(whole_text(failure.message))[:100]
        if words not in one_line(str(replay.error)):
            self.found.append(f"error message: {replay.error!s:.200}, expected to hold {words!r}")
        partial = replay.error.partial
        if partial is not None:
            self.content(partial, reading)
            self.same("partial.stop_reason", partial.stop_reason, "error")
        elif self.says(reading):
            self.found.append("the partial message is lost")

    def says(self, reading) -> bool:
        """Whether the answer held anything before it failed."""
        return bool(reading.content)

    def message(self, message, reading) -> None:
        for part in (self.content, self.head, self.usage):
            part(message, reading)
        self.same("request_id", message.request_id, exchange_of(self.case))

    def all(self, replay, reading) -> list[str]:
        """Each point where the decoder's result is not what the reading says, in one line; empty where they agree."""
        if reading.failure is not None:
            if replay.error is None:
                return [f"no error, expected {reading.failure}"]
            self.failure(replay, reading)
        elif replay.error is not None or replay.message is None:
            return [f"{type(replay.error).__name__}: {replay.error}"]
        else:
            self.message(replay.message, reading)
        return self.found

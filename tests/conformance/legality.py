"""The rules that every stream of events keeps, whatever the provider sent."""

import re
from dataclasses import dataclass, field

STREAMED = re.compile("(Text|Thinking|ToolCall)(Start|Delta|End)")
# Kind of block -> the field that its deltas add up to.
KINDS = {"Text": "text", "Thinking": "thinking", "ToolCall": "raw_arguments"}


@dataclass
class OpenBlock:
    """A block that has begun: its kind, what its start said, and its deltas so far."""

    kind: str
    start: object
    deltas: list[str] = field(default_factory=list)
    block: object = None


class Checker:
    """Walks over the events of one stream and notes each breach of the rules in one line."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.blocks: list[OpenBlock] = []
        self.last = ""

    def breach(self, text: str) -> None:
        self.breaches.append(text)

    def check(self, events, message) -> list[str]:
        """Checks a whole stream.

        Args:
            events: The events in the order they were delivered.
            message: The final message, or None where the stream failed.

        Returns:
            The breaches, empty where there are none.
        """
        for place, event in enumerate(events):
            name = type(event).__name__
            if self.last in {"Done", "ErrorEvent"}:
                self.breach(f"events[{place}]: {name} after {self.last}")
            if (name == "Start") != (place == 0) and not (name == "ErrorEvent" and len(events) == 1):
                self.breach(f"events[{place}]: {name}, but Start is to be first and only first")
            self.event(place, name, event)
            self.last = name
        if message is None:
            if self.last == "Done":
                self.breach("Done, but no message")
        else:
            self.end(events, message)
        return self.breaches

    def event(self, place: int, name: str, event) -> None:
        if name in {"Start", "Done", "ErrorEvent"}:
            return
        if name == "Block":
            self.begin(place, event, OpenBlock("", event, block=event.block))
        elif (match := STREAMED.fullmatch(name)) is None:
            self.breach(f"events[{place}]: {name} is no event of this protocol")
        elif match[2] == "Start":
            self.begin(place, event, OpenBlock(match[1], event))
        else:
            self.within(place, name, event)

    def begin(self, place: int, event, block: OpenBlock) -> None:
        if event.content_index != len(self.blocks):
            self.breach(f"events[{place}]: block {event.content_index} begins, {len(self.blocks)} is next")
        self.blocks.append(block)

    def within(self, place: int, name: str, event) -> None:
        if event.content_index >= len(self.blocks):
            self.breach(f"events[{place}]: {name} of block {event.content_index}, which has not begun")
            return
        block = self.blocks[event.content_index]
        if not name.startswith(block.kind) or not block.kind:
            self.breach(f"events[{place}]: {name} of block {event.content_index}, which is {block.kind or 'whole'}")
        elif block.block is not None:
            self.breach(f"events[{place}]: {name} of block {event.content_index}, which is over")
        elif name.endswith("Delta"):
            if not event.delta:
                self.breach(f"events[{place}]: an empty delta")
            block.deltas.append(event.delta)
        else:
            block.block = event.tool_call if block.kind == "ToolCall" else event.block
            self.ended(place, block)

    def ended(self, place: int, block: OpenBlock) -> None:
        if type(block.block).__name__ != block.kind:
            self.breach(f"events[{place}]: a {block.kind} block ends as {type(block.block).__name__}")
            return
        whole = getattr(block.block, KINDS[block.kind])
        if "".join(block.deltas) != whole:
            self.breach(f"events[{place}]: the deltas {''.join(block.deltas)!r:.80} are not the block {whole!r:.80}")
        if block.kind == "ToolCall":
            for name in ("id", "name"):
                if getattr(block.start, name) != getattr(block.block, name):
                    self.breach(f"events[{place}]: the call's {name} changed")

    def end(self, events, message) -> None:
        if self.last != "Done":
            self.breach(f"the last event is {self.last or 'missing'}, not Done")
            return
        if events[-1].message != message:
            self.breach("Done carries another message than the result")
        if len(message.content) != len(self.blocks):
            self.breach(f"{len(self.blocks)} blocks began, the message has {len(message.content)}")
        for index, (block, part) in enumerate(zip(self.blocks, message.content, strict=False)):
            if block.block is None:
                self.breach(f"block {index} never ends")
            elif block.block != part:
                self.breach(f"block {index} differs from message.content[{index}]")


def breaches(events, message) -> list[str]:
    """Each rule that a stream of events broke, in one line; empty where it is legal."""
    return Checker().check(events, message)

"""What a row of the fault table is: what the server does, and what must come of it over each wire protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alchemy import AssistantMessage, Text, Thinking, ToolCall, Usage
from fault_outcomes import Expected

USAGE = Usage(input=9, output=7)
WORDS = "One two three four five six."
SAID_WORDS = "One two "
"""What has been said behind the event `{said}`."""


def _call(number: int, **arguments) -> ToolCall:
    return ToolCall(id=f"call_{number}", name="look", arguments=arguments)


ANSWERS = {
    "text": AssistantMessage(content=(Text(text=WORDS),), usage=USAGE),
    "wide": AssistantMessage(content=(Text(text="Grüße aus 東京: 👍🏽 und Ende."),), usage=USAGE),
    "thinking": AssistantMessage(content=(Thinking(thinking="Hm. "), Text(text=WORDS)), usage=USAGE),
    "calls": AssistantMessage(
        content=(_call(1, path="/tmp/one", lines=10), _call(2, path="/tmp/two", lines=20)),
        stop_reason="tool_use",
        usage=USAGE,
    ),
    "call": AssistantMessage(content=(_call(1, path="/tmp/one", lines=10),), stop_reason="tool_use", usage=USAGE),
    "long": AssistantMessage(content=(Text(text=" ".join(f"word {number}" for number in range(300))),), usage=USAGE),
    "cut call": AssistantMessage(
        content=(ToolCall(id="call_1", name="look", raw_arguments='{"path": "/tmp/o', state="truncated"),),
        stop_reason="length",
        usage=USAGE,
    ),
    "length": AssistantMessage(content=(Text(text=WORDS),), stop_reason="length", usage=USAGE),
}
"""What the server is told to answer."""

BEFORE_WORDS = {
    "openai-completions": 1,
    "openai-responses": 4,
    "anthropic-messages": 3,
    "google-generative-ai": 0,
}
"""How many events stand before the first word of `WORDS`, over each protocol. A new protocol joins the table here."""


@dataclass(frozen=True)
class Differs:
    """Protocols over which a row ends in another way, and why."""

    apis: tuple[str, ...]
    why: str
    streamed: Expected | None = None
    whole: Expected | None = None


@dataclass(frozen=True)
class Row:
    """One fault."""

    name: str
    """Names the case in the tests."""
    title: str
    """Names the row on the page."""
    faults: tuple[str, ...] = ()
    """What goes wrong with the answer, in the lab's words. `{said}` stands for the number of events up to the second
    word, `{first}` for those before the first."""
    streamed: Expected | None = None
    whole: Expected | None = None
    absent: str = ""
    """Why one of the two is None."""
    whole_in: tuple[str, ...] = ("sync", "async")
    """The ways to ask for an answer that is not streamed, where not both have the fault."""
    differs: tuple[Differs, ...] = ()
    answer: str = "text"
    """A key of `ANSWERS`."""
    told: str = ""
    """The key of what such an answer is to be read as, where that is not what the server was told to answer."""
    then: tuple[tuple[str, ...], ...] = ()
    """The faults of the answers after the first; behind them all is well."""
    timeout: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    """Options of the request beside the timeout."""
    action: str = ""
    """What the caller does once the first words are there: `close`, `leave`, `drop` or `cancel`."""
    place: str = ""
    """Where it asks instead of the lab: `nobody` (nothing listens there), `deaf` (no connection is ever made) or `mute` (one is
    made, and no TLS)."""
    tls: str = ""
    """How the lab is served by TLS: `unknown` (the client does not know its certificate) or `known`."""
    pace: float | None = None
    """Seconds between the events of the answer."""
    anywhere: bool = False
    """Whether it is run many times, the answer cut in two at another byte each time."""
    asks: int = 1
    """How often the caller asks, one after the other; the last answer counts."""
    between: float = 0.05
    """How long the caller takes between two requests, in which the client can see what became of the connection. Unit:
    seconds."""
    only: tuple[str, ...] = ()
    """The protocols that can have this fault; empty: all."""
    only_why: str = ""
    """Why the others cannot."""

    def apis(self, known) -> list[str]:
        """The protocols of this row among those that are known."""
        return [api for api in known if not self.only or api in self.only]

    def expected(self, api: str, *, streamed: bool) -> Expected | None:
        """What must come of it over a protocol; None where there is no such case."""
        mode = "streamed" if streamed else "whole"
        for differs in self.differs:
            if api in differs.apis and getattr(differs, mode) is not None:
                return getattr(differs, mode)
        return getattr(self, mode)

    def faults_of(self, api: str, faults: tuple[str, ...], *, streamed: bool) -> list[str]:
        """Faults with the places that they have over a protocol; a body that is not streamed has two parts."""
        first = BEFORE_WORDS[api] if streamed else 0
        said = first + 2 if streamed else 1
        return [fault.format(first=first, said=said, call=BEFORE_WORDS[api] + 2) for fault in faults]

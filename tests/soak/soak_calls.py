"""One call of the soak: made at random, and judged by what its provider does."""

import asyncio
import contextlib
import random
import threading
import time
from dataclasses import dataclass, field

import alchemy
from soak_answers import answer
from soak_faults import CASES, WHOLE

APIS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")
LIMITS = alchemy.Timeout(connect=3, first_event=2.5, idle=1.5, total=8)
RETRIES = alchemy.Retries(count=2, backoff=0.02, max_backoff=0.1, budget=None)
TIMEOUTS = (
    alchemy.ConnectTimeoutError,
    alchemy.FirstEventTimeoutError,
    alchemy.IdleTimeoutError,
    alchemy.TotalTimeoutError,
)
EMOJI = "\U0001f600"
# What ends a call early, and how often.
ACTS = {"nothing": 70, "close": 8, "drop": 6, "late close": 8, "leave": 4, "cancel": 8}


class IllegalError(AssertionError):
    """An outcome that is not true."""


@dataclass
class Call:
    """One call: what is asked of whom, how it is read, and how it is ended."""

    number: int
    case: int
    api: str
    form: str
    act: str
    after: float
    """When it is ended: a share of the events, or of a tenth of a second."""
    way: str = "sync"
    began: float = 0.0
    seconds: float = 0.0
    heard: float = 0.0
    """When the last event before the end was read; 0: none was."""
    events: list = field(default_factory=list)
    outcome: object = None
    ended_early: bool = False

    @classmethod
    def at_random(cls, chance: random.Random) -> "Call":
        return cls(
            number=chance.randrange(10**9),
            case=chance.choices(range(len(CASES)), [case.weight for case in CASES])[0],
            api=chance.choice(APIS),
            form=chance.choice(["complete", "iterate", "iterate", "result", "read"]),
            act=chance.choices(list(ACTS), list(ACTS.values()))[0],
            after=chance.random(),
        )

    def __str__(self) -> str:
        return f"{self.way} {self.form} over {self.api} of {CASES[self.case].name!r}, {self.act} at {self.after:.3f}, number {self.number}"

    @property
    def asked(self) -> str:
        return f"Please give me number {self.number}."

    def request(self, urls) -> tuple:
        model = alchemy.Model(id="lab", base_url=urls[self.case], api=self.api)
        return model, self.asked, {"timeout": LIMITS, "retries": RETRIES, "max_tokens": 999}

    def stops_at(self, count: int) -> bool:
        return self.act in {"close", "drop", "leave"} and count >= 1 + self.after * 20

    def hear(self, event) -> None:
        if not isinstance(event, alchemy.ErrorEvent):
            self.heard = time.monotonic()
        self.events.append(event)

    # -- sync ---------------------------------------------------------------------------------

    def run(self, client, urls) -> None:
        """Makes the call in this thread."""
        model, prompt, options = self.request(urls)
        if self.form == "complete":
            self.outcome = client.complete(model, prompt, **options)
            return
        stream = client.stream(model, prompt, **options)
        closer = None
        if self.act in {"late close", "cancel"}:
            closer = threading.Timer(self.after / 10, self._close, [stream])
            closer.start()
        try:
            if self.form == "result":
                self.outcome = stream.result()
                return
            # What is dropped is left open; the others are closed on the way out.
            with contextlib.nullcontext() if self.act == "drop" else stream:
                for event in stream:
                    self.hear(event)
                    if self.stops_at(len(self.events)):
                        self.ended_early = True
                        if self.act == "drop":
                            return
                        if self.act == "leave":
                            break
                        stream.close()
            if self.form == "read" or not self.ended_early:
                self.outcome = stream.result()
        finally:
            if closer is not None:
                closer.join()

    def _close(self, stream) -> None:
        self.ended_early = True
        stream.close()

    # -- async --------------------------------------------------------------------------------

    async def run_async(self, client, urls) -> None:
        """Makes the call in this task."""
        self.way = "async"
        model, prompt, options = self.request(urls)
        if self.act in {"cancel", "late close"}:
            try:
                async with asyncio.timeout(self.after / 10):
                    await self._read(client, model, prompt, options)
            except TimeoutError as error:
                if isinstance(error, alchemy.AlchemyError):
                    raise
                self.ended_early = True
            return
        await self._read(client, model, prompt, options)

    async def _read(self, client, model, prompt, options) -> None:
        if self.form == "complete":
            self.outcome = await client.complete_async(model, prompt, **options)
            return
        stream = client.stream(model, prompt, **options)
        if self.form == "result":
            self.outcome = await stream.result_async()
            return
        async with contextlib.nullcontext() if self.act == "drop" else stream:
            async for event in stream:
                self.hear(event)
                if self.stops_at(len(self.events)):
                    self.ended_early = True
                    if self.act == "drop":
                        return
                    if self.act == "leave":
                        break
                    stream.close()
        if self.form == "read" or not self.ended_early:
            self.outcome = await stream.result_async()

    # -- the judge ----------------------------------------------------------------------------

    def begin(self) -> None:
        self.began = time.monotonic()

    def end(self, outcome: object = None) -> None:
        self.seconds = time.monotonic() - self.began
        self.outcome = self.outcome if outcome is None else outcome

    def judged(self) -> str:
        """The name of the outcome.

        Raises:
            IllegalError: It is not true: an answer that is not the whole one, a partial one that is no beginning of it,
                or an error that this provider gives no reason for.
        """
        whole = self.expected()
        case = CASES[self.case]
        legal = case.body if self.form == "complete" else case.streamed
        outcome = self.outcome
        self._judge_events(whole)
        if isinstance(outcome, alchemy.AssistantMessage):
            if not same(outcome, whole):
                raise IllegalError(f"{self}: the answer is not the whole one: {outcome!r}")
            if WHOLE not in legal:
                raise IllegalError(f"{self}: an answer that was broken is taken for whole")
            return WHOLE
        if isinstance(outcome, alchemy.ApiError):
            self._judge_partial(outcome.partial, whole)
            if isinstance(outcome, alchemy.AbortedError) and self.ended_early:
                return "ended early"
            if isinstance(outcome, TIMEOUTS) and self.seconds >= outcome.seconds:
                # A machine that is too busy is slow in truth.
                return type(outcome).__name__
            if not isinstance(outcome, tuple(each for each in legal if each is not WHOLE)):
                raise IllegalError(f"{self}: {outcome!r} has no reason")
            return type(outcome).__name__
        if outcome is None and self.ended_early:
            return "ended early"
        raise IllegalError(f"{self}: {outcome!r} is no outcome")

    def expected(self) -> alchemy.AssistantMessage:
        whole = answer(self.number)
        if "surrogates" in CASES[self.case].faults and not any(character > "\uffff" for character in whole.text):
            first = alchemy.Text(text=f"{whole.content[0].text} {EMOJI} ")
            return alchemy.AssistantMessage(content=[first, *whole.content[1:]], stop_reason=whole.stop_reason)
        return whole

    def _judge_events(self, whole) -> None:
        text = "".join(event.delta for event in self.events if isinstance(event, alchemy.TextDelta))
        if not whole.text.startswith(text.removesuffix("\ufffd")):
            raise IllegalError(f"{self}: the events say {text!r}")
        ends = [event for event in self.events if isinstance(event, (alchemy.Done, alchemy.ErrorEvent))]
        if ends and (len(ends) > 1 or self.events[-1] is not ends[0] or text != whole.text):
            raise IllegalError(f"{self}: the events end wrongly")
        if isinstance(self.outcome, alchemy.AssistantMessage) and self.events and not ends and not self.ended_early:
            raise IllegalError(f"{self}: the events do not end")

    def _judge_partial(self, partial, whole) -> None:
        if partial is None:
            raise IllegalError(f"{self}: {self.outcome!r} has no partial message")
        calls = [call for call in partial.tool_calls if call.state == "complete"]
        # Half of a character that was cut in two is told as one that is not known.
        if not whole.text.startswith(partial.text.removesuffix("\ufffd")) or (
            calls and calls[0].arguments != whole.tool_calls[0].arguments
        ):
            raise IllegalError(f"{self}: the partial message is no beginning: {partial!r}")
        if partial.stop_reason not in {"error", "aborted"}:
            raise IllegalError(f"{self}: the partial message ends by {partial.stop_reason}")


def same(message, whole) -> bool:
    """Whether two messages say the same."""

    def said(each) -> tuple:
        return each.text, each.stop_reason, [(call.name, call.arguments, call.state) for call in each.tool_calls]

    return said(message) == said(whole)

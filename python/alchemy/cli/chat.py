"""`alchemy chat`: one answer, or a conversation."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time

import alchemy
from alchemy.cli import FAILED, INTERRUPTED, MISUSED
from alchemy.cli.arguments import DEFAULT_MODEL
from alchemy.cli.terminal import Spinner, complain, dim, is_terminal, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from alchemy import AssistantMessage, Context, Event, Model
    from alchemy.cli.arguments import Arguments

__all__ = ["chat"]


def chat(arguments: Arguments) -> int:
    """Answer the prompt, or hold a conversation where there is none; gives the exit code."""
    session = _Session(arguments)
    if arguments.prompt is None and is_terminal(sys.stdin):
        return session.converse()
    prompt = "\n\n".join(part for part in (arguments.prompt, _piped()) if part)
    if not prompt:
        complain("there is no prompt: standard input is empty")
        return MISUSED
    session.say(prompt)
    session.answer()
    return FAILED if session.failed else 0


class _Session:
    """A conversation with one model."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        self._model = _model(arguments)
        self._context: Context = alchemy.Context(system_prompt=arguments.system)
        self.failed = False

    def say(self, text: str) -> None:
        self._context = self._context.with_messages(alchemy.UserMessage(content=text))

    def answer(self) -> None:
        """Print the model's answer to the conversation, and add it."""
        self.failed = False
        stream = alchemy.stream(
            self._model,
            self._context,
            errors="event" if self._arguments.json else "raise",
            api=self._arguments.api,
            max_tokens=self._arguments.max_tokens,
            temperature=self._arguments.temperature,
        )
        name = self._model if isinstance(self._model, str) else self._model.id
        printer = _JsonPrinter() if self._arguments.json else _TextPrinter()
        begun = time.monotonic()
        with Spinner(name) as spinner, stream:
            try:
                for event in stream:
                    if printer.is_visible(event):
                        spinner.stop()
                    printer.print(event)
            except KeyboardInterrupt:
                self._keep_partial(stream.message)
                raise
            finally:
                spinner.stop()
                printer.end()
            message = stream.result()
        if message.stop_reason == "error":
            self.failed = True
            complain(message.error_message or "the answer failed")
            return
        self._context = self._context.with_messages(message)
        _report(message, time.monotonic() - begun)

    def converse(self) -> int:
        """Take prompts and print answers until the input ends; gives the exit code."""
        # Line editing and history come with the import, where the platform has them.
        with contextlib.suppress(ImportError):
            importlib.import_module("readline")
        while True:
            try:
                prompt = _ask(quiet=self._arguments.json)
            except (EOFError, KeyboardInterrupt) as end:
                print(file=sys.stderr)
                return INTERRUPTED if isinstance(end, KeyboardInterrupt) else 0
            if not prompt.strip():
                continue
            before = self._context
            self.say(prompt)
            try:
                self.answer()
            except KeyboardInterrupt:
                if self._context.messages[-1].role == "user":
                    self._context = before
            except alchemy.AlchemyError as error:
                complain(str(error))
                self._context = before
            else:
                if self.failed:
                    self._context = before

    def _keep_partial(self, message: AssistantMessage | None) -> None:
        """Keep what had been said before it was stopped: the user has read it and may refer to it."""
        if message is not None and message.text:
            said = alchemy.AssistantMessage(content=(alchemy.Text(text=message.text),))
            self._context = self._context.with_messages(said)


class _TextPrinter:
    """Prints the answer's text, and on a terminal its thinking, dimmed."""

    def __init__(self) -> None:
        self._terminal = is_terminal(sys.stdout)
        self._dim, self._plain = dim(sys.stdout)
        self._thinking = False
        self._at_line_start = True

    def is_visible(self, event: Event) -> bool:
        return isinstance(event, alchemy.TextDelta) or (self._terminal and isinstance(event, alchemy.ThinkingDelta))

    def print(self, event: Event) -> None:
        if isinstance(event, alchemy.TextDelta):
            self._end_thinking()
            self._write(event.delta)
        elif isinstance(event, alchemy.ThinkingDelta) and self._terminal:
            if not self._thinking:
                self._thinking = True
                self._write(self._dim or "thinking: ", raw=True)
            self._write(event.delta)

    def end(self) -> None:
        """Leave the cursor at the start of a line, undimmed."""
        self._end_thinking()
        if not self._at_line_start:
            self._write("\n")

    def _end_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            self._write(f"{self._plain}\n\n", raw=True)

    def _write(self, text: str, *, raw: bool = False) -> None:
        if self._terminal and not raw:
            text = printable(text)
        if text:
            # Set first: Ctrl-C may come as soon as the text is seen.
            self._at_line_start = text.endswith("\n")
            sys.stdout.write(text)
            sys.stdout.flush()


class _JsonPrinter:
    """Prints each event as one line of JSON, in ASCII: any stream can carry it and any reader takes it."""

    def is_visible(self, event: Event) -> bool:  # noqa: ARG002 - every event is printed
        return True

    def print(self, event: Event) -> None:
        sys.stdout.write(json.dumps(event.to_dict()) + "\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Nothing is left open."""


def _model(arguments: Arguments) -> Model | str:
    if arguments.base_url is not None and arguments.model is not None:
        return alchemy.Model(id=arguments.model, base_url=arguments.base_url)
    if arguments.model is not None and arguments.model.endswith(".gguf"):
        from alchemy.local import local_model

        return local_model(arguments.model)
    return arguments.model or DEFAULT_MODEL


def _piped() -> str:
    """Read what was piped in; empty where standard input is a terminal or closed."""
    if sys.stdin is None or is_terminal(sys.stdin):
        return ""
    # Some Windows shells put a byte order mark before what they pipe.
    return sys.stdin.read().removeprefix("\ufeff").strip()


def _ask(*, quiet: bool) -> str:
    """Read one prompt from the user."""
    if not quiet and is_terminal(sys.stdout):
        return input("> ")
    # Standard output is for the answers alone.
    sys.stderr.write("> ")
    sys.stderr.flush()
    return input()


def _report(message: AssistantMessage, seconds: float) -> None:
    """Say on a terminal how much was written in what time, and why it ended if not by itself."""
    if not is_terminal(sys.stderr):
        return
    count = message.usage.output
    text = f"done in {seconds:.1f} s" if count is None else f"{count} tokens in {seconds:.1f} s"
    if message.stop_reason != "stop":
        text += f" ({message.stop_reason})"
    begin, end = dim(sys.stderr)
    print(f"{begin}{text}{end}", file=sys.stderr, flush=True)

"""The arguments of the command line."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from alchemy.literals import Api

__all__ = ["DEFAULT_MODEL", "Arguments", "parse"]

DEFAULT_MODEL = "local/smollm2-135m"

_CHAT = """\
Ask a model and print its answer as it comes. Text piped in is the prompt, or follows the prompt that is given.
With neither, a conversation begins; end it with Ctrl-D.
"""

_LAB = """\
Play a provider on 127.0.0.1 that speaks every wire protocol and fails as it is told, to test a program with.
It serves until Ctrl-C and prints a line for each request.
"""

_APIS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")

_LAST_PORT = 65535

_MODEL = f"provider/model, or a GGUF file; default: {DEFAULT_MODEL}, which needs no key"


class Arguments(argparse.Namespace):
    """What was asked for."""

    command: str
    prompt: str | None
    model: str | None
    base_url: str | None
    api: Api | None
    system: str | None
    json: bool
    max_tokens: int | None
    temperature: float | None
    port: int
    fault: list[str]
    pace: float
    text: str | None
    tape: str | None
    tls: bool
    seconds: float | None
    list: bool


def parse(words: Sequence[str] | None) -> Arguments:
    """Parse arguments; exits with code 2 and a message where they are wrong."""
    parser = argparse.ArgumentParser(prog="alchemy", description="Talk to large language models.", allow_abbrev=False)
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    chat = commands.add_parser("chat", help="ask a model", description=_CHAT, allow_abbrev=False)
    chat.add_argument("prompt", nargs="?", metavar="PROMPT", help="what to ask")
    chat.add_argument("--model", metavar="ID", help=_MODEL)
    chat.add_argument("--base-url", metavar="URL", help="a server; --model is then its own model id")
    chat.add_argument(
        "--api",
        metavar="API",
        choices=_APIS,
        help=f"the wire protocol, one of {', '.join(_APIS)}; default: the model's",
    )
    chat.add_argument("--system", metavar="TEXT", help="instructions that stand above the conversation")
    chat.add_argument("--json", action="store_true", help="print each event as one line of JSON")
    chat.add_argument("--max-tokens", type=_count, metavar="N", help="the most tokens to answer")
    chat.add_argument("--temperature", type=float, metavar="T", help="randomness, from 0 to 2")

    local = commands.add_parser("local", help="models on this machine", description="Models on this machine.")
    actions = local.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("pull", help="fetch SmolLM2 (93 MB), the model that `alchemy chat` asks by default")

    lab = commands.add_parser("lab", help="play a provider that fails", description=_LAB, allow_abbrev=False)
    lab.add_argument("--list", action="store_true", help="print the faults and exit")
    lab.add_argument("--port", type=int, default=0, metavar="N", help="where to listen; default: a free port")
    lab.add_argument("--text", metavar="TEXT", help='what to answer; default: "Hello there."')
    lab.add_argument("--tape", metavar="FILE", help="a recorded answer to replay in place of a text")
    lab.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="what goes wrong: kind[=value][@place]; may be repeated",
    )
    lab.add_argument("--pace", type=float, default=0.0, metavar="S", help="seconds between events; default: 0")
    lab.add_argument("--tls", action="store_true", help="speak TLS, by a certificate whose authority is printed")
    lab.add_argument("--seconds", type=float, metavar="S", help="stop after that time")

    arguments = parser.parse_args(words, namespace=Arguments())
    if arguments.command == "chat":
        if arguments.base_url is not None and arguments.model is None:
            chat.error("--base-url needs --model, the id of a model at that server")
        if arguments.prompt is not None and not arguments.prompt.strip():
            chat.error("the prompt is empty")
    elif arguments.command == "lab":
        if arguments.text is not None and arguments.tape is not None:
            lab.error("--text and --tape are two answers; give one")
        if not 0 <= arguments.port <= _LAST_PORT:
            lab.error(f"--port is a number from 0 to {_LAST_PORT}")
    return arguments


class _Version(argparse.Action):
    """Prints the version; asked for only then, because it loads the native module."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - the signature is argparse's
        values: object,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        import alchemy

        print(f"alchemy {alchemy.__version__}")
        parser.exit()


def _count(text: str) -> int:
    """Read a number of tokens."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return count

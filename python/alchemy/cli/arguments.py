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

_APIS = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")

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

    arguments = parser.parse_args(words, namespace=Arguments())
    if arguments.command == "chat":
        if arguments.base_url is not None and arguments.model is None:
            chat.error("--base-url needs --model, the id of a model at that server")
        if arguments.prompt is not None and not arguments.prompt.strip():
            chat.error("the prompt is empty")
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

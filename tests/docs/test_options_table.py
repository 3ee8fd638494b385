"""The table of options says something of every option, for every wire protocol."""

import importlib.util
import sys
from pathlib import Path

import alchemy
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("generate_options", ROOT / "scripts/generate_options.py")
assert SPEC is not None
assert SPEC.loader is not None
generate = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = generate
SPEC.loader.exec_module(generate)

# Where and how to ask, how the answer is handed over, and what a notice is: not part of what is said to the model.
ELSEWHERE = {"api", "api_key", "base_url", "timeout", "retries", "max_event_bytes", "strict"}
ELSEWHERE |= {"coalesce_ms", "coalesce_chars"}
# What is asked for is what happens anyway: nothing to send, and nothing to say.
NOTHING_TO_SEND = {
    ("openai-completions", 'cache="auto", a first question'),
    ("openai-completions", 'cache="auto", a conversation'),
    ("openai-responses", 'cache="auto", a first question'),
    ("openai-responses", 'cache="auto", a conversation'),
    ("google-generative-ai", 'cache="auto", a first question'),
    ("google-generative-ai", 'cache="auto", a conversation'),
    ("anthropic-messages", 'cache="auto", a first question'),
}


def test_every_option_is_in_the_table():
    """An option that is added to `Options` has to show what each protocol makes of it."""
    shown = set().union(*(example.asked for example in generate.EXAMPLES))
    assert shown | ELSEWHERE == set(alchemy.Options.__match_args__)


def test_every_protocol_is_in_the_table():
    """So has a protocol that is added."""
    from typing import get_args

    from alchemy.literals import Api

    assert set(generate.VENDORS) == set(get_args(Api))


@pytest.mark.parametrize("api", generate.VENDORS)
def test_no_option_is_ignored_in_silence(api):
    """Each option changes the request or gives a notice, save where what is asked for happens anyway."""
    model = generate.example_model(api)
    silent = {(api, example.shown) for example in generate.EXAMPLES if not any(generate.effect(model, example))}
    assert silent == {entry for entry in NOTHING_TO_SEND if entry[0] == api}

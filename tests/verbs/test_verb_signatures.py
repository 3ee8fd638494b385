"""The verbs show their options to whoever looks, and take no others."""

import asyncio
import inspect
import traceback
from pathlib import Path

import alchemy
import pytest

PACKAGE = Path(alchemy.__file__).parent
KEY = "sk-very-secret-0123456789"
VERBS = ("stream", "complete", "complete_async")
STREAMED = {"errors", "coalesce_ms", "coalesce_chars"}


def call(verb, *given, **options):
    """Calls a verb of the module, and waits for it if it is asynchronous."""
    result = getattr(alchemy, verb)(*given, **options)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_its_options_spelled_out(verb):
    """Each option has its name, its default and its type in the signature, and a line in the documentation."""
    shown = inspect.signature(getattr(alchemy, verb))
    assert list(shown.parameters)[:2] == ["model", "context"]
    options = {name: each for name, each in shown.parameters.items() if name not in {"model", "context"}}
    assert {each.kind for each in options.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert {name: each.default for name, each in options.items() if each.default is not None} == (
        {"errors": "raise"} if verb == "stream" else {}
    )
    written = getattr(alchemy, verb).__doc__
    assert [
        name for name, each in options.items() if not each.annotation or f"\n            {name}: " not in written
    ] == []
    assert inspect.signature(getattr(alchemy.Client, verb)).parameters.keys() == {"self", *shown.parameters}
    asked = {*alchemy.Options.__field_types__} - STREAMED
    assert options.keys() - STREAMED == asked
    assert inspect.iscoroutinefunction(getattr(alchemy, verb)) == (verb == "complete_async")


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_call_is_refused_as_python_refuses_it(verb):
    """An option that there is not, one argument too many and one too few; no frame of ours holds a key then."""
    for given, options, text in (
        (("openai/gpt-4.1", "Hi"), {"temprature": 1, "api_key": KEY}, "unexpected keyword argument 'temprature'"),
        (("openai/gpt-4.1", "Hi"), {"api_key": KEY, "streamed": None}, "unexpected keyword argument 'streamed'"),
        (("openai/gpt-4.1", "Hi", 5), {"api_key": KEY}, "takes 3 positional arguments but 4"),
        (("openai/gpt-4.1",), {"api_key": KEY}, "missing 1 required positional argument: 'context'"),
    ):
        with pytest.raises(TypeError, match=text) as caught:
            call(verb, *given, **options)
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        own = [frame for frame in frames if Path(frame.f_code.co_filename).is_relative_to(PACKAGE)]
        assert [frame.f_locals for frame in own if KEY in repr(frame.f_locals)] == []
    if verb != "stream":
        with pytest.raises(TypeError, match="unexpected keyword argument 'errors'"):
            call(verb, "openai/gpt-4.1", "Hi", errors="event")


def test_an_option_that_is_none_is_unset(serve, at):
    """As one that is not given: the client's own holds, and nothing is sent where there is none."""
    server = serve()
    with alchemy.Client(options={"max_tokens": 7}) as client:
        client.complete(at(server), "hello", max_tokens=None, temperature=None)
    (request,) = server.requests
    assert request.json["max_tokens"] == 7
    assert "temperature" not in request.json

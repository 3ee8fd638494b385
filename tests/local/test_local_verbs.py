"""The local model through the verbs: the way a user first meets the library."""

import alchemy
import pytest


def test_the_catalog_has_the_local_model():
    """`local/smollm2-135m` is a model like any other, at no one's address yet."""
    model = alchemy.get_model("local/smollm2-135m")
    assert model.provider == "local"
    assert model.base_url == "local:smollm2-135m"
    assert model.context_window == 4096


def test_a_protocol_that_it_does_not_speak_is_refused():
    """llama.cpp has three protocols; another one is refused at the call, without starting it."""
    with pytest.raises(alchemy.InvalidRequestError, match="local is not known to speak google-generative-ai"):
        alchemy.stream("local/smollm2-135m", "hello", api="google-generative-ai")


def test_complete_answers_without_a_key(smollm2, run_program):
    """The issue's own line prints text, and nothing on standard error, at exit neither."""
    done = run_program(
        "import alchemy\nprint(alchemy.complete('local/smollm2-135m', 'Say hello.', max_tokens=20).text)"
    )
    assert done.stdout.strip()
    assert done.stderr == ""


@pytest.mark.alone
def test_complete_async_answers_under_asyncio(smollm2, run_program):
    """From `asyncio.run`, with the loop turning while the model loads."""
    done = run_program("""
import asyncio, alchemy

async def main():
    answer = asyncio.create_task(alchemy.complete_async("local/smollm2-135m", "Say hello.", max_tokens=20))
    turns = 0
    while not answer.done():
        await asyncio.sleep(0.005)
        turns += 1
    print(turns >= 10, bool((await answer).text))

asyncio.run(main())
""")
    assert done.stdout.split() == ["True", "True"]
    assert done.stderr == ""


def test_a_pool_of_sixteen_threads_is_served(smollm2, run_program):
    """Sixteen threads ask at once; each gets its answer."""
    done = run_program("""
import alchemy
from concurrent.futures import ThreadPoolExecutor

def ask(number):
    return alchemy.complete("local/smollm2-135m", f"Say the number {number}.", max_tokens=8).text

with ThreadPoolExecutor(16) as pool:
    print(sum(map(bool, pool.map(ask, range(16)))))
""")
    assert done.stdout.strip() == "16"
    assert done.stderr == ""


def test_a_stream_is_left_early(smollm2, run_program):
    """Leaving a stream in the middle ends the program at once and quietly."""
    done = run_program("""
import alchemy

with alchemy.stream("local/smollm2-135m", "Write a long story about the sea.") as stream:
    for event in stream:
        if isinstance(event, alchemy.TextDelta):
            break
print("left")
""")
    assert done.stdout.strip() == "left"
    assert done.stderr == ""


def test_a_file_is_served_by_its_path(smollm2):
    """`local_model` answers like the catalog's model."""
    from alchemy.local.files import locate

    model = alchemy.local_model(locate(smollm2).path)
    assert alchemy.complete(model, "Say hello.", max_tokens=8).usage.output

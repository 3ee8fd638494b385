"""litellm, as its documentation shows: `completion` and `acompletion` with `stream=True`, and a loop over chunks."""

import os

# Without this the import fetches a list of prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from child import Said, main, pause, pause_async
from chunks import read_chunk, read_completion

litellm.suppress_debug_info = True
litellm.telemetry = False
HELLO = [{"role": "user", "content": "hello"}]


def request(job) -> dict:
    more = {} if job["timeout"] is None else {"timeout": job["timeout"]}
    if job["streamed"]:
        more |= {"stream": True, "stream_options": {"include_usage": True}}
    place = {"model": "openai/m", "api_base": f"{job['url']}/v1", "api_key": "k"}
    return {**place, "messages": HELLO, "num_retries": 0, "max_retries": 0, **more}


def blocking(job, said) -> None:
    for number in range(job["requests"]):
        pause(job, number)
        vars(said).update(vars(Said()))
        answer = litellm.completion(**request(job))
        if job["streamed"]:
            for chunk in answer:
                read_chunk(chunk, said)
        else:
            read_completion(answer, said)


async def asynchronous(job, said) -> None:
    for number in range(job["requests"]):
        await pause_async(job, number)
        vars(said).update(vars(Said()))
        answer = await litellm.acompletion(**request(job))
        if job["streamed"]:
            async for chunk in answer:
                read_chunk(chunk, said)
        else:
            read_completion(answer, said)


if __name__ == "__main__":
    main(blocking, asynchronous)

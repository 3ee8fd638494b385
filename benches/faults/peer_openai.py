"""The openai package, as its documentation shows: a client, `chat.completions.create`, and a loop over the chunks."""

from child import Said, main, pause, pause_async
from chunks import read_chunk, read_completion
from openai import AsyncOpenAI, OpenAI

HELLO = [{"role": "user", "content": "hello"}]


def settings(job) -> dict:
    limits = {} if job["timeout"] is None else {"timeout": job["timeout"]}
    return {"base_url": f"{job['url']}/v1", "api_key": "k", "max_retries": 0, **limits}


def request(job) -> dict:
    more = {"stream": True, "stream_options": {"include_usage": True}} if job["streamed"] else {}
    return {"model": "m", "messages": HELLO, **more}


def blocking(job, said) -> None:
    with OpenAI(**settings(job)) as client:
        for number in range(job["requests"]):
            pause(job, number)
            vars(said).update(vars(Said()))
            answer = client.chat.completions.create(**request(job))
            if job["streamed"]:
                for chunk in answer:
                    read_chunk(chunk, said)
            else:
                read_completion(answer, said)


async def asynchronous(job, said) -> None:
    async with AsyncOpenAI(**settings(job)) as client:
        for number in range(job["requests"]):
            await pause_async(job, number)
            vars(said).update(vars(Said()))
            answer = await client.chat.completions.create(**request(job))
            if job["streamed"]:
                async for chunk in answer:
                    read_chunk(chunk, said)
            else:
                read_completion(answer, said)


if __name__ == "__main__":
    main(blocking, asynchronous)

"""pydantic-ai's model layer, as its documentation shows: the four verbs of `pydantic_ai.direct`."""

from child import Said, main, pause, pause_async
from openai import AsyncOpenAI
from pydantic_ai import ModelRequest
from pydantic_ai.direct import model_request, model_request_stream, model_request_stream_sync, model_request_sync
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

HELLO = [ModelRequest.user_text_prompt("hello")]


def model(job) -> OpenAIChatModel:
    client = AsyncOpenAI(base_url=f"{job['url']}/v1", api_key="k", max_retries=0)
    return OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client))


def settings(job) -> dict:
    return {} if job["timeout"] is None else {"timeout": job["timeout"]}


def read(response, said) -> None:
    """Takes the message so far, which the library keeps together itself."""
    vars(said).update(vars(Said()))
    for part in response.parts:
        if part.part_kind == "text":
            said.text += part.content
        elif part.part_kind == "thinking":
            said.thinking += part.content
        elif part.part_kind == "tool-call":
            arguments = part.args if isinstance(part.args, str) else part.args_as_json_str()
            said.piece_of_call(len(said.calls), part.tool_call_id, part.tool_name, arguments)
    said.finish = response.finish_reason
    said.output_tokens = response.usage.output_tokens


def blocking(job, said) -> None:
    asked = model(job)
    for number in range(job["requests"]):
        pause(job, number)
        if not job["streamed"]:
            read(model_request_sync(asked, HELLO, model_settings=settings(job)), said)
            continue
        with model_request_stream_sync(asked, HELLO, model_settings=settings(job)) as stream:
            try:
                for _event in stream:
                    pass
            finally:
                read(stream.response, said)


async def asynchronous(job, said) -> None:
    asked = model(job)
    for number in range(job["requests"]):
        await pause_async(job, number)
        if not job["streamed"]:
            read(await model_request(asked, HELLO, model_settings=settings(job)), said)
            continue
        async with model_request_stream(asked, HELLO, model_settings=settings(job)) as stream:
            try:
                async for _event in stream:
                    pass
            finally:
                read(stream.get(), said)


if __name__ == "__main__":
    main(blocking, asynchronous)

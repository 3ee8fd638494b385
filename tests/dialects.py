"""The four wire protocols as a scripted server speaks them: the same answers, in each protocol's own events."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from servers import event_stream, framed


@dataclass(frozen=True)
class Dialect:
    """What one protocol sends: each field is the steps of a script, to be put together by the test."""

    api: str
    url: str
    """Where a streamed request arrives if the base URL is a bare host."""
    whole_url: str
    """Where any other request arrives."""
    begin: tuple
    """The answer begins; nothing is said yet."""
    hello: tuple
    """The text begins with `Hello`."""
    there: tuple
    """The text goes on with ` there.`."""
    finish: Callable[[str], tuple]
    """The text ends, and the answer with it; the protocol may say once more what the text was."""
    call: tuple
    """A tool call `f` begins, in place of text, and gets the first part of its arguments: `{"a": "x` ."""
    call_more: tuple
    """Its second part: `y"}`; the call is not over."""
    call_finish: tuple
    """The call ends, and the answer with it."""
    error: tuple
    """The provider says within the stream that it is down."""
    whole: dict
    """`Hello there.` as an answer that is not streamed."""
    refusal: dict
    """The body of an HTTP error with the words `Nope.`."""

    def __str__(self) -> str:
        return self.api

    @property
    def text(self) -> tuple:
        """`Hello there.` as a whole stream."""
        return (*self.begin, *self.hello, *self.there, *self.finish("Hello there."))

    def script(self, *steps, end: bool = True) -> list:
        """A script of steps after the beginning of an answer."""
        return event_stream(*self.begin, *steps, end=end)


def named(kind: str, **data) -> bytes:
    """An event whose name stands before its data and in it, as Anthropic and OpenAI send it."""
    return framed(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())


def _completions() -> Dialect:
    def chunk(delta, finish=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "answer-1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice]}

    def call(arguments, **more):
        return chunk(
            {"tool_calls": [{"index": 0, "function": {"arguments": arguments, **more.pop("function", {})}, **more}]}
        )

    message = {"role": "assistant", "content": "Hello there."}
    return Dialect(
        api="openai-completions",
        url="/v1/chat/completions",
        whole_url="/v1/chat/completions",
        begin=(chunk({"role": "assistant", "content": ""}),),
        hello=(chunk({"content": "Hello"}),),
        there=(chunk({"content": " there."}),),
        finish=lambda _text: (chunk({}, "stop"), "[DONE]"),
        call=(call('{"a": "x', id="call_1", type="function", function={"name": "f"}),),
        call_more=(call('y"}'),),
        call_finish=(chunk({}, "tool_calls"), "[DONE]"),
        error=({"error": {"message": "Down.", "type": "server_error"}},),
        whole={
            "id": "answer-1",
            "object": "chat.completion",
            "model": "m-1",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        },
        refusal={"error": {"message": "Nope.", "type": "invalid_request_error", "code": None}},
    )


def _responses() -> Dialect:
    def message(*texts):
        parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
        return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": parts}

    function = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a": "xy"}'}
    answer = {"id": "answer-1", "object": "response", "model": "m-1", "status": "in_progress", "output": []}
    whole = {**answer, "status": "completed", "output": [message("Hello there.")]}
    place = {"output_index": 0, "item_id": "msg_1", "content_index": 0}

    def finish(item):
        return (
            named("response.output_item.done", output_index=0, item=item),
            named("response.completed", response={**whole, "output": [item]}),
        )

    def piece(arguments):
        return named("response.function_call_arguments.delta", output_index=0, item_id="fc_1", delta=arguments)

    return Dialect(
        api="openai-responses",
        url="/v1/responses",
        whole_url="/v1/responses",
        begin=(named("response.created", response=answer), named("response.in_progress", response=answer)),
        hello=(
            named("response.output_item.added", output_index=0, item={**message(), "status": "in_progress"}),
            named("response.content_part.added", **place, part=message("")["content"][0]),
            named("response.output_text.delta", **place, delta="Hello"),
        ),
        there=(named("response.output_text.delta", **place, delta=" there."),),
        finish=lambda text: (named("response.output_text.done", **place, text=text), *finish(message(text))),
        call=(
            named("response.output_item.added", output_index=0, item={**function, "arguments": ""}),
            piece('{"a": "x'),
        ),
        call_more=(piece('y"}'),),
        call_finish=finish({**function, "status": "completed"}),
        error=(named("error", code="server_error", message="Down.", param=None),),
        whole=whole,
        refusal={"error": {"message": "Nope.", "type": "invalid_request_error", "param": None, "code": None}},
    )


def _messages() -> Dialect:
    head = {"id": "answer-1", "type": "message", "role": "assistant", "model": "m-1", "stop_sequence": None}
    usage = {"input_tokens": 9, "output_tokens": 1}

    def begun(**block):
        return named("content_block_start", index=0, content_block=block)

    def delta(kind, **fields):
        return named("content_block_delta", index=0, delta={"type": kind, **fields})

    def finish(reason):
        return (
            named("content_block_stop", index=0),
            named("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 5}),
            named("message_stop"),
        )

    return Dialect(
        api="anthropic-messages",
        url="/v1/messages",
        whole_url="/v1/messages",
        begin=(
            named("message_start", message={**head, "content": [], "stop_reason": None, "usage": usage}),
            named("ping"),
        ),
        hello=(begun(type="text", text=""), delta("text_delta", text="Hello")),
        there=(delta("text_delta", text=" there."),),
        finish=lambda _text: finish("end_turn"),
        call=(
            begun(type="tool_use", id="call_1", name="f", input={}),
            delta("input_json_delta", partial_json='{"a": "x'),
        ),
        call_more=(delta("input_json_delta", partial_json='y"}'),),
        call_finish=finish("tool_use"),
        error=(named("error", error={"type": "api_error", "message": "Down."}),),
        whole={
            **head,
            "content": [{"type": "text", "text": "Hello there."}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 9, "output_tokens": 5},
        },
        refusal={"type": "error", "error": {"type": "invalid_request_error", "message": "Nope."}},
    )


def _gemini() -> Dialect:
    def answer(*parts, **candidate):
        candidates = [{"index": 0, "content": {"role": "model", "parts": list(parts)}, **candidate}]
        return {"candidates": candidates, "modelVersion": "m-1", "responseId": "answer-1"}

    def piece(**call):
        return answer({"functionCall": call})

    def string(text, **more):
        return {"partialArgs": [{"jsonPath": "$.a", "stringValue": text, **more}], "willContinue": True}

    return Dialect(
        api="google-generative-ai",
        url="/v1beta/models/m:streamGenerateContent?alt=sse",
        whole_url="/v1beta/models/m:generateContent",
        begin=(answer({"text": ""}),),
        hello=(answer({"text": "Hello"}),),
        there=(answer({"text": " there."}),),
        finish=lambda _text: (answer(finishReason="STOP"),),
        call=(piece(id="call_1", name="f", willContinue=True), piece(**string("x", willContinue=True))),
        call_more=(piece(**string("y")),),
        call_finish=(piece(), answer(finishReason="STOP")),
        error=({"error": {"code": 503, "message": "Down.", "status": "UNAVAILABLE"}},),
        whole=answer({"text": "Hello there."}, finishReason="STOP"),
        refusal={"error": {"code": 400, "message": "Nope.", "status": "INVALID_ARGUMENT"}},
    )


DIALECTS = (_completions(), _responses(), _messages(), _gemini())

"""A server that plays every provider of the docs: it calls the first tool it is offered, once, and else says a few words."""

import http.server
import json

WORDS = "Hello from the docs."
ARGUMENTS = {"city": "Bergen"}


def sse(events, *, named):
    """The events as a stream; `named` ones have their type on a line of its own, as Anthropic and Responses send it."""
    heads = [f"event: {event['type']}\n" if named else "" for event in events]
    return "".join(f"{head}data: {json.dumps(event)}\n\n" for head, event in zip(heads, events, strict=True))


def completions(request, tool):
    """An answer of `openai-completions`: whole, and as a stream."""
    head = {"id": "docs-1", "model": request["model"], "created": 1}
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    message, reason = {"role": "assistant", "content": WORDS}, "stop"
    if tool:
        call = {"id": "call-1", "type": "function", "function": {"name": tool, "arguments": json.dumps(ARGUMENTS)}}
        message, reason = {"role": "assistant", "tool_calls": [call]}, "tool_calls"
    whole = {**head, "choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
        {**head, "choices": [], "usage": usage},
    ]
    return whole, sse(chunks, named=False) + "data: [DONE]\n\n"


def responses(request, tool):
    """An answer of `openai-responses`: whole, and as a stream."""
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": []}
    part = {"type": "output_text", "text": WORDS, "annotations": []}
    if tool:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": tool, "status": "completed"}
        item["arguments"] = json.dumps(ARGUMENTS)
        delta = {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": item["arguments"]}
    else:
        item["content"] = [part]
        delta = {"type": "response.output_text.delta", "item_id": "msg_1", "content_index": 0, "delta": WORDS}
    usage = {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}
    whole = {"id": "resp_1", "object": "response", "model": request["model"], "status": "completed", "output": [item]}
    begun = {**whole, "status": "in_progress", "output": []}
    whole["usage"] = usage
    open_item = {**item, "arguments": ""} if tool else {**item, "content": []}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": open_item},
        {"output_index": 0, **delta},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return whole, sse(events, named=True)


def messages(request, tool):
    """An answer of `anthropic-messages`: whole, and as a stream."""
    block, reason = {"type": "text", "text": WORDS}, "end_turn"
    opened, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": WORDS}
    if tool:
        block, reason = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": ARGUMENTS}, "tool_use"
        opened, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(ARGUMENTS)}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": request["model"], "stop_sequence": None}
    usage = {"input_tokens": 9, "output_tokens": 5}
    whole = {**head, "content": [block], "stop_reason": reason, "usage": usage}
    begun = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": opened},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return whole, sse(events, named=True)


def gemini(tool):
    """An answer of `google-generative-ai`: whole, and as a stream."""
    part = {"functionCall": {"name": tool, "args": ARGUMENTS}} if tool else {"text": WORDS}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "docs", "responseId": "docs-1"}
    return whole, sse([whole], named=False)


def first_tool(request, path):
    """The name of the first tool that the request offers; None where there is none, or its result is there already."""
    text = json.dumps(request)
    if any(
        word in text for word in ('"role": "tool"', '"function_call_output"', '"tool_result"', '"functionResponse"')
    ):
        return None
    for tool in request.get("tools", ()):
        if path.startswith("/v1/chat/completions") and "function" in tool:
            return tool["function"]["name"]
        if "functionDeclarations" in tool:
            return tool["functionDeclarations"][0]["name"]
        if tool.get("type", "function") in {"function", "custom"} and "name" in tool:
            return tool["name"]
    return None


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers over every wire protocol, told apart by the path; refuses the key `wrong`."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "wrong" in {self.headers["x-api-key"], (self.headers["authorization"] or "").removeprefix("Bearer ")}:
            self.answer(401, "application/json", json.dumps({"error": {"message": "Incorrect API key provided."}}))
            return
        tool = first_tool(request, self.path)
        streamed = bool(request.get("stream"))
        if self.path == "/v1/chat/completions":
            whole, stream = completions(request, tool)
        elif self.path == "/v1/responses":
            whole, stream = responses(request, tool)
        elif self.path == "/v1/messages":
            whole, stream = messages(request, tool)
        elif "enerateContent" in self.path:
            whole, stream = gemini(tool)
            streamed = "streamGenerateContent" in self.path
        else:
            self.answer(404, "application/json", json.dumps({"error": {"message": f"no such path: {self.path}"}}))
            return
        if streamed:
            self.answer(200, "text/event-stream", stream)
        else:
            self.answer(200, "application/json", json.dumps(whole))

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *args):  # noqa: A002  (the base class names it so)
        pass

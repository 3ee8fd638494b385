"""A request of `openai-completions` read into our types, as a user would have written it."""

import json

from request_corpus import Asked
from wire_parts import answered_format, data_url, drop_marks, has_marks, joined_texts

API = "openai-completions"
LEVELS = {"none": "off", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh"}
AUDIO = {"mp3": "audio/mpeg", "m4a": "audio/mp4"}


def read(body: dict, case: dict) -> Asked:
    """What the request asks for."""
    messages, marks = drop_marks(body["messages"]), has_marks(body["messages"])
    spoken = next(
        (at for at, message in enumerate(messages) if message["role"] not in ("system", "developer")), len(messages)
    )
    context = {"messages": [message_of(message) for message in messages[spoken:]]}
    if spoken:
        context["system_prompt"] = "\n\n".join(joined_texts(message["content"]) for message in messages[:spoken])
    if body.get("tools"):
        context["tools"] = [tool_of(tool) for tool in body["tools"]]
    options = options_of({key: value for key, value in body.items() if key not in ("messages", "model", "tools")})
    if marks:
        options["cache"] = marks
    return Asked(context, options, thinks="reasoning" in options)


def message_of(message: dict) -> dict:
    if message["role"] == "tool":
        result = {
            "role": "tool_result",
            "tool_call_id": message["tool_call_id"],
            "content": content_of(message["content"]),
        }
        return result | ({"tool_name": message["name"]} if message.get("name") else {})
    if message["role"] == "assistant":
        return {"role": "assistant", "content": answer_of(message)}
    return {"role": "user", "content": content_of(message["content"])}


def content_of(content) -> str | list[dict]:
    return content if isinstance(content, str) else [part_of(part) for part in content]


def part_of(part: dict) -> dict:
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": part["text"]}
    if kind == "image_url":
        image = part["image_url"]
        return {"type": "image", **source_of(image["url"])} | (
            {"detail": image["detail"]} if image.get("detail") else {}
        )
    if kind == "input_audio":
        audio = part["input_audio"]
        mime_type = AUDIO.get(audio["format"], f"audio/{audio['format']}")
        return {"type": "audio", "data": audio["data"], "mime_type": mime_type}
    if kind == "file":
        return document_of(part["file"])
    return {"type": "opaque", "api": API, "kind": kind, "data": part}


def document_of(file: dict) -> dict:
    name = {"name": file["filename"]} if file.get("filename") else {}
    if file.get("file_id"):
        return {"type": "document", "file_id": file["file_id"], **name}
    return {"type": "document", **source_of(file["file_data"]), **name}


def source_of(address: str) -> dict:
    return data_url(address) or {"url": address}


def answer_of(message: dict) -> list[dict]:
    """The blocks that the decoder would have made of the answer: thinking, text, calls."""
    blocks = []
    details = message.get("reasoning_details")
    thinking = message.get("reasoning_content") or message.get("reasoning") or ""
    if details:
        words = "".join(detail.get("text") or detail.get("summary") or "" for detail in details)
        signature = json.dumps(details, ensure_ascii=False, separators=(",", ":"))
        blocks.append({"type": "thinking", "thinking": thinking or words, "signature": signature})
    elif thinking:
        blocks.append({"type": "thinking", "thinking": thinking})
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    blocks += [part_of(part) for part in parts if part["type"] != "text" or part["text"]]
    return blocks + [call_of(call) for call in message.get("tool_calls") or []]


def call_of(call: dict) -> dict:
    custom = call.get("type") == "custom"
    inner = call["custom" if custom else "function"]
    written = inner["input" if custom else "arguments"]
    block = {"type": "tool_call", "id": call["id"], "name": inner["name"], "raw_arguments": written}
    if call.get("extra_content"):
        block["signature"] = json.dumps(call["extra_content"], ensure_ascii=False, separators=(",", ":"))
    return block | ({"custom": True} if custom else {})


def tool_of(tool: dict) -> dict:
    inner = tool.get("function") or {}
    plain = tool.get("type", "function") == "function" and tool.keys() <= {"type", "function"}
    if not plain or not inner.keys() <= {"name", "description", "parameters", "strict"}:
        return {"name": inner.get("name") or tool.get("name") or tool["type"], "native": {API: tool}}
    fields = {key: inner[key] for key in ("description", "parameters", "strict") if inner.get(key) is not None}
    return {"name": inner["name"], **fields}


def options_of(body: dict) -> dict:
    """The options that are ours; every other key is `extra_body`, as a user would give it."""
    options, extra = {}, {}
    for key, value in body.items():
        # We ask for usage in streams anyway.
        if value is None or key == "stream" or (key, value) == ("stream_options", {"include_usage": True}):
            continue
        read_option = OPTIONS.get(key)
        found = read_option(value) if read_option else None
        if found is None or found.keys() & options.keys():
            extra[key] = value
        else:
            options |= found
    return options | ({"extra_body": extra} if extra else {})


def choice_of(choice) -> dict | None:
    if isinstance(choice, str):
        return {"tool_choice": choice} if choice in ("auto", "none", "required") else None
    if choice.get("type") == "function":
        return {"tool_choice": {"mode": "tool", "name": choice["function"]["name"]}}
    return None


def effort_of(effort: str) -> dict | None:
    return {"reasoning": LEVELS[effort]} if effort in LEVELS else None


def reasoning_of(reasoning: dict) -> dict | None:
    if reasoning.keys() == {"effort"}:
        return effort_of(reasoning["effort"])
    if reasoning.keys() == {"max_tokens"}:
        return {"reasoning": reasoning["max_tokens"]}
    return {"reasoning": "off"} if reasoning == {"enabled": False} else None


def thinking_of(thinking: dict) -> dict | None:
    return {"reasoning": "off"} if thinking == {"type": "disabled"} else None


def format_of(wish: dict) -> dict | None:
    if wish["type"] == "json_schema":
        return answered_format(wish["json_schema"]["schema"])
    return {"response_format": {"text": "text", "json_object": "json"}[wish["type"]]}


OPTIONS = {
    "max_tokens": lambda value: {"max_tokens": value},
    "max_completion_tokens": lambda value: {"max_tokens": value},
    "temperature": lambda value: {"temperature": value},
    "top_p": lambda value: {"top_p": value},
    "seed": lambda value: {"seed": value},
    "stop": lambda value: {"stop": [value] if isinstance(value, str) else value},
    "parallel_tool_calls": lambda value: {"parallel_tool_calls": value},
    "service_tier": lambda value: {"service_tier": value},
    "user": lambda value: {"metadata": {"user_id": value}},
    "prompt_cache_key": lambda value: {"session_id": value},
    "enable_thinking": lambda value: None if value else {"reasoning": "off"},
    "tool_choice": choice_of,
    "reasoning_effort": effort_of,
    "reasoning": reasoning_of,
    "thinking": thinking_of,
    "response_format": format_of,
}

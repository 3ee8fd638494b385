"""A request of `anthropic-messages` read into our types, as a user would have written it."""

import base64

from request_corpus import Asked
from wire_parts import compact, drop_marks, has_marks, joined_texts

API = "anthropic-messages"
RESULT_KEYS = {"type", "tool_use_id", "content", "is_error"}


def read(body: dict, case: dict) -> Asked:
    """What the request asks for."""
    marks = has_marks([body.get(key) for key in ("system", "messages", "tools")] + [body])
    body = drop_marks(body)
    context = {"messages": [message for wire in body["messages"] for message in messages_of(wire)]}
    if body.get("system"):
        context["system_prompt"] = joined_texts(body["system"])
    if body.get("tools"):
        context["tools"] = [tool_of(tool) for tool in body["tools"]]
    rest = {key: value for key, value in body.items() if key not in ("messages", "model", "tools", "system")}
    options = options_of(rest)
    # Long prompts are marked unasked, so a request without marks says that it wants none.
    options["cache"] = marks or "none"
    beta = (case["request"].get("headers") or {}).get("anthropic-beta")
    if beta:
        options["headers"] = {"anthropic-beta": beta}
    return Asked(context, options, thinks="thinking" in body)


def messages_of(wire: dict) -> list[dict]:
    content = wire["content"]
    if wire["role"] == "assistant":
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        return [{"role": "assistant", "content": [answer_block(part) for part in parts]}]
    if isinstance(content, str):
        return [{"role": "user", "content": content}]
    results = [result_of(part) for part in content if part["type"] == "tool_result"]
    said = [part_of(part) for part in content if part["type"] != "tool_result"]
    return [*results, *([{"role": "user", "content": said}] if said else [])]


def result_of(part: dict) -> dict:
    content = part.get("content") or ""
    result = {
        "role": "tool_result",
        "tool_call_id": part["tool_use_id"],
        "content": content if isinstance(content, str) else [part_of(inner) for inner in content],
    }
    return result | ({"is_error": True} if part.get("is_error") else {})


def part_of(part: dict) -> dict:
    kind = part["type"]
    if kind == "text" and part.keys() == {"type", "text"}:
        return {"type": "text", "text": part["text"]}
    if kind == "image":
        return {"type": "image", **source_of(part["source"])}
    if kind == "document" and part.keys() <= {"type", "source", "title", "citations"}:
        document = {"type": "document", **source_of(part["source"])}
        if part.get("title"):
            document["name"] = part["title"]
        if part.get("citations"):
            document["citations"] = part["citations"]["enabled"]
        return document
    return opaque(part)


def opaque(part: dict) -> dict:
    return {"type": "opaque", "api": API, "kind": part["type"], "data": part}


def source_of(source: dict) -> dict:
    if source["type"] == "base64":
        return {"data": source["data"], "mime_type": source["media_type"]}
    if source["type"] == "text":
        return {"data": base64.b64encode(source["data"].encode()).decode(), "mime_type": source["media_type"]}
    return {"url": source["url"]} if source["type"] == "url" else {"file_id": source["file_id"]}


def answer_block(part: dict) -> dict:
    """The block that the decoder would have made."""
    kind = part["type"]
    if kind == "text":
        block = {"type": "text", "text": part["text"]}
        return block | ({"citations": part["citations"]} if part.get("citations") else {})
    if kind == "thinking":
        return {"type": "thinking", "thinking": part["thinking"], "signature": part["signature"]}
    if kind == "redacted_thinking":
        return {"type": "thinking", "thinking": "", "signature": part["data"], "redacted": True}
    if kind == "tool_use":
        block = {"type": "tool_call", "id": part["id"], "name": part["name"], "raw_arguments": compact(part["input"])}
        rest = {key: value for key, value in part.items() if key not in ("type", "id", "name", "input")}
        return block | ({"signature": compact(rest)} if rest else {}) | ({"arguments": part["input"]})
    return opaque(part)


def tool_of(tool: dict) -> dict:
    if tool.get("type", "custom") != "custom" or not tool.keys() <= {"name", "description", "input_schema", "strict"}:
        return {"name": tool.get("name") or tool["type"], "native": {API: tool}}
    fields = {"parameters": tool["input_schema"]}
    fields |= {key: tool[key] for key in ("description", "strict") if tool.get(key) is not None}
    return {"name": tool["name"], **fields}


def options_of(body: dict) -> dict:
    """The options that are ours; every other key is `extra_body`, as a user would give it."""
    options, extra = {}, {}
    for key, value in body.items():
        if value is None or key == "stream":
            continue
        read_option = OPTIONS.get(key)
        found = read_option(value) if read_option else None
        if found is None:
            extra[key] = value
        else:
            options |= found
    return options | ({"extra_body": extra} if extra else {})


def choice_of(choice: dict) -> dict:
    mode = {"auto": "auto", "any": "required", "none": "none", "tool": "tool"}[choice["type"]]
    options = {"tool_choice": {"mode": "tool", "name": choice["name"]} if mode == "tool" else mode}
    if "disable_parallel_tool_use" in choice:
        options["parallel_tool_calls"] = not choice["disable_parallel_tool_use"]
    return options


def thinking_of(thinking: dict) -> dict | None:
    if thinking.keys() == {"type", "budget_tokens"}:
        return {"reasoning": thinking["budget_tokens"]}
    # Adaptive thinking thinks hard unless it is told an effort.
    return {"reasoning": {"adaptive": "high", "disabled": "off"}[thinking["type"]]} if len(thinking) == 1 else None


def config_of(config: dict) -> dict | None:
    plain = config.keys() == {"format"} and config["format"].keys() == {"type", "schema"}
    return {"response_format": config["format"]["schema"]} if plain else None


def metadata_of(metadata: dict) -> dict | None:
    return {"metadata": metadata} if metadata.keys() == {"user_id"} else None


OPTIONS = {
    "max_tokens": lambda value: {"max_tokens": value},
    "temperature": lambda value: {"temperature": value},
    "top_p": lambda value: {"top_p": value},
    "stop_sequences": lambda value: {"stop": value},
    "service_tier": lambda value: {"service_tier": value},
    "metadata": metadata_of,
    "tool_choice": choice_of,
    "thinking": thinking_of,
    "output_config": config_of,
}

"""A request of `openai-responses` read into our types, as a user would have written it."""

import json

from request_corpus import Asked
from wire_parts import compact, data_url, joined_texts

API = "openai-responses"
LEVELS = {"none": "off", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh"}
# Tools that the client runs: item -> our name for the tool, and the key of its arguments.
CLIENT_TOOLS = {
    "shell_call": ("shell", "action"),
    "local_shell_call": ("local_shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
    "tool_search_call": ("tool_search", "arguments"),
}


def read(body: dict, case: dict) -> Asked:
    """What the request asks for."""
    items = body.get("input") or []
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    spoken = next((at for at, item in enumerate(items) if item.get("role") not in ("system", "developer")), len(items))
    prompts = [joined_texts(item["content"]) for item in items[:spoken]]
    if body.get("instructions"):
        prompts.insert(0, body["instructions"])
    context: dict = {"messages": messages_of(items[spoken:])}
    if prompts:
        context["system_prompt"] = "\n\n".join(prompts)
    if body.get("tools"):
        context["tools"] = [tool_of(tool) for tool in body["tools"]]
    ours = ("input", "instructions", "model", "tools")
    options = options_of({key: value for key, value in body.items() if key not in ours})
    extra = options.setdefault("extra_body", {})
    if "store" not in body and any(needs_store(item) for item in items):
        extra["store"] = True
    # What comes along encrypted is asked for where a model thinks and the server keeps nothing.
    encrypted = body.get("include") == ["reasoning.encrypted_content"]
    kept = extra.get("store") or "previous_response_id" in options
    if body.get("include") and (kept or not encrypted):
        extra["include"] = body["include"]
    return Asked(context, options, thinks=bool(body.get("reasoning")) or encrypted)


def needs_store(item: dict) -> bool:
    """Whether an item says so little that the server must have kept it."""
    return item.get("type") == "reasoning" and not item.get("encrypted_content") and not item.get("content")


def messages_of(items: list[dict]) -> list[dict]:
    """Items of one answer stand in one message; results and words of the user in one each."""
    messages: list[dict] = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message" and item["role"] == "user":
            messages.append({"role": "user", "content": content_of(item["content"])})
        elif item.get("role") in ("system", "developer"):
            messages.append({"role": "user", "content": [opaque(item)]})
        elif kind in ("function_call_output", "custom_tool_call_output", "tool_search_output") and item.get("call_id"):
            output = item.get("output", None)
            content = compact(item["tools"]) if output is None else content_of(output)
            messages.append({"role": "tool_result", "tool_call_id": item["call_id"], "content": content})
        else:
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant", "content": []})
            messages[-1]["content"] += blocks_of(item)
    return messages


def content_of(content) -> str | list[dict]:
    return content if isinstance(content, str) else [part_of(part) for part in content]


def part_of(part: dict) -> dict:
    kind = part["type"]
    if kind == "input_text" and part.keys() == {"type", "text"}:
        return {"type": "text", "text": part["text"]}
    if kind == "input_image":
        where = {"file_id": part["file_id"]} if part.get("file_id") else source_of(part["image_url"])
        return {"type": "image", **where} | ({"detail": part["detail"]} if part.get("detail") else {})
    if kind == "input_file":
        name = {"name": part["filename"]} if part.get("filename") else {}
        address = part.get("file_data") or part.get("file_url")
        return {"type": "document", **(source_of(address) if address else {"file_id": part["file_id"]}), **name}
    return opaque(part)


def source_of(address: str) -> dict:
    return data_url(address) or {"url": address}


def opaque(item: dict) -> dict:
    return {"type": "opaque", "api": API, "kind": item.get("type", "message"), "data": item}


def rest(item: dict, *ours: str) -> dict:
    """The keys that have no field of ours, as the signature that the decoder would have made of them."""
    left = {key: value for key, value in item.items() if key not in ("type", "status", *ours)}
    return {"signature": compact(left)} if left else {}


def blocks_of(item: dict) -> list[dict]:
    """The blocks that the decoder would have made of an item."""
    kind = item.get("type", "message")
    if kind == "message":
        return texts_of(item)
    if kind == "reasoning":
        return [thinking_of(item)]
    if kind == "function_call":
        call = {"id": item["call_id"], "name": item["name"], "raw_arguments": item["arguments"]}
        return [{"type": "tool_call", **call, **rest(item, "call_id", "name", "arguments")}]
    if kind == "custom_tool_call":
        call = {"id": item["call_id"], "name": item["name"], "raw_arguments": item["input"], "custom": True}
        return [{"type": "tool_call", **call, **rest(item, "call_id", "name", "input")}]
    if kind in CLIENT_TOOLS and item.get("call_id") and item.get("execution", "client") == "client":
        name, key = CLIENT_TOOLS[kind]
        call = {"id": item["call_id"], "name": name, "raw_arguments": compact(item[key])}
        return [{"type": "tool_call", **call, "signature": compact(item)}]
    return [opaque(item)]


def texts_of(item: dict) -> list[dict]:
    signature = rest(item, "role", "content")
    content = item["content"]
    parts = [{"type": "output_text", "text": content}] if isinstance(content, str) else content
    blocks = []
    for part in parts:
        block = {"type": "text", "text": part.get("text") or part.get("refusal") or "", **signature}
        if part["type"] == "refusal":
            block["signature"] = compact(json.loads(signature.get("signature", "{}")) | {"refusal": True})
        blocks.append(block | ({"citations": part["annotations"]} if part.get("annotations") else {}))
    return blocks


def thinking_of(item: dict) -> dict:
    texts = [part["text"] for part in [*(item.get("summary") or []), *(item.get("content") or [])] if part["text"]]
    block = {"type": "thinking", "thinking": "\n\n".join(texts), "signature": compact(item)}
    return block | ({"redacted": True} if not texts and item.get("encrypted_content") is not None else {})


def tool_of(tool: dict) -> dict:
    if tool["type"] == "function" and tool.keys() <= {"type", "name", "description", "parameters", "strict"}:
        fields = {key: tool[key] for key in ("description", "parameters", "strict") if tool.get(key) is not None}
        return {"name": tool["name"], **fields}
    if tool["type"] == "custom" and tool.keys() <= {"type", "name", "description", "format"}:
        fields = {key: tool[key] for key in ("description", "format") if tool.get(key)}
        return {"name": tool["name"], "custom": True, **fields}
    return {"name": tool.get("name") or tool.get("server_label") or tool["type"], "native": {API: tool}}


def options_of(body: dict) -> dict:
    """The options that are ours; every other key is `extra_body`, as a user would give it."""
    options, extra = {}, {}
    for key, value in body.items():
        if value is None or key == "stream" or (key, value) in UNASKED:
            continue
        read_option = OPTIONS.get(key)
        found = read_option(value) if read_option else None
        if found is None:
            extra[key] = value
        else:
            options |= found
    return options | ({"extra_body": extra} if extra else {})


def choice_of(choice) -> dict | None:
    if isinstance(choice, str):
        return {"tool_choice": choice} if choice in ("auto", "none", "required") else None
    return {"tool_choice": {"mode": "tool", "name": choice["name"]}} if choice["type"] == "function" else None


def reasoning_of(reasoning: dict) -> dict | None:
    given = {key: value for key, value in reasoning.items() if value is not None}
    # We ask for a summary, since thinking that nobody can read is worth less.
    plain = given.keys() <= {"effort", "summary"} and given.get("summary") in (None, "auto")
    return {"reasoning": LEVELS[given["effort"]]} if plain and given.get("effort") in LEVELS else None


def text_of(text: dict) -> dict | None:
    wish = text.get("format") or {}
    if text.keys() != {"format"}:
        return None
    if wish["type"] == "json_schema":
        return {"response_format": wish["schema"]}
    return {"response_format": {"text": "text", "json_object": "json"}[wish["type"]]}


# What we send without being asked.
UNASKED = (("store", False),)
OPTIONS = {
    "max_output_tokens": lambda value: {"max_tokens": value},
    "temperature": lambda value: {"temperature": value},
    "top_p": lambda value: {"top_p": value},
    "parallel_tool_calls": lambda value: {"parallel_tool_calls": value},
    "service_tier": lambda value: {"service_tier": value},
    "user": lambda value: {"metadata": {"user_id": value}},
    "prompt_cache_key": lambda value: {"session_id": value},
    "previous_response_id": lambda value: {"previous_response_id": value},
    "include": lambda value: {},
    "tool_choice": choice_of,
    "reasoning": reasoning_of,
    "text": text_of,
}

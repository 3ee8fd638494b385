"""Bodies brought into one form, on both sides alike, where two forms say the same."""

import re
from typing import Any

from wire_parts import drop_marks, marks_in


def without_nulls(value: dict) -> dict:
    """A key that is null says what a key that is not there says."""
    return {key: inner for key, inner in value.items() if inner is not None}


def paragraphs(parts: list[dict]) -> str:
    """The text of parts that are nothing but text."""
    if any(part["type"] not in ("text", "input_text") for part in parts):
        raise ValueError(parts)
    return "\n\n".join(part["text"] for part in parts)


def without_default_stream(body: dict) -> dict:
    """An answer comes in one piece unless a stream is asked for."""
    return {key: value for key, value in body.items() if key != "stream" or value}


def marks_apart(body: dict, places: tuple[str, ...]) -> dict:
    """Marks for the cache are taken out of the text and told beside it: where a prefix ends, and how long it lasts."""
    marks = {"all": lasting(body["cache_control"])} if isinstance(body.get("cache_control"), dict) else {}
    for place in (place for place in places if place in body):
        entries = body[place] if isinstance(body[place], list) else [body[place]]
        for index, entry in enumerate(entries):
            where = f"message {index - len(entries)}" if place == "messages" and "role" in entry else place
            where = "system" if isinstance(entry, dict) and entry.get("role") in ("system", "developer") else where
            for mark in marks_in(entry):
                marks[where] = lasting(mark)
    body = {**body, **{place: drop_marks(body[place]) for place in places if place in body}}
    body.pop("cache_control", None)
    return body | ({"cache_marks": marks} if marks else {})


def lasting(mark: dict) -> str:
    """A mark as one word; five minutes are the default."""
    return f"{mark.get('type')} {mark.get('ttl', '5m')}"


# ---------------------------------------------------------------- openai-completions


def text_alone(content):
    """A list of one text is that text."""
    alone = isinstance(content, list) and len(content) == 1 and content[0].get("type") == "text"
    return content[0]["text"] if alone and without_nulls(content[0]).keys() == {"type", "text"} else content


def completions(body: dict) -> dict:
    """A Context has one system prompt, so several messages of it are paragraphs; an answer of nothing says nothing."""
    body = without_default_stream(marks_apart(without_nulls(body), ("messages", "tools")))
    messages: list[dict] = []
    for message in body["messages"]:
        plain = without_nulls(message)
        plain["content"] = text_alone(message.get("content"))
        if plain == {"role": "assistant", "content": ""}:
            continue
        if isinstance(plain["content"], list):
            plain["content"] = [without_nulls(part) for part in plain["content"]]
        if message["role"] in ("system", "developer"):
            if isinstance(plain["content"], list):
                plain["content"] = paragraphs(plain["content"])
            if messages and messages[-1]["role"] == message["role"]:
                messages[-1]["content"] += "\n\n" + plain["content"]
                continue
        messages.append(plain)
    return body | {"messages": messages}


# ---------------------------------------------------------------- anthropic-messages


def text_blocks(content):
    """A string is a list of one text."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def anthropic_block(block: dict) -> dict:
    """A result's words as a list; that it did not fail, and that nothing is cited, goes without saying."""
    block = without_nulls(block)
    if block["type"] == "tool_result":
        block["content"] = text_blocks(block.get("content") or [])
        block = {key: value for key, value in block.items() if key != "is_error" or value}
    return block


def anthropic(body: dict) -> dict:
    """Messages of one role in a row are one turn, which the server joins; system prompts are paragraphs; spaces are no text."""
    body = without_default_stream(marks_apart(without_nulls(body), ("messages", "tools", "system")))
    messages: list[dict] = []
    for message in body["messages"]:
        blocks = [anthropic_block(block) for block in text_blocks(message["content"])]
        blocks = [block for block in blocks if block["type"] != "text" or block["text"].strip()]
        if messages and messages[-1]["role"] == message["role"]:
            messages[-1]["content"] += blocks
        else:
            messages.append({**message, "content": blocks})
    body["messages"] = messages
    if "system" in body:
        body["system"] = paragraphs(text_blocks(body["system"]))
    return body


# ---------------------------------------------------------------- openai-responses


def responses_parts(content, kind: str):
    """A string is a list of one text; annotations and log probabilities that are empty are none."""
    if isinstance(content, str):
        content = [{"type": kind, "text": content}] if content else []
    return [{key: value for key, value in part.items() if value not in (None, [])} for part in content]


def responses_item(item: dict) -> dict:
    item = without_nulls(item)
    if "role" in item:
        item.setdefault("type", "message")
    if item["type"] == "message" and "content" in item:
        kind = "output_text" if item["role"] == "assistant" else "input_text"
        item["content"] = responses_parts(item["content"], kind)
    if item["type"] == "function_call_output":
        item["output"] = responses_parts(item["output"], "input_text")
    return item


def follows(item: dict, before: dict) -> bool:
    """Whether an item says more of the same answer: words without an id after such words."""
    keys = {"type", "role", "content"}
    return item.get("role") == before.get("role") == "assistant" and item.keys() == before.keys() == keys


def responses(body: dict) -> dict:
    """Instructions and messages of the system that stand first are one prompt; words of one answer are one message."""
    body = without_default_stream(without_nulls(body))
    items: list[dict] = []
    for item in map(responses_item, responses_input(body)):
        if items and follows(item, items[-1]):
            items[-1]["content"] += item["content"]
        elif item.get("content") != []:
            items.append(item)
    prompts = [body.pop("instructions")] if body.get("instructions") else []
    while items and items[0].get("role") in ("system", "developer") and items[0]["type"] == "message":
        prompts.append(paragraphs(items.pop(0)["content"]))
    if prompts:
        body["instructions"] = "\n\n".join(prompts)
    if body.get("previous_response_id"):
        # Results of calls that the server has kept: they belong before all else.
        items.sort(key=lambda item: not item["type"].endswith("_output"))
    return body | {"input": items}


def responses_input(body: dict) -> list[dict]:
    items = body.get("input") or []
    return [{"role": "user", "content": items}] if isinstance(items, str) else items


# ---------------------------------------------------------------- google-generative-ai

# Below these keys stand names and values of the user's own.
FREE = {"args", "response", "responseSchema", "parameters", "responseJsonSchema", "parametersJsonSchema"}
SCHEMA_TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}
SAME_SCHEMA = {"parameters": "parametersJsonSchema", "responseSchema": "responseJsonSchema"}


def camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


def camel_keys(value: Any) -> Any:
    """Google takes both spellings of a key, and a null for a key that is not there."""
    if isinstance(value, list):
        return [camel_keys(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    named = {camel(key): inner for key, inner in value.items() if inner is not None}
    return {key: inner if key in FREE else camel_keys(inner) for key, inner in named.items()}


def small_types(schema):
    """Google's own form of a schema writes the types in capitals."""
    if isinstance(schema, list):
        return [small_types(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema.lower() if schema in SCHEMA_TYPES else schema
    return {key: small_types(inner) for key, inner in schema.items()}


def one_schema(value: dict) -> dict:
    """A schema is a schema, whichever of the two keys it stands under."""
    return {
        SAME_SCHEMA.get(key, key): small_types(inner) if key in SAME_SCHEMA else inner for key, inner in value.items()
    }


def google_part(part: dict) -> dict:
    """That a part is no thought goes without saying; bytes are the same in both alphabets of base64."""
    part = {key: value for key, value in part.items() if key != "thought" or value}
    if "inlineData" in part:
        part["inlineData"] = {**part["inlineData"], "data": plain_base64(part["inlineData"]["data"])}
    if "thoughtSignature" in part:
        part["thoughtSignature"] = plain_base64(part["thoughtSignature"])
    return part


def plain_base64(text: str) -> str:
    return text if "REDACTED" in text else text.replace("-", "+").replace("_", "/")


def google(body: dict) -> dict:
    """Turns of one role in a row are one; system prompts are paragraphs, and an empty one is none."""
    body = camel_keys(body)
    contents: list[dict] = []
    for content in body["contents"]:
        parts = [google_part(part) for part in content["parts"]]
        if contents and contents[-1]["role"] == content["role"]:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": content["role"], "parts": parts})
    body["contents"] = contents
    parts = (body.pop("systemInstruction", None) or {}).get("parts") or []
    prompt = "\n\n".join(part["text"] for part in ([parts] if isinstance(parts, dict) else parts))
    if prompt:
        body["systemInstruction"] = {"parts": [{"text": prompt}]}
    tools = [google_tool({key: value}) for tool in body.pop("tools", []) for key, value in tool.items()]
    tools = [tool for tool in tools if tool != {"functionDeclarations": []}]
    declared = [one for tool in tools for one in tool.get("functionDeclarations", [])]
    hosted = [tool for tool in tools if "functionDeclarations" not in tool]
    if tools:
        body["tools"] = [*([{"functionDeclarations": declared}] if declared else []), *hosted]
    if body.get("generationConfig"):
        body["generationConfig"] = one_schema(body["generationConfig"])
    return {key: value for key, value in body.items() if value not in ({}, [])}


def google_tool(tool: dict) -> dict:
    declared = tool.get("functionDeclarations")
    return tool if declared is None else {"functionDeclarations": [one_schema(each) for each in declared]}


NORMAL = {
    "openai-completions": completions,
    "openai-responses": responses,
    "anthropic-messages": anthropic,
    "google-generative-ai": google,
}

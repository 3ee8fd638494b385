"""A request of `google-generative-ai` read into our types, as a user would have written it."""

from normal_forms import google
from request_corpus import Asked
from wire_parts import compact

API = "google-generative-ai"
DECLARATION = {"name", "description", "parametersJsonSchema"}


def read(body: dict, case: dict) -> Asked:
    """What the request asks for."""
    body = google(body)
    context: dict = {"messages": Conversation().read(body["contents"])}
    if body.get("systemInstruction"):
        context["system_prompt"] = "\n\n".join(part["text"] for part in body["systemInstruction"]["parts"])
    if body.get("tools"):
        context["tools"] = [tool for wire in body["tools"] for tool in tools_of(wire)]
    ours = ("contents", "systemInstruction", "tools", "generationConfig", "toolConfig")
    options = settings_of(body.get("generationConfig") or {})
    extra = {key: value for key, value in body.items() if key not in ours} | options.pop("extra_body", {})
    choice = choice_of(body.get("toolConfig") or {})
    if choice is None:
        extra["toolConfig"] = body["toolConfig"]
    else:
        options |= choice
    if extra:
        options["extra_body"] = extra
    return Asked(context, options, thinks="thinkingConfig" in (body.get("generationConfig") or {}))


class Conversation:
    """Messages in order; results find their calls by id, else by name and order."""

    def __init__(self) -> None:
        self.calls = 0
        self.open: list[tuple[str, str]] = []  # name and id of each call that nothing answers so far

    def read(self, contents: list[dict]) -> list[dict]:
        messages = []
        for content in contents:
            if content.get("role") == "model":
                messages.append({"role": "assistant", "content": [self.block(part) for part in content["parts"]]})
                continue
            results = [self.result(part) for part in content["parts"] if "functionResponse" in part]
            said = [part_of(part) for part in content["parts"] if "functionResponse" not in part]
            messages += [*results, *([{"role": "user", "content": said}] if said else [])]
        return messages

    def block(self, part: dict) -> dict:
        """The block that the decoder would have made of a part of an answer."""
        call = part.get("functionCall")
        if call is None:
            return part_of(part)
        self.calls += 1
        name = call["name"]
        identity = call.get("id") or f"made_up_{self.calls}"
        self.open.append((name, identity))
        block = {"type": "tool_call", "id": identity, "name": name, "raw_arguments": compact(call.get("args") or {})}
        return block | signature_of(part)

    def result(self, part: dict) -> dict:
        answer = part["functionResponse"]
        same = [identity for name, identity in self.open if name == answer["name"]]
        identity = answer.get("id") or (same[0] if same else "unknown")
        self.open = [(name, other) for name, other in self.open if other != identity]
        content = [{"type": "text", "text": result_text(answer["response"])}]
        content += [part_of(inner) for inner in answer.get("parts") or []]
        return {"role": "tool_result", "tool_call_id": identity, "tool_name": answer["name"], "content": content}


def result_text(response: dict) -> str:
    """What the tool gave: a text that stands alone is that text, anything else its JSON."""
    values = list(response.values())
    return values[0] if len(values) == 1 and isinstance(values[0], str) else compact(response)


def signature_of(part: dict) -> dict:
    return {"signature": part["thoughtSignature"]} if part.get("thoughtSignature") else {}


def part_of(part: dict) -> dict:
    if "text" in part and part.keys() <= {"text", "thought", "thoughtSignature"}:
        if part.get("thought"):
            return {"type": "thinking", "thinking": part["text"], **signature_of(part)}
        return {"type": "text", "text": part["text"], **signature_of(part)}
    media = part.get("inlineData") or part.get("fileData")
    if media and not part.keys() & {"videoMetadata", "mediaResolution"}:
        kind = {"image": "image", "audio": "audio"}.get((media.get("mimeType") or "").partition("/")[0], "document")
        where = {"data": media["data"]} if "data" in media else {"url": media["fileUri"]}
        return {"type": kind, **where, "mime_type": media.get("mimeType"), **signature_of(part)}
    kind = next(key for key in part if key != "thoughtSignature")
    return {"type": "opaque", "api": API, "kind": kind, "data": part}


def tools_of(wire: dict) -> list[dict]:
    tools = []
    for key, value in wire.items():
        if key != "functionDeclarations":
            tools.append({"name": key, "native": {API: {key: value}}})
            continue
        for declared in value:
            if declared.keys() <= DECLARATION:
                fields = {"parameters": declared.get("parametersJsonSchema") or {}}
                fields |= {"description": declared["description"]} if declared.get("description") else {}
                tools.append({"name": declared["name"], **fields})
            else:
                tools.append({"name": declared["name"], "native": {API: {"functionDeclarations": [declared]}}})
    return tools


def choice_of(config: dict) -> dict | None:
    """The rule for the tools; None if it is one that no option of ours can say."""
    if not config:
        return {}
    calling = config.get("functionCallingConfig")
    if config.keys() != {"functionCallingConfig"} or calling["mode"] not in ("AUTO", "ANY", "NONE"):
        return None
    names = calling.get("allowedFunctionNames") or []
    if len(names) == 1:
        return {"tool_choice": {"mode": "tool", "name": names[0]}}
    return None if names else {"tool_choice": {"AUTO": "auto", "ANY": "required", "NONE": "none"}[calling["mode"]]}


def settings_of(config: dict) -> dict:
    """The options that are ours; if there are others, the caller gives the whole of them in `extra_body`."""
    options: dict = {}
    names = {
        "maxOutputTokens": "max_tokens",
        "temperature": "temperature",
        "topP": "top_p",
        "seed": "seed",
        "stopSequences": "stop",
    }
    extra = {}
    schema = config.get("responseJsonSchema")
    for key, value in config.items():
        if key in names:
            options[names[key]] = value
        elif key == "responseMimeType" and value == "application/json":
            options["response_format"] = schema or "json"
        elif key == "thinkingConfig" and thinking_of(value) is not None:
            options["reasoning"] = thinking_of(value)
        elif key != "responseJsonSchema":
            extra[key] = value
    return options | ({"extra_body": {"generationConfig": extra}} if extra else {})


def thinking_of(config: dict) -> int | str | None:
    """The wish to think; None if it is one that no option of ours can say."""
    if config.keys() <= {"thinkingBudget", "includeThoughts"} and "thinkingBudget" in config:
        return config["thinkingBudget"] or "off"
    if config.keys() <= {"thinkingLevel", "includeThoughts"} and "thinkingLevel" in config:
        return config["thinkingLevel"].lower()
    return None

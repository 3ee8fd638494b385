"""Small things that the readers of several protocols need."""

import json
import re
from typing import Any

DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?;base64,(.*)", re.DOTALL)


def data_url(address: str) -> dict | None:
    """The bytes of a data URL and their type; None for any other address."""
    found = DATA_URL.fullmatch(address)
    return {"data": found[2], "mime_type": found[1]} if found else None


def marks_in(value) -> list[dict]:
    """The marks for the cache anywhere in a JSON value."""
    if isinstance(value, list):
        return [mark for inner in value for mark in marks_in(inner)]
    if not isinstance(value, dict):
        return []
    own = [value["cache_control"]] if isinstance(value.get("cache_control"), dict) else []
    return own + [mark for inner in value.values() for mark in marks_in(inner)]


def has_marks(value) -> str | None:
    """How long the marked prefixes are to be cached; None if nothing is marked."""
    marks = marks_in(value)
    if not marks:
        return None
    return "long" if any(mark.get("ttl") == "1h" for mark in marks) else "short"


def drop_marks(value: Any) -> Any:
    """The same JSON without marks for the cache."""
    if isinstance(value, list):
        return [drop_marks(inner) for inner in value]
    if isinstance(value, dict):
        return {key: drop_marks(inner) for key, inner in value.items() if key != "cache_control"}
    return value


def joined_texts(content) -> str:
    """The text of a content that is a string or a list of texts."""
    return content if isinstance(content, str) else "\n\n".join(part["text"] for part in content)


def answered_format(schema: dict) -> dict:
    return {"response_format": schema}


def compact(value) -> str:
    """JSON text as the decoders write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

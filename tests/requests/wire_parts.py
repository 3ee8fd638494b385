"""Small things that the readers of several protocols need."""

import json
import re

DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?;base64,(.*)", re.DOTALL)


def data_url(address: str) -> dict | None:
    """The bytes of a data URL and their type; None for any other address."""
    found = DATA_URL.fullmatch(address)
    return {"data": found[2], "mime_type": found[1]} if found else None


def has_marks(value) -> str | None:
    """How long the marked prefixes are to be cached; None if nothing is marked."""
    if isinstance(value, list):
        return next(filter(None, map(has_marks, value)), None)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("cache_control"), dict):
        return "long" if value["cache_control"].get("ttl") == "1h" else "short"
    return next(filter(None, map(has_marks, value.values())), None)


def drop_marks(value):
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

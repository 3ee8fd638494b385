"""What an allowed difference may look like: checks of the two values, and of what they stand in."""

import base64
import json
import re
from collections.abc import Callable

from body_differences import MISSING, Difference


def added(*values) -> Callable[[Difference], bool]:
    """We send one of these values where the recording has nothing."""
    return lambda difference: difference.recorded is MISSING and difference.ours in values


def left_away(*values) -> Callable[[Difference], bool]:
    """We send nothing where the recording has one of these values."""
    return lambda difference: difference.ours is MISSING and difference.recorded in values


def pair(one, other) -> Callable[[Difference], bool]:
    """The recording has one of two words, we have the other."""
    return lambda difference: {difference.recorded, difference.ours} == {one, other}


def moved(one: str, other: str) -> Callable[[Difference], bool]:
    """The same value stands under one key in the recorded body and under the other in ours."""

    def accepts(difference: Difference) -> bool:
        recorded, ours = difference.bodies
        return any(
            here in recorded and there in ours and here not in ours and recorded[here] == ours[there]
            for here, there in ((one, other), (other, one))
        )

    return accepts


def spoken_with_calls(difference: Difference) -> bool:
    """Nothing was said beside the calls, however the recording says nothing."""
    return difference.ours in (None, "") and not difference.recorded and "tool_calls" in difference.place[1]


def doubled(difference: Difference) -> bool:
    """The recording sends its thinking under two names, and we send it under the other one."""
    recorded, ours = difference.place
    other = {"reasoning": "reasoning_content", "reasoning_content": "reasoning"}[difference.path.rpartition(".")[2]]
    return difference.ours is MISSING and ours.get(other, recorded.get(other)) == difference.recorded


def title_of(difference: Difference) -> str:
    """The name that a schema gets: its title in letters that servers take."""
    title = difference.place[1]["schema"].get("title") or ""
    return re.sub(r"[^a-zA-Z0-9-]", "_", title.strip()[:64]) or "answer"


def told_by_details(difference: Difference) -> bool:
    """The details beside it hold the very same thinking."""
    details = difference.place[1].get("reasoning_details") or []
    return difference.ours is MISSING and difference.recorded == "".join(detail.get("text", "") for detail in details)


# Wishes to think: provider, what the recording says, what we say for the same.
WISH_KEYS = (
    "reasoning_effort",
    "reasoning",
    "thinking",
    "enable_thinking",
    "thinking_budget",
    "chat_template_kwargs",
)
WISHES = (
    ("zai", {"reasoning_effort": "high"}, {"thinking": {"type": "enabled", "clear_thinking": False}}),
    ("openrouter", {"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    ("deepseek", {"reasoning_effort": "low"}, {"reasoning_effort": "high", "thinking": {"type": "enabled"}}),
    ("ollama", {"enable_thinking": False}, {"reasoning_effort": "none"}),
    ("gpustack", {"reasoning_effort": "medium"}, {"enable_thinking": True, "thinking_budget": 8192}),
    (
        "llamacpp",
        {"reasoning_effort": "high"},
        {"reasoning_effort": "high", "chat_template_kwargs": {"enable_thinking": True}},
    ),
)


def same_wish(difference: Difference) -> bool:
    """Both bodies wish to think as much, by the table above."""
    said = [{key: body[key] for key in WISH_KEYS if key in body} for body in difference.bodies]
    return (difference.case["provider"], *said) in WISHES


def written_anew(difference: Difference) -> bool:
    """Both are the same JSON object, spelled with other white space or escapes."""
    try:
        values = [json.loads(text) for text in (difference.recorded, difference.ours)]
    except (TypeError, ValueError):
        return False
    return isinstance(values[0], dict) and values[0] == values[1]


def lost(difference: Difference) -> bool:
    """The recording has nothing, or null, where we send the answer's own value."""
    return difference.recorded is MISSING or difference.recorded is None


# Providers whose page says nothing of a schema that does not bind.
BINDING = ("huggingface", "xai", "github-copilot", "doubleword", "llamacpp", "venice")


def schema_binds(difference: Difference) -> bool:
    """The recording asks that a schema binds where it does so unasked, or says the default."""
    default = difference.recorded is False
    return difference.ours is MISSING and (default or difference.case["provider"] in BINDING)


# What an effort stands for where budgets are gone: the most tokens, the effort.
EFFORTS = ((4096, "low"), (12_288, "medium"), (24_576, "high"))


def effort_for_budget(difference: Difference) -> bool:
    """The recording has a budget, and we have the effort that stands for it."""
    recorded, ours = (body["thinking"] for body in difference.bodies)
    if recorded["type"] != "enabled" or ours != {"type": "adaptive", "display": "summarized"}:
        return False
    effort = next(word for most, word in EFFORTS if recorded["budget_tokens"] <= most)
    return difference.bodies[1]["output_config"]["effort"] == effort


def text_of_file(part: dict) -> str:
    """The text of a file that stands in a part, under its name."""
    data = part["file_data"].partition("base64,")[2]
    return f"{part['filename']}:\n\n{base64.b64decode(data).decode()}"


def same_result(difference: Difference) -> bool:
    """Our result is the only text in the recorded one, or the recorded one as JSON text."""
    recorded, ours = difference.place
    output = ours.get("output")
    if output in recorded.values() and len(recorded) == 1:
        return True
    try:
        return ours.keys() == {"output"} and json.loads(output) == recorded
    except ValueError:
        return False


def level_or_budget(config: dict) -> str | int | None:
    return config.get("thinkingLevel", config.get("thinkingBudget"))


def budget_with_room(difference: Difference) -> bool:
    """Our budget is half of the limit or leaves 1024 tokens of it; or 0, where that is below the model's least."""
    most = difference.bodies[1]["generationConfig"].get("maxOutputTokens", 0)
    recorded, ours = (place["thinkingBudget"] for place in difference.place)
    return ours < recorded and ours in (most - min(1024, most // 2), 0 if most < 1024 else None)


def marked_elsewhere(difference: Difference) -> bool:
    """Both bodies mark prefixes for the cache, for as long, and one of them marks this one."""
    words = [set(body.get("cache_marks", {}).values()) for body in difference.bodies]
    return words[0] == words[1] and len(words[0]) == 1 and MISSING in (difference.recorded, difference.ours)


def file_behind(difference: Difference) -> bool:
    """A file at an address stands in the recorded result, and in ours behind all results, with words before it."""
    if difference.ours is MISSING:
        return [part.keys() for part in difference.recorded] == [{"fileData"}]
    words = str(difference.ours.get("text")).startswith("From the tool result ")
    return difference.recorded is MISSING and (words or difference.ours.keys() == {"fileData"})

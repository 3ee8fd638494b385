"""What the soak's provider says: an answer for each number, the same in the provider and in the test."""

import json
import random

import alchemy

WORDS = [
    "the",
    "quick",
    "brown",
    "fox;",
    "jumps",
    "über",
    'café,\n\t"so"',
    "日本語",
    "😀",
    "👨\u200d👩\u200d👧",
    "line",
    "end.",
    "",
]


def answer(number: int) -> alchemy.AssistantMessage:
    """The answer of a number: some words, and now and then a tool call."""
    chance = random.Random(number)
    words = [chance.choice(WORDS) for _ in range(chance.randint(3, 40))]
    content = [alchemy.Text(text=f"{number}: " + " ".join(words) + ".")]
    if number % 4 == 0:
        arguments = {"path": f"/{number}", "lines": chance.randint(0, 10**6), "text": chance.choice(WORDS) * 9}
        raw = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
        content.append(alchemy.ToolCall(id=f"call_{number}", name="look", arguments=arguments, raw_arguments=raw))
        return alchemy.AssistantMessage(content=content, stop_reason="tool_use")
    return alchemy.AssistantMessage(content=content)


def number_of(request) -> int:
    """The number that a request asks for: the last one in its body."""
    text = request.body.decode()
    return int(text.rpartition("number ")[2].split(".")[0])


def said(request) -> alchemy.AssistantMessage:
    """What the provider says to a request."""
    return answer(number_of(request))

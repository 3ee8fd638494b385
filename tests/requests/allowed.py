"""Every difference between a recorded request and ours that is allowed, and why; there is no other list.

An entry that explains nothing fails the test, so the list holds what is needed and no more.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from acceptances import (
    WISH_KEYS,
    added,
    budget_with_room,
    doubled,
    effort_for_budget,
    file_behind,
    left_away,
    level_or_budget,
    marked_elsewhere,
    moved,
    pair,
    same_result,
    same_wish,
    schema_binds,
    spoken_with_calls,
    text_of_file,
    title_of,
    told_by_details,
)
from body_differences import MISSING, Difference

COMPLETIONS = "openai-completions"
RESPONSES = "openai-responses"
ANTHROPIC = "anthropic-messages"
GOOGLE = "google-generative-ai"


# Items that have a form of ours; others go back as they came.
ITEMS_OF_OURS = ("message", "reasoning", "function_call", "function_call_output")


# What the encoder asks for by header where a request needs it.
BETAS = {"interleaved-thinking-2025-05-14", "files-api-2025-04-14", "compact-2026-01-12"}


@dataclass(frozen=True)
class Allowed:
    """One allowed difference: where it may stand (the path without numbers), why, and which values it has."""

    apis: tuple[str, ...]
    name: str
    path: str
    reason: str
    accepts: Callable[[Difference], bool]

    def explains(self, difference: Difference) -> bool:
        if difference.case["api"] not in self.apis or re.fullmatch(self.path, difference.pattern) is None:
            return False
        try:
            return self.accepts(difference)
        except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
            # Values of another shape than the check is made for.
            return False


ALLOWED: tuple[Allowed, ...] = (
    Allowed(
        (COMPLETIONS,),
        "name of the limit",
        "max_tokens|max_completion_tokens",
        "The limit goes under the name that the provider's own page has, which takes the same figure under both.",
        moved("max_tokens", "max_completion_tokens"),
    ),
    Allowed(
        (COMPLETIONS,),
        "usage asked for",
        "stream_options",
        "Streams carry usage only if they are asked to, and an answer without its usage is worth less.",
        added({"include_usage": True}),
    ),
    Allowed(
        (COMPLETIONS, RESPONSES, ANTHROPIC, GOOGLE),
        "empty description",
        r"tools\[\](\.function|\.functionDeclarations\[\])?\.description",
        "An empty description tells the model nothing, so the key is left out.",
        left_away("", None),
    ),
    Allowed(
        (COMPLETIONS,),
        "role of the system prompt",
        r"messages\[\]\.role",
        "OpenAI's thinking models call the system prompt `developer` and take `system` for the same.",
        pair("system", "developer"),
    ),
    Allowed(
        (COMPLETIONS,),
        "no words beside calls",
        r"messages\[\]\.content",
        "An answer of calls alone says null, an empty string or nothing at all: servers take all three.",
        spoken_with_calls,
    ),
    Allowed(
        (COMPLETIONS,),
        "index of a call",
        r"messages\[\]\.tool_calls\[\]\.index",
        "The index puts streamed pieces together and means nothing in a request.",
        left_away(*range(16)),
    ),
    Allowed(
        (COMPLETIONS,),
        "name of a participant",
        r"messages\[\]\.name",
        "Messages carry no name of who speaks; OpenAI reads it, and it can be said in the text.",
        lambda difference: isinstance(difference.recorded, str) and difference.ours is MISSING,
    ),
    Allowed(
        (COMPLETIONS, RESPONSES),
        "title of the schema",
        r"(response_format\.json_schema|text\.format)\.name",
        "A schema is named by its title; without one it gets a name that says what it is for.",
        lambda difference: isinstance(difference.recorded, str) and difference.ours == title_of(difference),
    ),
    Allowed(
        (COMPLETIONS,),
        "description of the schema",
        r"response_format\.json_schema\.description",
        "A schema describes itself; the description beside it has no option of ours.",
        lambda difference: isinstance(difference.recorded, str) and difference.ours is MISSING,
    ),
    Allowed(
        (COMPLETIONS,),
        "thinking said twice",
        r"messages\[\]\.(reasoning|reasoning_content)",
        "The recording sends the same thinking under two names, we send it under the one that the server reads.",
        doubled,
    ),
    Allowed(
        (COMPLETIONS,),
        "thinking told by its details",
        r"messages\[\]\.reasoning",
        "The details that go back hold the same thinking, and the server reads them.",
        told_by_details,
    ),
    Allowed(
        (COMPLETIONS,),
        "empty thinking beside calls",
        r"messages\[\]\.reasoning_content",
        "DeepSeek refuses calls without it once the model thinks; models that do not think ignore it.",
        lambda difference: added("")(difference) and difference.case["provider"] == "deepseek",
    ),
    Allowed(
        (COMPLETIONS,),
        "form of the wish to think",
        "|".join(WISH_KEYS),
        "The wish is said in the form that the provider's own page has, with the nearest level that it knows.",
        same_wish,
    ),
    Allowed(
        (COMPLETIONS,),
        "budget that leaves room",
        r"reasoning\.max_tokens",
        "A budget for thinking shrinks until the limit has room for an answer.",
        lambda difference: (
            difference.ours < difference.recorded and difference.ours < difference.bodies[1]["max_tokens"]
        ),
    ),
    Allowed(
        (COMPLETIONS,),
        "thinking kept out of the text",
        "reasoning_format",
        "Groq writes thinking into the text unless it is told to keep it apart.",
        lambda difference: added("parsed")(difference) and difference.case["provider"] == "groq",
    ),
    Allowed(
        (COMPLETIONS, RESPONSES),
        "schema that binds anyway",
        r"(response_format\.json_schema|text\.format)\.strict",
        "`strict` is sent where a provider's page says that a schema binds only then; false is the default.",
        schema_binds,
    ),
    Allowed(
        (COMPLETIONS,),
        "schema with a name",
        r"response_format\.json_schema\.name",
        "The protocol wants a name for a schema; Perplexity does without and takes one.",
        lambda difference: added("answer")(difference) and difference.case["provider"] == "perplexity",
    ),
    Allowed(
        (COMPLETIONS, RESPONSES, ANTHROPIC),
        "no tools",
        "tools",
        "An empty list of tools, which some servers refuse, is no tools.",
        left_away([]),
    ),
    Allowed(
        (COMPLETIONS, RESPONSES),
        "rule for tools without tools",
        "parallel_tool_calls|tool_choice",
        "Servers refuse a rule for calls where there is nothing to call.",
        lambda difference: left_away(True, False, "auto")(difference) and "tools" not in difference.bodies[1],
    ),
    Allowed(
        (COMPLETIONS,),
        "null arguments",
        r"messages\[\]\.tool_calls\[\]\.function\.arguments",
        "Arguments are an object; a null from the model goes back as an empty one.",
        lambda difference: (difference.recorded, difference.ours) == ("null", "{}"),
    ),
    Allowed(
        (COMPLETIONS, RESPONSES),
        "name of the end user",
        "user|safety_identifier",
        "OpenAI has replaced `user` by `safety_identifier`.",
        moved("user", "safety_identifier"),
    ),
    Allowed(
        (COMPLETIONS,),
        "content the server does not take",
        r"messages\[\]\.content\[\]\.(type|text|image_url|input_audio|file)",
        "DeepSeek's models read text alone and refuse all else, so a few words say what was left out.",
        lambda difference: (
            difference.case["provider"] == "deepseek" and str(difference.place[1].get("text")).endswith("left out]")
        ),
    ),
    Allowed(
        (COMPLETIONS, ANTHROPIC),
        "prefixes that are marked",
        r"cache_marks\.(all|system|tools|message -\d+)",
        "Our marks end at what the next turn has in common with this one: tools, system prompt, last message.",
        marked_elsewhere,
    ),
    Allowed(
        (ANTHROPIC,),
        "beta asked for",
        ":anthropic-beta",
        "Files, thinking between calls and compaction are asked for by a header, which the recording has lost or lacks.",
        lambda difference: difference.recorded is MISSING and BETAS.issuperset(difference.ours.split(",")),
    ),
    Allowed(
        (ANTHROPIC,),
        "several calls at once",
        r"tool_choice\.disable_parallel_tool_use",
        "That several tools may be called at once is the default, which goes without saying.",
        left_away(False),
    ),
    Allowed(
        (ANTHROPIC,),
        "budget that leaves room",
        r"thinking\.budget_tokens",
        "A budget for thinking shrinks until the limit has room for an answer.",
        lambda difference: difference.ours == difference.bodies[1]["max_tokens"] - 1024 < difference.recorded,
    ),
    Allowed(
        (ANTHROPIC,),
        "effort in place of a budget",
        r"thinking\.(type|budget_tokens|display)|output_config(\.effort)?",
        "Newer models take an effort, by which they think as much as a question needs; budgets are on their way out.",
        effort_for_budget,
    ),
    Allowed(
        (ANTHROPIC,),
        "thinking to be read",
        r"thinking\.display",
        "Newer models hide their thinking unless a summary is asked for.",
        lambda difference: added("summarized")(difference) and difference.place[0] == {"type": "adaptive"},
    ),
    Allowed(
        (ANTHROPIC,),
        "effort that is the default",
        "output_config",
        "Adaptive thinking is asked for by a level, and the default is said like any other.",
        lambda difference: (
            added({"effort": "high"})(difference) and difference.bodies[0]["thinking"] == {"type": "adaptive"}
        ),
    ),
    Allowed(
        (RESPONSES,),
        "answer not kept",
        "store",
        "Answers are kept at the provider only where the caller asks for it.",
        added(False),
    ),
    Allowed(
        (RESPONSES,),
        "answer kept",
        "store",
        "The recording goes on from items that only the server has, and relies on the default; we say it.",
        lambda difference: added(True)(difference) and '"reasoning"' in json.dumps(difference.bodies[0]["input"]),
    ),
    Allowed(
        (RESPONSES,),
        "reasoning that comes along",
        "include",
        "What the server does not keep has to come along, so that it can go back.",
        lambda difference: (
            added(["reasoning.encrypted_content"])(difference) and difference.bodies[1]["store"] is False
        ),
    ),
    Allowed(
        (RESPONSES,),
        "nothing to include",
        "include",
        "An empty list asks for nothing.",
        left_away([]),
    ),
    Allowed(
        (RESPONSES,),
        "schema as it is written",
        r"tools\[\]\.strict",
        "Unsaid, the server rewrites the schema so that each property is required; what the caller wrote counts.",
        added(False),
    ),
    Allowed(
        (RESPONSES,),
        "reasoning to be read",
        r"reasoning\.summary",
        "A summary of the reasoning comes only if it is asked for.",
        lambda difference: not difference.recorded and difference.ours == "auto",
    ),
    Allowed(
        (RESPONSES,),
        "schema that binds",
        r"text\.format\.strict",
        "A schema that the server can force is forced, as it is meant to be.",
        added(True),
    ),
    Allowed(
        (RESPONSES,),
        "free text",
        "text",
        "Free text is what every server answers unasked.",
        left_away({"format": {"type": "text"}}),
    ),
    Allowed(
        (RESPONSES,),
        "no instructions",
        "instructions",
        "Empty instructions say nothing.",
        left_away(""),
    ),
    Allowed(
        (RESPONSES,),
        "status of an item",
        r"input\[\]\.status",
        "That an item of the past is completed goes without saying.",
        lambda difference: left_away("completed")(difference) and difference.place[0]["type"] in ITEMS_OF_OURS,
    ),
    Allowed(
        (RESPONSES,),
        "document of text",
        r"input\[\]\.content\[\]\.(type|filename|file_data|text)",
        "Not every model takes text as a file, so it is sent as text under its name.",
        lambda difference: text_of_file(difference.place[0]) == difference.place[1].get("text"),
    ),
    Allowed(
        (RESPONSES,),
        "reasoning in one form",
        r"input\[\]\.content",
        "Beside the encrypted form of reasoning OpenAI takes no other.",
        lambda difference: difference.ours is MISSING and bool(difference.place[1].get("encrypted_content")),
    ),
    Allowed(
        (RESPONSES,),
        "model beside a stored prompt",
        "model",
        "A Model has a name; the prompt kept at the provider names its own and takes another.",
        lambda difference: difference.recorded is MISSING and "prompt" in difference.bodies[0],
    ),
    Allowed(
        (GOOGLE,),
        "result under another name",
        r"contents\[\]\.parts\[\]\.functionResponse\.response\.\w+",
        "What a tool gave is text under `output`, which Google's page names; the recording's clients have names of their own.",
        same_result,
    ),
    Allowed(
        (GOOGLE,),
        "stream of events",
        ":path",
        "The query asks for events; the recording has lost it together with a key, or takes a list.",
        lambda difference: difference.ours == f"{difference.recorded}?alt=sse",
    ),
    Allowed(
        (GOOGLE,),
        "file behind the results",
        r"contents\[\]\.parts\[\](\.functionResponse\.parts)?",
        "Google's page has bytes inside of results and no addresses, which only Vertex takes there: they go behind.",
        file_behind,
    ),
    Allowed(
        (GOOGLE,),
        "id of a call",
        r"contents\[\]\.parts\[\]\.(functionCall|functionResponse)\.id",
        "A call that came without an id gets one, by which its result finds it.",
        lambda difference: difference.recorded is MISSING and difference.ours.startswith("made_up_"),
    ),
    Allowed(
        (GOOGLE,),
        "keyword that Google's schemas lack",
        r"tools\[\]\.functionDeclarations\[\]\.parametersJsonSchema\.(.+\.)?(additionalProperties|required)",
        "Schemas of arguments are put into Google's own words, which have no closed objects and no empty lists.",
        left_away(False, []),
    ),
    Allowed(
        (GOOGLE,),
        "budget that leaves room",
        r"generationConfig\.thinkingConfig\.(thinkingBudget|includeThoughts)",
        "A budget for thinking shrinks until the limit has room for an answer, and is 0 where none fits.",
        budget_with_room,
    ),
    Allowed(
        (GOOGLE,),
        "level in place of a budget",
        r"generationConfig\.thinkingConfig\.(thinkingBudget|thinkingLevel)",
        "Models that are not known to take budgets are told a level, as all newer ones are.",
        lambda difference: (*map(level_or_budget, difference.place),) in ((512, "minimal"), (4096, "low")),
    ),
    Allowed(
        (GOOGLE,),
        "level in capitals",
        r"generationConfig\.thinkingConfig\.thinkingLevel",
        "Google takes levels in either case.",
        lambda difference: str(difference.recorded).lower() == difference.ours,
    ),
)

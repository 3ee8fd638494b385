"""A plain reading of usage objects: which counts a provider gave, and what it billed."""

import math

# https://docs.x.ai/developers/cost-tracking (2026-11): 1 USD = 10^10 ticks.
TICKS_PER_USD = 10**10


def first_count(*values):
    """The first of the values that is a count, or None."""
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def number(value):
    """The value as a finite float, or None where it is no number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def billed(usage: dict):
    """What the provider says it charged, in USD, or None."""
    cost = usage.get("cost")
    if isinstance(cost, dict):  # Perplexity breaks it down
        cost = cost.get("total_cost")
    price = number(cost)
    if price is None and (ticks := number(usage.get("cost_in_usd_ticks"))) is not None:
        price = ticks / TICKS_PER_USD
    return price


def read_usage(usage: dict) -> dict:
    """The counts of one usage object under the names of `alchemy.Usage`, with `billed`."""
    into = usage.get("prompt_tokens_details") or {}
    out_of = usage.get("completion_tokens_details") or {}
    prompt = first_count(usage.get("prompt_tokens"))
    completion = first_count(usage.get("completion_tokens"))
    total = first_count(usage.get("total_tokens"))
    reasoning = first_count(out_of.get("reasoning_tokens"), usage.get("reasoning_tokens"))
    cache_read = first_count(
        into.get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
        usage.get("cache_read_input_tokens"),
    )
    cache_write = first_count(into.get("cache_write_tokens"), usage.get("cache_creation_input_tokens"))
    fresh = None if prompt is None else max(0, prompt - (cache_read or 0) - (cache_write or 0))
    output = completion
    # xAI counts reasoning beside completion_tokens; its total tells.
    if reasoning and None not in (prompt, completion) and total == prompt + completion + reasoning:
        output = completion + reasoning
    return {
        "input": fresh,
        "output": output,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "reasoning": reasoning,
        "total_tokens": total,
        "billed": billed(usage),
    }


def plus(*counts):
    """The sum of the counts that are known, or None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def read_anthropic_usage(usage: dict) -> dict:
    """The same of an `anthropic-messages` answer, whose input is told without the cached tokens."""
    fresh = first_count(usage.get("input_tokens"))
    output = first_count(usage.get("output_tokens"))
    cache_read = first_count(usage.get("cache_read_input_tokens"))
    cache_write = first_count(usage.get("cache_creation_input_tokens"))
    whole = None not in (fresh, output)
    return {
        "input": fresh,
        "output": output,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "cache_write_1h": first_count((usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens")),
        "reasoning": first_count((usage.get("output_tokens_details") or {}).get("thinking_tokens")),
        "total_tokens": plus(fresh, output, cache_read, cache_write) if whole else None,
        "billed": None,
    }


def read_responses_usage(usage: dict) -> dict:
    """The same of an `openai-responses` answer."""
    into = usage.get("input_tokens_details") or {}
    out_of = usage.get("output_tokens_details") or {}
    prompt = first_count(usage.get("input_tokens"))
    output = first_count(usage.get("output_tokens"))
    total = first_count(usage.get("total_tokens"))
    cache_read = first_count(into.get("cached_tokens"))
    cache_write = first_count(into.get("cache_write_tokens"))
    reasoning = first_count(out_of.get("reasoning_tokens"))
    if reasoning and None not in (prompt, output) and total == prompt + output + reasoning:
        output += reasoning
    return {
        "input": None if prompt is None else max(0, prompt - (cache_read or 0) - (cache_write or 0)),
        "output": output,
        "cache_read": cache_read,
        "cache_write": cache_write,
        "cache_write_1h": None,
        "reasoning": reasoning,
        "total_tokens": total,
        "billed": billed(usage),
    }


def read_google_usage(usage: dict) -> dict:
    """The same of a `google-generative-ai` answer, which counts thinking beside the candidates."""
    prompt = plus(first_count(usage.get("promptTokenCount")), first_count(usage.get("toolUsePromptTokenCount")))
    cache_read = first_count(usage.get("cachedContentTokenCount"))
    reasoning = first_count(usage.get("thoughtsTokenCount"))
    return {
        "input": None if prompt is None else max(0, prompt - (cache_read or 0)),
        "output": plus(first_count(usage.get("candidatesTokenCount")), reasoning),
        "cache_read": cache_read,
        "cache_write": None,
        "cache_write_1h": None,
        "reasoning": reasoning,
        "total_tokens": first_count(usage.get("totalTokenCount")),
        "billed": None,
    }

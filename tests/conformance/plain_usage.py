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

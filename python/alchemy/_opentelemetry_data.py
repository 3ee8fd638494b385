"""The words of OpenTelemetry's conventions for generative AI, where they are not our own.

Read on 2026-11-25 at https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai: gen-ai-spans.md,
gen-ai-metrics.md and gen-ai-output-messages.json.
"""

from __future__ import annotations

#: The value of `gen_ai.provider.name` by our provider id; all others are named by their id.
PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock-mantle": "aws.bedrock",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "moonshotai-cn": "moonshot_ai",
    "xai": "x_ai",
}

#: The value of `gen_ai.operation.name` by wire protocol; all others are `chat`.
OPERATIONS = {"google-generative-ai": "generate_content"}

#: The values of `gen_ai.response.finish_reasons` by our stop reason; all others are named as they are.
FINISH_REASONS = {"tool_use": "tool_call", "refusal": "content_filter", "aborted": "error"}

#: The boundaries of the histograms, by their unit.
BUCKETS = {
    "s": tuple(0.01 * 2**power for power in range(14)),
    "{token}": tuple(4**power for power in range(14)),
}

"""Which recorded requests are not compared, and why; there is no other list."""

BY_NUMBER = "a schema that names types by number, as no JSON Schema does"
REFUSED = "an option with a value that no server takes, which is refused before sending"

# Case id -> why it cannot be compared.
CASES: dict[str, str] = {
    "otel-contrib-test_function_call_choice_no_content": BY_NUMBER,
    "otel-contrib-test_tool_events_no_content": BY_NUMBER,
    "req_llm-google-gemini_flash_latest-tool_round_trip_2": "a result said as words of the user, which leaves its call open",
    "rig-doubleword-error_matrix-invalid_temperature_blocking": REFUSED,
    "pydantic-ai-test_openai_responses-test_openai_responses_model_http_error": REFUSED,
    "rig-llamacpp-error_matrix-malformed_request_field": REFUSED,
}

SAID_OTHERWISE = "the recording's client put words of its own in place of the answer"
LOST_WORDS = "the recording's client lost words of the answer"
IN_PIECES = "the recording's client sends a text back in the pieces in which it came"
RESPELLED = "the recording's client spells the server's own items anew"
OTHER_CONVERSATION = "another conversation that opens with the same words"
THINKS_ALOUD = "the recording's client sends thinking back as text, where the server wants none back"

# Request -> why the answer before it is not compared with what its client sent back.
NOT_SENT_BACK: dict[str, str] = {
    "chatlas-test_provider_anthropic-test_anthropic_empty_response-2": SAID_OTHERWISE,
    "ellmer-anthropic-whitespace-2": SAID_OTHERWISE,
    "pydantic-ai-test_openai_responses-test_openai_responses_thinking_with_modified_history-2": SAID_OTHERWISE,
    "fantasy-testanthropiccomputeruse-claude-sonnet-4-computer_use_streaming-2": LOST_WORDS,
    "chatlas-test_provider_google-test_google_pdfs-2": IN_PIECES,
    "pydantic-ai-test_google-test_google_model_file_search_grounding_gemini_3-false-2": RESPELLED,
    "pydantic-ai-test_google-test_google_model_file_search_grounding_gemini_3-true-2": RESPELLED,
    "ruby_llm-chat_with_schema_with_vertexai_gemini-3-flash-preview_allows_removing_sc-d9690150-2": RESPELLED,
    "openinference-test_instrumentor-test_sub_agent_session_id_not_overwritten_by_adk_-f6e090b1-3": OTHER_CONVERSATION,
    "chatlas-test_provider_databricks-test_databricks_empty_response-2": SAID_OTHERWISE,
    "rig-doubleword-prompt_caching-streaming_probe-3": SAID_OTHERWISE,
    "rig-groq-prompt_caching-streaming_probe-3": SAID_OTHERWISE,
    "rig-venice-prompt_caching-streaming_probe-3": SAID_OTHERWISE,
    "llm-test_tools_streaming-test_tools_streaming_variant_c-2": SAID_OTHERWISE,
    "llm-test_tools_streaming-test_tools_streaming_variant_d-2": SAID_OTHERWISE,
    "fantasy-testopenaicompatiblecommon-avian-kimi-multi_tool_streaming-2": LOST_WORDS,
    "fantasy-testopenroutercommon-glm-multi_tool_streaming-2": LOST_WORDS,
    "fantasy-testopenroutercommon-glm-tool_streaming-2": LOST_WORDS,
    "pydantic-ai-test_cerebras-test_cerebras_zai_reasoning_replayed_as_think_tags-2": THINKS_ALOUD,
    "pydantic-ai-test_groq-test_groq_model_thinking_part-2": THINKS_ALOUD,
    "pydantic-ai-test_groq-test_tool_use_failed_error-3": THINKS_ALOUD,
    "pydantic-ai-test_huggingface-test_hf_model_thinking_part-2": THINKS_ALOUD,
}

ENDPOINTS = {
    "openai-completions": "chat/completions",
    "openai-responses": "responses",
    "anthropic-messages": "messages",
    "google-generative-ai": "enerateContent",
}


def left_out(case: dict) -> str | None:
    """Why a case has no request to compare; None if it has one."""
    request = case["request"]
    if request is None:
        return "the request was not recorded"
    if request["method"] != "POST":
        return "a GET, which asks for an answer again"
    if not isinstance(request.get("body"), dict):
        return "no body was recorded"
    if not request["path"].partition("?")[0].endswith(ENDPOINTS[case["api"]]):
        return "another endpoint, whose body differs by design"
    return CASES.get(case["id"]) or unsayable(case["api"], request["body"])


def unsayable(api: str, body: dict) -> str | None:
    """Why a conversation cannot be said in our types."""
    if body.get("background"):
        return "a background answer, which is refused with an error"
    messages = body.get("messages") or []
    roles = [message["role"] for message in messages]
    spoken = next((index for index, role in enumerate(roles) if role not in ("system", "developer")), len(roles))
    if any(role in ("system", "developer") for role in roles[spoken:]):
        return "a system message in the middle of the conversation, which a Context does not hold"
    if api == "openai-completions" and any(
        message["role"] == "tool" and "tool_call_id" not in message for message in messages
    ):
        return "a tool result that does not say which call it answers"
    return None

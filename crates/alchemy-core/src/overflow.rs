//! Telling the error "the conversation is too long" from its neighbours, by the words of many vendors.
//!
//! No two servers word it alike and few have a code for it, so the wording is what there is to go by. Limits
//! on tokens per minute use the same words and mean something else: those are told apart first.

/// Words of limits on rates and quotas, which are never about one conversation.
const RATES: &[&str] = &[
    "per minute",
    "per second",
    "per hour",
    "per day",
    "/min",
    "tpm",
    "rpm",
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many requests",
    "quota",
    "throttl",
    "try again",
    "retry",
];

/// Codes and types that say it outright.
const CODES: &[&str] = &[
    // OpenAI, Azure, Groq, DeepSeek and most that imitate OpenAI.
    // https://platform.openai.com/docs/guides/error-codes
    "context_length_exceeded",
    // Perplexity. Recorded in crmne/ruby_llm, `handles_context_length_exceeded_errors`.
    "too_many_prompt_tokens",
    // llama.cpp. https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    "exceed_context_size_error",
    // Anthropic, as gateways pass it on. https://docs.anthropic.com/en/api/errors
    "request_too_large",
    "model_context_window_exceeded",
];

/// Words that say it outright, whatever stands beside them. Anthropic: "input length and `max_tokens` exceed context limit:
/// 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again".
const OUTRIGHT: &str = "exceed context limit";

/// Wordings: all the pieces of one, in order.
const WORDINGS: &[&[&str]] = &[
    // OpenAI, vLLM, DeepSeek, Together: "This model's maximum context length is 8192 tokens. However, ...".
    &["maximum context length"],
    // OpenAI's newer models: "Your input exceeds the context window of this model."
    &["exceeds the context window"],
    // OpenRouter: "This endpoint's maximum context length is ..." is above; LM Studio, SGLang, TensorRT:
    // "The input (9000 tokens) is longer than the model's context length (8192 tokens)."
    &["longer than the model's context length"],
    &["longer than the context length"],
    &["greater than the context length"],
    // llama.cpp: "the request exceeds the available context size, try increasing it".
    &["exceeds the available context size"],
    &["exceed", "context size"],
    // Ollama, Mistral, Cerebras: "... exceeded max context length", "Prompt contains 40000 tokens ... too large for
    // model with 32768 maximum context length", "Current length is 9000 while limit is 8192".
    &["exceed", "context length"],
    &["too large for model with", "context length"],
    &["reduce the length of the messages"],
    &["reduce the length of the input"],
    &["current length is", "while limit is"],
    // Anthropic: "prompt is too long: 210000 tokens > 200000 maximum".
    &["prompt is too long"],
    // Amazon Bedrock: "Input is too long for requested model".
    &["input is too long for requested model"],
    // Google: "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)".
    &["input token count", "exceeds the maximum"],
    // xAI: "This model's maximum prompt length is 131072 but the request contains 200000 tokens."
    &["maximum prompt length"],
    // Perplexity: "The total length of all messages is too long."
    &["total length of all messages is too long"],
    // MiniMax: "invalid params, context window exceeds limit"; Moonshot: "Your request exceeded model token limit".
    &["context window exceeds limit"],
    &["exceeded model token limit"],
    &["exceeds model token limit"],
    // Z.AI and Alibaba: "Prompt exceeds max length", "Range of input length should be [1, 98304]".
    &["prompt exceeds max length"],
    &["range of input length should be"],
    // GitHub Copilot: "prompt token count of 90000 exceeds the limit of 64000".
    &["prompt token count of", "exceeds the limit"],
    // Hugging Face TGI: "`inputs` tokens + `max_new_tokens` must be <= 8192".
    &["`inputs` tokens + `max_new_tokens` must be"],
    // Cohere, Featherless, Chutes and others.
    &["too many tokens:", "maximum"],
    &["context window", "exceeded"],
    &["exceeds", "maximum context"],
    &["tokens", "exceeds the model's", "context"],
];

/// Whether an error of a server says that the conversation is longer than the model's context window.
///
/// `status` is the HTTP status (0 or 200 for an error inside an answer), `code` the error's code or
/// type, or empty, and `message` its words.
#[must_use]
pub fn is_context_overflow(status: u16, code: &str, message: &str) -> bool {
    if matches!(status, 401 | 403 | 404 | 429) {
        return false;
    }
    if CODES.contains(&code) {
        return true;
    }
    let message = message.to_lowercase();
    if message.contains(OUTRIGHT) {
        return true;
    }
    let speaks_of_rates = RATES.iter().any(|words| contains_words(&message, words));
    !speaks_of_rates && WORDINGS.iter().any(|wording| follows(&message, wording))
}

/// Whether the words stand in the text, and not as a part of longer ones.
fn contains_words(text: &str, words: &str) -> bool {
    let letter = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
    text.match_indices(words).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let opens = words.starts_with(|first: char| first.is_alphanumeric());
        let after = text.get(start + words.len()..).and_then(|after| after.chars().next());
        !(opens && letter(before)) && (words.len() > 3 || !letter(after))
    })
}

/// Whether the pieces stand in the text, one after the other.
fn follows(text: &str, pieces: &[&str]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflows_are_told_in_the_words_of_vendors() {
        let messages = [
            "This model's maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 in the messages, 0 in the completion). Please reduce the length of the messages or completion.",
            "Your input exceeds the context window of this model. Please adjust your input and try.",
            "The total length of all messages is too long.",
            "the request exceeds the available context size. increase the context size or enable context shift",
            "prompt is too long: 213462 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 199759 + 20000 > 200000, decrease input length or `max_tokens` and try again",
            "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
            "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            "invalid params, context window exceeds limit",
            "prompt token count of 90000 exceeds the limit of 64000",
            "Invalid request: Your request exceeded model token limit: 262144",
            "Please reduce the length of the messages or completion. Current length is 131073 while limit is 131072",
        ];
        for message in messages {
            assert!(is_context_overflow(400, "", message), "{message}");
        }
    }

    #[test]
    fn a_code_is_enough() {
        assert!(is_context_overflow(400, "context_length_exceeded", ""));
        assert!(is_context_overflow(
            413,
            "request_too_large",
            "Request exceeds the maximum size"
        ));
        assert!(!is_context_overflow(400, "invalid_request_error", "bad"));
    }

    #[test]
    fn an_overflow_inside_an_answer_counts() {
        assert!(is_context_overflow(200, "context_length_exceeded", "too long"));
    }

    #[test]
    fn limits_on_rates_are_no_overflow() {
        let cases = [
            (
                429,
                "Too many tokens per minute; the maximum context length of your tier is reached",
            ),
            (
                429,
                "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000",
            ),
            (400, "Too many tokens per day: exceeds the context length quota"),
            (400, "Throttled: maximum context length tokens per minute exceeded"),
            (
                413,
                "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 9000, reduce the length of the messages",
            ),
            (503, "too many tokens, please try again later"),
        ];
        for (status, message) in cases {
            assert!(!is_context_overflow(status, "", message), "{message}");
        }
    }

    #[test]
    fn other_errors_are_no_overflow() {
        let messages = [
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            "The model `gpt-5.2-proo` does not exist",
            "Invalid 'messages[3]'. Content blocks are expected to be either text or image_url type.",
            "",
        ];
        for message in messages {
            assert!(!is_context_overflow(400, "", message), "{message}");
        }
    }

    #[test]
    fn the_letters_of_a_limit_inside_a_word_are_no_limit() {
        assert!(is_context_overflow(400, "", "httpm: maximum context length is 10"));
    }
}

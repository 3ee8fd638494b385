//! Makes the bytes of the answers: OpenAI's chat completions, whole and as server-sent events.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// What a chunk's JSON comes to in bytes. The provider pads each with `obfuscation` so that the size
/// tells nothing about the text; so does this.
const CHUNK_BYTES: usize = 284;
const PADDING: &str = "k3Vx8QzL0aWmT5rYcN1bHsJ7dGfE9uPo2iXvC4tB6nMqZyRwKjUhSgAeDlFp";
const WORDS: [&str; 16] = [
    " the",
    " quick",
    " brown",
    " fox",
    " jumps",
    " over",
    ",",
    " a",
    " lazy",
    " dog",
    ".",
    "\\n",
    " \\u00fcber",
    " caf\u{e9}",
    " \\\"so\\\"",
    " understanding",
];
const COMMON: &str = "\"id\":\"chatcmpl-CQ8fY2mZ\",\"object\":\"chat.completion.chunk\",\
    \"created\":1762000000,\"model\":\"gpt-4o\",\"service_tier\":\"default\",\
    \"system_fingerprint\":\"fp_4c2851f862\"";
const USAGE: &str = "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\
    \"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\
    \"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}";
/// The headers that every answer of the provider carries, so that reading them is part of the cost.
const HEADERS: &str = "date: Sat, 01 Nov 2025 12:00:00 GMT\r\nserver: loopback\r\n\
    openai-organization: benchmark\r\nopenai-processing-ms: 12\r\nopenai-version: 2020-10-01\r\n\
    x-request-id: req_0f9f6c1d2b3a4e5f8091a2b3c4d5e6f7\r\n\
    x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n";

/// The bytes of the burst answers, each made once.
#[derive(Default)]
pub(crate) struct Answers(Mutex<HashMap<usize, Arc<[u8]>>>);

impl Answers {
    /// The whole HTTP response of a stream of `count` deltas, one HTTP chunk for each event.
    pub(crate) fn burst(&self, count: usize) -> Arc<[u8]> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = made.entry(count).or_insert_with(|| {
            let mut out = stream_head();
            opening(&mut out);
            (0..count).for_each(|index| delta(&mut out, index));
            closing(&mut out, count);
            out.into_bytes().into()
        });
        Arc::clone(bytes)
    }
}

/// The status line and headers of a stream.
pub(crate) fn stream_head() -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n{HEADERS}\
         transfer-encoding: chunked\r\n\r\n"
    )
}

/// The event that names the role.
pub(crate) fn opening(out: &mut String) {
    let choice = "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\
        \"logprobs\":null,\"finish_reason\":null}";
    event(
        out,
        &format!("{{{COMMON},\"choices\":[{choice}],\"usage\":null,\"obfuscation\":\"k3Vx8QzL\"}}"),
    );
}

/// The event of one piece of text.
pub(crate) fn delta(out: &mut String, index: usize) {
    let text = WORDS.get(index % WORDS.len()).copied().unwrap_or_default();
    let mut json = format!(
        "{{{COMMON},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":null,\
         \"finish_reason\":null}}],\"usage\":null,\"obfuscation\":\""
    );
    let missing = CHUNK_BYTES.saturating_sub(json.len() + 2).clamp(1, PADDING.len());
    json.push_str(PADDING.get(..missing).unwrap_or_default());
    json.push_str("\"}");
    event(out, &json);
}

/// The events of the finish reason and the usage, `[DONE]`, and the end of the body.
pub(crate) fn closing(out: &mut String, count: usize) {
    let choice = "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}";
    event(
        out,
        &format!("{{{COMMON},\"choices\":[{choice}],\"usage\":null,\"obfuscation\":\"k3\"}}"),
    );
    let total = count + 9;
    event(
        out,
        &format!(
            "{{{COMMON},\"choices\":[],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":{count},\
             \"total_tokens\":{total},{USAGE}}},\"obfuscation\":\"k3Vx\"}}"
        ),
    );
    event(out, "[DONE]");
    out.push_str("0\r\n\r\n");
}

/// The HTTP response of a request that does not stream.
pub(crate) fn whole() -> String {
    let body = format!(
        "{{\"id\":\"chatcmpl-CQ8fY2mZ\",\"object\":\"chat.completion\",\"created\":1762000000,\
         \"model\":\"gpt-4o\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\
         \"content\":\"Hello! How can I help you today?\",\"refusal\":null,\"annotations\":[]}},\"logprobs\":null,\
         \"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":10,\
         \"total_tokens\":19,{USAGE}}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_4c2851f862\"}}"
    );
    response("200 OK", &body)
}

/// The HTTP response of a request that is refused.
pub(crate) fn error(status: &str, message: &str) -> String {
    let quoted = message.replace('\\', "\\\\").replace('"', "\\\"");
    let body = format!("{{\"error\":{{\"message\":\"{quoted}\",\"type\":\"invalid_request_error\"}}}}");
    response(status, &body)
}

fn response(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{HEADERS}content-length: {length}\r\n\r\n{body}")
}

/// One server-sent event as one HTTP chunk.
fn event(out: &mut String, data: &str) {
    let size = "data: ".len() + data.len() + "\n\n".len();
    // Writing to a String cannot fail.
    let _ = write!(out, "{size:x}\r\ndata: {data}\n\n\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Answers, whole};

    /// The payloads of a response's events, checking that each is one HTTP chunk of the stated size.
    fn payloads(response: &str) -> Vec<&str> {
        let (_, mut rest) = response.split_once("\r\n\r\n").unwrap();
        let mut found = Vec::new();
        loop {
            let (size, after) = rest.split_once("\r\n").unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                assert_eq!(after, "\r\n");
                return found;
            }
            let (chunk, after) = after.split_at(size);
            found.push(chunk.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap());
            rest = after.strip_prefix("\r\n").unwrap();
        }
    }

    #[test]
    fn a_burst_is_a_role_the_deltas_a_finish_the_usage_and_done() {
        let bytes = Answers::default().burst(40);
        let text = std::str::from_utf8(&bytes).unwrap();
        let payloads = payloads(text);
        assert_eq!(payloads.len(), 1 + 40 + 3);
        assert!(payloads[0].contains("\"role\":\"assistant\""));
        assert!(payloads[1..41].iter().all(|json| (280..=290).contains(&json.len())));
        assert!(payloads[41].contains("\"finish_reason\":\"stop\""));
        assert!(payloads[42].contains("\"completion_tokens\":40"));
        assert_eq!(payloads[43], "[DONE]");
    }

    #[test]
    fn the_stated_length_of_a_whole_answer_is_its_length() {
        let response = whole();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
    }
}

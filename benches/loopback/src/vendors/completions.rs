//! OpenAI's chat completions.

use super::arguments::{escaped, pieces};
use super::{Arguments, HELLO, Headers, PADDING, TOOL, Vendor};
use crate::events::Events;

/// What a chunk's JSON comes to in bytes.
const CHUNK_BYTES: usize = 284;
const COMMON: &str = "\"id\":\"chatcmpl-CQ8fY2mZ\",\"object\":\"chat.completion.chunk\",\
    \"created\":1762000000,\"model\":\"gpt-4o\",\"service_tier\":\"default\",\
    \"system_fingerprint\":\"fp_4c2851f862\"";
const USAGE: &str = "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\
    \"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\
    \"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}";

pub(super) struct Completions;

impl Vendor for Completions {
    fn headers(&self) -> Headers {
        &[
            ("openai-organization", "benchmark"),
            ("openai-processing-ms", "12"),
            ("openai-version", "2020-10-01"),
            ("x-request-id", "req_0f9f6c1d2b3a4e5f8091a2b3c4d5e6f7"),
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-remaining-requests", "9999"),
        ]
    }

    fn opening(&self, out: &mut Events) {
        chunk(
            out,
            "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
            "null",
        );
    }

    fn delta(&self, out: &mut Events, _: usize, text: &str) {
        chunk(out, &format!("{{\"content\":\"{text}\"}}"), "null");
    }

    fn closing(&self, out: &mut Events, count: usize, _: &str) {
        ending(out, "\"stop\"", count);
    }

    fn call(&self, out: &mut Events, arguments: &Arguments, step: usize) {
        let function = format!("{{\"name\":\"{TOOL}\",\"arguments\":\"\"}}");
        chunk(
            out,
            &format!(
                "{{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{{\"index\":0,\
                 \"id\":\"call_ZJmZuTeo43z20VJ4jhItdJHM\",\"type\":\"function\",\"function\":{function}}}],\
                 \"refusal\":null}}"
            ),
            "null",
        );
        let mut count = 1;
        for piece in pieces(&arguments.json(), step) {
            let piece = escaped(piece);
            let function = format!("{{\"arguments\":\"{piece}\"}}");
            chunk(
                out,
                &format!("{{\"tool_calls\":[{{\"index\":0,\"function\":{function}}}]}}"),
                "null",
            );
            count += 1;
        }
        ending(out, "\"tool_calls\"", count);
    }

    fn whole(&self) -> String {
        format!(
            "{{\"id\":\"chatcmpl-CQ8fY2mZ\",\"object\":\"chat.completion\",\"created\":1762000000,\
             \"model\":\"gpt-4o\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\
             \"content\":\"{HELLO}\",\"refusal\":null,\"annotations\":[]}},\"logprobs\":null,\
             \"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":10,\
             \"total_tokens\":19,{USAGE}}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_4c2851f862\"}}"
        )
    }
}

/// The event of one choice, padded to the size of all.
fn chunk(out: &mut Events, delta: &str, finish: &str) {
    let mut json = format!(
        "{{{COMMON},\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\
         \"finish_reason\":{finish}}}],\"usage\":null,\"obfuscation\":\""
    );
    let missing = CHUNK_BYTES.saturating_sub(json.len() + 2).clamp(1, PADDING.len());
    json.push_str(PADDING.get(..missing).unwrap_or_default());
    json.push_str("\"}");
    out.data(&json);
}

/// The events of the finish reason and the usage, and the mark of the end.
fn ending(out: &mut Events, finish: &str, count: usize) {
    chunk(out, "{}", finish);
    let total = count + 9;
    out.data(&format!(
        "{{{COMMON},\"choices\":[],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":{count},\
         \"total_tokens\":{total},{USAGE}}},\"obfuscation\":\"k3Vx\"}}"
    ));
    out.data("[DONE]");
}

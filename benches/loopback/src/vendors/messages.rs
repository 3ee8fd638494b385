//! Anthropic's messages.

use super::arguments::{escaped, pieces};
use super::{Arguments, HELLO, Headers, TOOL, Vendor};
use crate::events::Events;

const HEAD: &str = "\"model\":\"claude-sonnet-4-20250514\",\"id\":\"msg_01RprQMTVaxMt5KCveLCRfwJ\",\
    \"type\":\"message\",\"role\":\"assistant\"";
const USAGE: &str = "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\
    \"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0}";
/// The server puts up to so many blanks before the last brace of an event, so that its size tells less about its text.
const BLANKS: &str = "               ";

pub(super) struct Messages;

impl Vendor for Messages {
    fn headers(&self) -> Headers {
        &[
            ("anthropic-organization-id", "benchmark"),
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
            ("anthropic-ratelimit-requests-reset", "2025-11-01T12:00:00Z"),
            ("request-id", "req_011CQkYazzo4ofJd3sAhFbXv"),
        ]
    }

    fn opening(&self, out: &mut Events) {
        start(out, "{\"type\":\"text\",\"text\":\"\"}");
        out.named("ping", "{\"type\": \"ping\"}");
    }

    fn delta(&self, out: &mut Events, index: usize, text: &str) {
        delta(out, index, "text_delta", "text", text);
    }

    fn closing(&self, out: &mut Events, count: usize, _: &str) {
        end(out, "end_turn", count);
    }

    fn call(&self, out: &mut Events, arguments: &Arguments, step: usize) {
        start(
            out,
            &format!(
                "{{\"type\":\"tool_use\",\"id\":\"toolu_012gbTrV1LahNLtHdAwDnKPV\",\"name\":\"{TOOL}\",\"input\":{{}}}}"
            ),
        );
        delta(out, 0, "input_json_delta", "partial_json", "");
        let mut count = 1;
        for piece in pieces(&arguments.json(), step) {
            delta(out, count, "input_json_delta", "partial_json", &escaped(piece));
            count += 1;
        }
        end(out, "tool_use", count);
    }

    fn whole(&self) -> String {
        format!(
            "{{{HEAD},\"content\":[{{\"type\":\"text\",\"text\":\"{HELLO}\"}}],\"stop_reason\":\"end_turn\",\
             \"stop_sequence\":null,\"usage\":{{{USAGE},\"output_tokens\":10,\"service_tier\":\"standard\"}}}}"
        )
    }
}

/// The events of the message's and its only block's start.
fn start(out: &mut Events, block: &str) {
    event(
        out,
        5,
        "message_start",
        &format!(
            "\"message\":{{{HEAD},\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\
             \"usage\":{{{USAGE},\"output_tokens\":1,\"service_tier\":\"standard\"}}}}"
        ),
    );
    event(
        out,
        11,
        "content_block_start",
        &format!("\"index\":0,\"content_block\":{block}"),
    );
}

fn delta(out: &mut Events, index: usize, kind: &str, member: &str, text: &str) {
    // Some other number of blanks each time.
    event(
        out,
        index * 7,
        "content_block_delta",
        &format!("\"index\":0,\"delta\":{{\"type\":\"{kind}\",\"{member}\":\"{text}\"}}"),
    );
}

/// The events of the block's and the message's end.
fn end(out: &mut Events, reason: &str, count: usize) {
    event(out, 9, "content_block_stop", "\"index\":0");
    event(
        out,
        14,
        "message_delta",
        &format!(
            "\"delta\":{{\"stop_reason\":\"{reason}\",\"stop_sequence\":null}},\"usage\":{{\"input_tokens\":9,\
             \"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":{count}}}"
        ),
    );
    out.named("message_stop", "{\"type\":\"message_stop\"       }");
}

fn event(out: &mut Events, blanks: usize, name: &str, members: &str) {
    let blanks = BLANKS.get(..blanks % (BLANKS.len() + 1)).unwrap_or_default();
    out.named(name, &format!("{{\"type\":\"{name}\",{members}{blanks}}}"));
}

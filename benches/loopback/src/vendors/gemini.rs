//! Google's generated content.

use super::arguments::{PATH, escaped, pieces};
use super::{Arguments, HELLO, Headers, TOOL, Vendor};
use crate::events::Events;

const TAIL: &str = "\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"N4FfaraYJYDQjrEP1JudsA4\"";

pub(super) struct Gemini;

impl Vendor for Gemini {
    fn headers(&self) -> Headers {
        &[
            ("vary", "Origin, X-Origin, Referer"),
            ("x-xss-protection", "0"),
            ("x-frame-options", "SAMEORIGIN"),
            ("x-content-type-options", "nosniff"),
            ("server-timing", "gfet4t7; dur=412"),
        ]
    }

    fn opening(&self, _: &mut Events) {}

    fn delta(&self, out: &mut Events, index: usize, text: &str) {
        chunk(out, &format!("\"text\": \"{text}\""), "", index + 1);
    }

    fn closing(&self, out: &mut Events, count: usize, _: &str) {
        end(out, count);
    }

    /// The content's characters, and not its JSON, come `step` at a time.
    fn call(&self, out: &mut Events, arguments: &Arguments, step: usize) {
        function(out, &format!("\"name\": \"{TOOL}\","), None, 1);
        function(out, "", Some(&value("path", PATH, "")), 2);
        let mut count = 2;
        for piece in pieces(arguments.content(), step) {
            count += 1;
            function(
                out,
                "",
                Some(&value("content", &escaped(piece), ",\"willContinue\": true")),
                count,
            );
        }
        function(out, "", Some(&value("content", "", "")), count);
        chunk(out, "\"functionCall\": {}", "", count);
        end(out, count);
    }

    fn whole(&self) -> String {
        format!(
            "{{\n  \"candidates\": [\n    {{\n      \"content\": {{\n        \"parts\": [\n          {{\n            \
             \"text\": \"{HELLO}\"\n          }}\n        ],\n        \"role\": \"model\"\n      }},\n      \
             \"finishReason\": \"STOP\",\n      \"index\": 0\n    }}\n  ],\n  \"usageMetadata\": {{\n    \
             \"promptTokenCount\": 9,\n    \"candidatesTokenCount\": 10,\n    \"totalTokenCount\": 19,\n    \
             \"promptTokensDetails\": [\n      {{\n        \"modality\": \"TEXT\",\n        \"tokenCount\": 9\n      \
             }}\n    ],\n    \"serviceTier\": \"standard\"\n  }},\n  \"modelVersion\": \"gemini-2.5-flash\",\n  \
             \"responseId\": \"N4FfaraYJYDQjrEP1JudsA4\"\n}}\n"
        )
    }
}

/// A call that goes on, with or without a piece of its arguments.
fn function(out: &mut Events, name: &str, value: Option<&str>, count: usize) {
    let value = value.map_or_else(String::new, |value| format!("\"partialArgs\": [{value}],"));
    let part = format!("\"functionCall\": {{{name}{value}\"willContinue\": true}}");
    chunk(out, &part, "", count);
}

fn value(name: &str, text: &str, more: &str) -> String {
    format!("{{\"jsonPath\": \"$.{name}\",\"stringValue\": \"{text}\"{more}}}")
}

/// The chunk that says why the answer ended.
fn end(out: &mut Events, count: usize) {
    chunk(out, "\"text\": \"\"", "\"finishReason\": \"STOP\",", count);
}

/// A chunk with one part; each says the tokens so far.
fn chunk(out: &mut Events, part: &str, finish: &str, count: usize) {
    let total = count + 9;
    out.data_with_carriage_returns(&format!(
        "{{\"candidates\": [{{\"content\": {{\"parts\": [{{{part}}}],\"role\": \"model\"}},{finish}\"index\": 0}}],\
         \"usageMetadata\": {{\"promptTokenCount\": 9,\"candidatesTokenCount\": {count},\"totalTokenCount\": {total},\
         \"promptTokensDetails\": [{{\"modality\": \"TEXT\",\"tokenCount\": 9}}],\"serviceTier\": \"standard\"}},{TAIL}}}"
    ));
}

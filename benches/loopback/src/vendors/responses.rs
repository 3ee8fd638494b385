//! OpenAI's responses.

use super::arguments::{escaped, pieces};
use super::{Arguments, HELLO, Headers, TOOL, Vendor, padding};
use crate::events::Events;

const RESPONSE: &str = "resp_09996c2ef8345c4f0169fb7c6ddb80819e98abd0ed25adca8a";
const MESSAGE: &str = "msg_09996c2ef8345c4f0169fb7c6e3c40819ea4f4339a19dfeb17";
const CALL: &str = "fc_09996c2ef8345c4f0169fb7c6e3c40819ea4f4339a19dfeb17";
/// The number of the first delta, after the events that open the stream.
const FIRST: usize = 4;

pub(super) struct Responses;

impl Vendor for Responses {
    fn headers(&self) -> Headers {
        &[
            ("openai-organization", "benchmark"),
            ("openai-processing-ms", "12"),
            ("openai-version", "2020-10-01"),
            ("x-request-id", "req_a329ecff73bf3831e1dd5290a09790b2"),
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-remaining-requests", "9999"),
        ]
    }

    fn opening(&self, out: &mut Events) {
        start(out, &message("in_progress", ""));
        event(
            out,
            "content_part.added",
            &format!("\"content_index\":0,{},\"part\":{}", place(MESSAGE), part("")),
            3,
        );
    }

    fn delta(&self, out: &mut Events, index: usize, text: &str) {
        let padding = padding(text);
        let (name, number) = ("response.output_text.delta", FIRST + index);
        out.named(
            name,
            &format!(
                "{{\"type\":\"{name}\",\"content_index\":0,\"delta\":\"{text}\",\"item_id\":\"{MESSAGE}\",\
                 \"logprobs\":[],\"obfuscation\":\"{padding}\",\"output_index\":0,\"sequence_number\":{number}}}"
            ),
        );
    }

    fn closing(&self, out: &mut Events, count: usize, text: &str) {
        let (place, number) = (place(MESSAGE), FIRST + count);
        event(
            out,
            "output_text.done",
            &format!("\"content_index\":0,{place},\"logprobs\":[],\"text\":\"{text}\""),
            number,
        );
        event(
            out,
            "content_part.done",
            &format!("\"content_index\":0,{place},\"part\":{}", part(text)),
            number + 1,
        );
        end(out, &message("completed", text), count, number + 2);
    }

    fn call(&self, out: &mut Events, arguments: &Arguments, step: usize) {
        let json = arguments.json();
        start(out, &call("in_progress", ""));
        let (name, place) = ("function_call_arguments.delta", place(CALL));
        let mut number = FIRST - 1;
        for piece in pieces(&json, step) {
            let padding = padding(piece);
            let piece = escaped(piece);
            let members = format!("\"delta\":\"{piece}\",{place},\"obfuscation\":\"{padding}\"");
            event(out, name, &members, number);
            number += 1;
        }
        let json = escaped(&json);
        event(
            out,
            "function_call_arguments.done",
            &format!("\"arguments\":\"{json}\",{place}"),
            number,
        );
        end(out, &call("completed", &json), number, number + 1);
    }

    fn whole(&self) -> String {
        response("completed", &message("completed", HELLO), &usage(10))
    }
}

/// The events of the response's and its only item's start.
fn start(out: &mut Events, item: &str) {
    let begun = format!("\"response\":{}", response("in_progress", "", "null"));
    event(out, "created", &begun, 0);
    event(out, "in_progress", &begun, 1);
    event(
        out,
        "output_item.added",
        &format!("\"item\":{item},\"output_index\":0"),
        2,
    );
}

/// The events of the item's and the response's end; `number` is the first one's.
fn end(out: &mut Events, item: &str, tokens: usize, number: usize) {
    event(
        out,
        "output_item.done",
        &format!("\"item\":{item},\"output_index\":0"),
        number,
    );
    let response = response("completed", item, &usage(tokens));
    event(out, "completed", &format!("\"response\":{response}"), number + 1);
}

fn event(out: &mut Events, name: &str, members: &str, number: usize) {
    let name = format!("response.{name}");
    out.named(
        &name,
        &format!("{{\"type\":\"{name}\",{members},\"sequence_number\":{number}}}"),
    );
}

fn place(item: &str) -> String {
    format!("\"item_id\":\"{item}\",\"output_index\":0")
}

fn part(text: &str) -> String {
    format!("{{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"{text}\"}}")
}

fn message(status: &str, text: &str) -> String {
    let content = if status == "completed" {
        part(text)
    } else {
        String::new()
    };
    format!(
        "{{\"id\":\"{MESSAGE}\",\"type\":\"message\",\"status\":\"{status}\",\"content\":[{content}],\
         \"role\":\"assistant\"}}"
    )
}

fn call(status: &str, arguments: &str) -> String {
    format!(
        "{{\"id\":\"{CALL}\",\"type\":\"function_call\",\"status\":\"{status}\",\"arguments\":\"{arguments}\",\
         \"call_id\":\"call_ZJmZuTeo43z20VJ4jhItdJHM\",\"name\":\"{TOOL}\"}}"
    )
}

fn usage(tokens: usize) -> String {
    let total = tokens + 9;
    format!(
        "{{\"input_tokens\":9,\"input_tokens_details\":{{\"cached_tokens\":0}},\"output_tokens\":{tokens},\
         \"output_tokens_details\":{{\"reasoning_tokens\":0}},\"total_tokens\":{total}}}"
    )
}

fn response(status: &str, output: &str, usage: &str) -> String {
    let completed = if status == "completed" { "1762000003" } else { "null" };
    format!(
        "{{\"id\":\"{RESPONSE}\",\"object\":\"response\",\"created_at\":1762000000,\"status\":\"{status}\",\
         \"background\":false,\"completed_at\":{completed},\"error\":null,\"frequency_penalty\":0.0,\
         \"incomplete_details\":null,\"instructions\":null,\"max_output_tokens\":null,\"max_tool_calls\":null,\
         \"model\":\"gpt-5-2025-08-07\",\"output\":[{output}],\"parallel_tool_calls\":true,\"presence_penalty\":0.0,\
         \"previous_response_id\":null,\"prompt_cache_key\":null,\"prompt_cache_retention\":\"in_memory\",\
         \"reasoning\":{{\"effort\":\"none\",\"summary\":null}},\"safety_identifier\":null,\
         \"service_tier\":\"default\",\"store\":false,\"temperature\":1.0,\"text\":{{\"format\":{{\"type\":\"text\"}},\
         \"verbosity\":\"medium\"}},\"tool_choice\":\"auto\",\"tools\":[],\"top_logprobs\":0,\"top_p\":0.98,\
         \"truncation\":\"disabled\",\"usage\":{usage},\"user\":null,\"metadata\":{{}}}}"
    )
}

//! What each protocol sends, event by event: an answer begins, text or a call begins, and more of it comes.

/// The events of one protocol. `text` and `arguments` bring eight bytes and come again and again.
#[derive(Clone, Copy)]
pub(crate) struct Protocol {
    pub(crate) api: &'static str,
    pub(crate) begin: &'static str,
    pub(crate) text_begins: &'static str,
    pub(crate) text: &'static str,
    pub(crate) call_begins: &'static str,
    pub(crate) arguments: &'static str,
}

macro_rules! data {
    ($($json:literal)*) => {
        concat!($("data: ", $json, "\n\n"),*)
    };
}

pub(crate) const PROTOCOLS: [Protocol; 4] = [
    Protocol {
        api: "openai-completions",
        begin: data!(r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#),
        text_begins: data!(r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"It was "}}]}"#),
        text: data!(r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"content":" a word."}}]}"#),
        call_begins: data!(
            r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\""}}]}}]}"#
        ),
        arguments: data!(
            r#"{"id":"a","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"aaaaaaaa"}}]}}]}"#
        ),
    },
    Protocol {
        api: "openai-responses",
        begin: data!(
            r#"{"type":"response.created","response":{"id":"a","model":"m","status":"in_progress","output":[]}}"#
        ),
        text_begins: data!(
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"i","role":"assistant","status":"in_progress","content":[]}}"#
            r#"{"type":"response.content_part.added","output_index":0,"item_id":"i","content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"#
        ),
        text: data!(
            r#"{"type":"response.output_text.delta","output_index":0,"item_id":"i","content_index":0,"delta":" a word."}"#
        ),
        call_begins: data!(
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"i","call_id":"c","name":"f","arguments":""}}"#
            r#"{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"i","delta":"{\"a\":\""}"#
        ),
        arguments: data!(
            r#"{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"i","delta":"aaaaaaaa"}"#
        ),
    },
    Protocol {
        api: "anthropic-messages",
        begin: data!(
            r#"{"type":"message_start","message":{"id":"a","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#
        ),
        text_begins: data!(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#),
        text: data!(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" a word."}}"#),
        call_begins: data!(
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\""}}"#
        ),
        arguments: data!(
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"aaaaaaaa"}}"#
        ),
    },
    Protocol {
        api: "google-generative-ai",
        begin: data!(
            r#"{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":""}]}}],"modelVersion":"m"}"#
        ),
        text_begins: data!(
            r#"{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"It was "}]}}],"modelVersion":"m"}"#
        ),
        text: data!(
            r#"{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":" a word."}]}}],"modelVersion":"m"}"#
        ),
        call_begins: data!(
            r#"{"candidates":[{"index":0,"content":{"role":"model","parts":[{"functionCall":{"id":"c","name":"f","willContinue":true}}]}}],"modelVersion":"m"}"#
        ),
        arguments: data!(
            r#"{"candidates":[{"index":0,"content":{"role":"model","parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"aaaaaaaa","willContinue":true}],"willContinue":true}}]}}],"modelVersion":"m"}"#
        ),
    },
];

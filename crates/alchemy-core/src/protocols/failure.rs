//! What went wrong, from the many shapes in which servers say so.

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::head::Head;
use crate::rate_limits::{RateLimits, retry_after};
use crate::types::AssistantMessage;

/// The most of an error body that is kept.
const BODY_LIMIT: usize = 64 * 1024;
/// The most of a vendor's message that stands in ours.
const MESSAGE_LIMIT: usize = 500;

/// A vendor's own account of a failure.
#[derive(Debug, Default, PartialEq)]
pub struct Failure {
    /// The vendor's message.
    pub message: String,
    /// The vendor's code or type.
    pub code: String,
    /// Its type, where it has one.
    pub kind: String,
    /// Seconds to wait, where the body says so.
    pub retry_after: Option<f64>,
    /// The vendor's id of the exchange, where the body says it.
    pub request_id: Option<String>,
}

impl Failure {
    /// Reads an error value: `{"message", "code", "type"}` or a text, wrapped in `error` or not.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        let inner = match value {
            Value::Array(list) => list.first().unwrap_or(value),
            _ => value,
        };
        let inner = inner.get("error").filter(|error| !error.is_null()).unwrap_or(inner);
        let text = |from: &Value, keys: &[&str]| {
            keys.iter().find_map(|key| match from.get(*key)? {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        if let Value::String(message) = inner {
            return Failure {
                message: message.clone(),
                code: text(value, &["code", "type"]).unwrap_or_default(),
                ..Failure::default()
            };
        }
        let mut message = text(inner, &["message", "detail", "msg", "error_message", "title"])
            .or_else(|| text(value, &["message", "detail", "msg"]))
            .or_else(|| inner.get("detail").map(Value::to_string))
            .unwrap_or_else(|| inner.to_string());
        // OpenRouter puts the words of the vendor behind it into the metadata, as text.
        if let Some(raw) = inner.get("metadata").and_then(|metadata| text(metadata, &["raw"])) {
            message = format!("{message}: {raw}");
        }
        let code = text(inner, &["code", "type", "status"])
            .or_else(|| text(value, &["code", "type"]))
            .unwrap_or_default();
        Failure {
            message,
            code,
            kind: text(inner, &["type"]).unwrap_or_default(),
            retry_after: retry_delay(inner),
            // Anthropic repeats its header here. <https://platform.claude.com/docs/en/api/errors> (2026-11)
            request_id: text(value, &["request_id"]),
        }
    }
}

impl Failure {
    /// Whether there is no money left: waiting does not bring it back, whatever the status says.
    fn is_spent(&self) -> bool {
        SPENT.contains(&self.code.as_str()) || SPENT.contains(&self.kind.as_str())
    }

    /// The HTTP status that the failure has, or would have before the answer began.
    fn status(&self) -> Option<u16> {
        let number = self.code.parse().ok().filter(|status| (400..600).contains(status));
        number.or_else(|| {
            let word = |told: &str| STATUS_WORDS.iter().find(|(word, _)| *word == told);
            let (_, status) = word(&self.code).or_else(|| word(&self.kind))?;
            Some(*status)
        })
    }
}

/// What vendors call an account that has run dry: OpenAI's type and its codes, and Moonshot's type.
/// <https://developers.openai.com/api/docs/guides/error-codes>,
/// <https://platform.moonshot.ai/docs/api/chat#error-codes> (2026-11)
const SPENT: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "project_spend_limit_exceeded",
    "billing_hard_limit_reached",
    "exceeded_current_quota_error",
];

/// The words by which OpenAI's protocols tell a failure inside an answer, and the status that each stands for.
/// <https://openrouter.ai/docs/api/reference/responses/error-handling>,
/// <https://developers.openai.com/api/docs/guides/error-codes>, <https://github.com/openai/openai-python/pull/3803>,
/// <https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/sse/responses.rs> (2026-11)
const STATUS_WORDS: &[(&str, u16)] = &[
    ("invalid_prompt", 400),
    ("invalid_request_error", 400),
    ("rate_limit_exceeded", 429),
    ("insufficient_quota", 429),
    ("slow_down", 429),
    ("server_error", 500),
    ("server_is_overloaded", 503),
    ("service_unavailable_error", 503),
];

/// Google's wait, `{"retryDelay": "34.4s"}` among the details of an error.
/// <https://cloud.google.com/apis/design/errors#error_details> (2026-11)
fn retry_delay(error: &Value) -> Option<f64> {
    let details = error.get("details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    delay
        .strip_suffix('s')?
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Says where an answer came from, for errors about it.
fn placed(kind: ErrorKind, message: &AssistantMessage, what: &str) -> Error {
    let provider = message.provider.as_deref().unwrap_or("custom");
    let model = message.model.as_deref().unwrap_or_default();
    Error {
        provider: Some(provider.to_owned()),
        model: Some(model.to_owned()),
        request_id: message.request_id.clone(),
        ..Error::new(kind, format!("{provider}: {model}: {}", one_line(what)))
    }
}

/// The answer is cut, malformed, or tells of a failure.
#[must_use]
pub fn response_error(message: &AssistantMessage, what: &str) -> Error {
    placed(ErrorKind::ResponseError, message, what)
}

/// The same error with the body that it was found in, unless it has one.
#[must_use]
pub fn with_body(mut error: Error, body: &str) -> Error {
    error.body.get_or_insert_with(|| cut(body, BODY_LIMIT).to_owned());
    error
}

/// A failure told inside an answer that began well.
#[must_use]
pub fn inner_error(message: &AssistantMessage, body: &str) -> Error {
    let value = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    let failure = Failure::read(&value);
    let mut error = response_error(message, &format!("the provider reported an error: {}", failure.message));
    error.status = failure.status();
    error.retry_after = failure.retry_after;
    error.permanent = failure.is_spent();
    error.body = Some(cut(body, BODY_LIMIT).to_owned());
    error.request_id = error.request_id.or(failure.request_id);
    error
}

/// The error that an HTTP answer other than a success stands for.
#[must_use]
pub fn status_error(message: &AssistantMessage, head: &Head, body: &str) -> Error {
    let status = head.status.as_u16();
    let header = |name: &str| head.headers.text(name);
    let trimmed = body.trim();
    let failure = match serde_json::from_str::<Value>(trimmed) {
        Ok(value) => Failure::read(&value),
        Err(_) if trimmed.is_empty() => Failure {
            message: "no message".to_owned(),
            ..Failure::default()
        },
        Err(_) => Failure {
            message: plain_text(trimmed),
            ..Failure::default()
        },
    };
    let mut kind = ErrorKind::of_status(status);
    let mut what = format!("{status}{}: {}", reason_phrase(status), failure.message);
    if status != 304 && (300..400).contains(&status) {
        let target = redirected_to(header("location"));
        what = format!("{status} redirect to {target} not followed; set base_url to the address meant");
    } else if crate::overflow::is_context_overflow(status, &failure.code, &failure.message) {
        kind = ErrorKind::ContextOverflowError;
    }
    // OpenAI's and Anthropic's servers say by this header whether another try makes sense, and their clients obey.
    let should_retry = header("x-should-retry").and_then(|told| told.parse().ok());
    let spent = || (kind == ErrorKind::RateLimitError).then(|| RateLimits::read(&head.headers).wait());
    Error {
        status: Some(status),
        request_id: head.request_id().map(str::to_owned).or(failure.request_id.clone()),
        body: Some(cut(body, BODY_LIMIT).to_owned()),
        retry_after: retry_after(&head.headers)
            .or(failure.retry_after)
            .or_else(|| spent().flatten()),
        permanent: failure.is_spent() && should_retry != Some(true),
        should_retry,
        ..placed(kind, message, &what)
    }
}

/// Where a redirect leads, by the host alone: the rest of an address may hold what is secret.
fn redirected_to(location: Option<&str>) -> String {
    const HERE: &str = "here.invalid";
    let base = url::Url::parse(&format!("https://{HERE}")).ok();
    let target = location.and_then(|location| base?.join(location).ok());
    match target.as_ref().and_then(url::Url::host_str) {
        Some(HERE) => "another path of the same server".to_owned(),
        Some(host) => host.to_owned(),
        None => "another address".to_owned(),
    }
}

/// The words for a status, behind a space; nothing for those that no standard knows, such as 529.
fn reason_phrase(status: u16) -> String {
    let known = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    known.map(|words| format!(" {words}")).unwrap_or_default()
}

/// The text of an HTML page, tags taken out.
fn plain_text(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    if text.trim().is_empty() {
        "no message".to_owned()
    } else {
        text
    }
}

/// A text as one line of bounded length. Control characters, which a terminal would obey, count as spaces.
fn one_line(text: &str) -> String {
    let parts = |character: char| character.is_whitespace() || character.is_control();
    let words: Vec<&str> = text.split(parts).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match cut(&line, MESSAGE_LIMIT) {
        whole if whole.len() == line.len() => line,
        start => format!("{start}..."),
    }
}

/// The start of a text, at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String) {
        let failure = Failure::read(&serde_json::from_str(text).unwrap());
        (failure.message, failure.code)
    }

    fn failure(message: &str, code: &str) -> (String, String) {
        (message.to_owned(), code.to_owned())
    }

    #[test]
    fn the_vendors_message_is_found_in_every_shape() {
        assert_eq!(
            read(r#"{"error":{"message":"no","type":"t","code":null}}"#),
            failure("no", "t")
        );
        assert_eq!(read(r#"{"error":"no","code":5}"#), failure("no", "5"));
        assert_eq!(read(r#"{"message":"no"}"#), failure("no", ""));
        assert_eq!(read(r#"{"detail":[{"loc":"x"}]}"#), failure(r#"[{"loc":"x"}]"#, ""));
        assert_eq!(read(r#"[{"error":{"message":"no","code":404}}]"#), failure("no", "404"));
    }

    fn error(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let head = Head::recorded(status, &headers).unwrap();
        status_error(&AssistantMessage::default(), &head, body)
    }

    #[test]
    fn a_page_of_html_becomes_its_text_in_one_line() {
        let error = error(502, &[], "<html><body>\n<h1>Bad   gateway</h1></body></html>");
        assert_eq!(error.message, "custom: : 502 Bad Gateway: Bad gateway");
        assert_eq!(error.kind, ErrorKind::ServerError);
    }

    #[test]
    fn a_status_of_the_vendors_own_has_its_words_alone() {
        let body =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
        let error = error(529, &[], body);
        assert_eq!(error.message, "custom: : 529: Overloaded");
        assert_eq!(error.request_id.as_deref(), Some("req_1"));
    }

    #[test]
    fn the_wait_is_read_in_both_units() {
        assert_eq!(error(429, &[("retry-after", "2")], "").retry_after, Some(2.0));
        assert_eq!(
            error(429, &[("retry-after-ms", "1500"), ("retry-after", "2")], "").retry_after,
            Some(1.5)
        );
        assert_eq!(error(429, &[("retry-after", "soon")], "").retry_after, None);
    }

    #[test]
    fn the_wait_of_a_rate_limit_is_that_of_the_limit_that_is_used_up() {
        let spent = [
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        assert_eq!(error(429, &spent, "").retry_after, Some(360.0));
        assert_eq!(error(500, &spent, "").retry_after, None);
        let both = [spent[0], spent[1], ("retry-after", "3")];
        assert_eq!(error(429, &both, "").retry_after, Some(3.0));
    }

    #[test]
    fn the_server_may_say_whether_another_try_makes_sense() {
        assert_eq!(error(400, &[("x-should-retry", "true")], "").should_retry, Some(true));
        assert_eq!(error(500, &[("x-should-retry", "false")], "").should_retry, Some(false));
        assert_eq!(error(500, &[("x-should-retry", "maybe")], "").should_retry, None);
        assert_eq!(error(500, &[], "").should_retry, None);
    }

    #[test]
    fn an_account_without_money_is_no_matter_of_time() {
        for body in [
            r#"{"error":{"message":"no","type":"insufficient_quota","code":"project_spend_limit_exceeded"}}"#,
            r#"{"error":{"message":"no","type":"insufficient_quota","code":"new_word"}}"#,
            r#"{"error":{"message":"no","code":"insufficient_quota"}}"#,
            r#"{"error":{"message":"no","type":"exceeded_current_quota_error"}}"#,
        ] {
            assert!(error(429, &[], body).is_permanent(), "{body}");
            assert!(inner_error(&AssistantMessage::default(), body).is_permanent(), "{body}");
            assert!(
                !error(429, &[("x-should-retry", "true")], body).is_permanent(),
                "{body}"
            );
        }
        let limit = r#"{"error":{"message":"no","type":"tokens","code":"rate_limit_exceeded"}}"#;
        assert!(!error(429, &[], limit).is_permanent());
    }

    #[test]
    fn a_failure_inside_an_answer_has_the_status_that_its_word_stands_for() {
        for (body, status) in [
            (r#"{"error":{"message":"no","code":"rate_limit_exceeded"}}"#, Some(429)),
            (
                r#"{"code":"server_error","message":"no","param":null,"type":"error"}"#,
                Some(500),
            ),
            (
                r#"{"error":{"message":"no","type":"server_error","code":null}}"#,
                Some(500),
            ),
            (
                r#"{"error":{"message":"no","code":503,"status":"UNAVAILABLE"}}"#,
                Some(503),
            ),
            (r#"{"error":{"message":"no","code":200}}"#, None),
            (r#"{"error":{"message":"no","code":"vector_store_timeout"}}"#, None),
        ] {
            assert_eq!(inner_error(&AssistantMessage::default(), body).status, status, "{body}");
        }
    }

    #[test]
    fn the_wait_is_read_from_googles_details_unless_a_header_says_it() {
        let body = r#"{"error":{"code":429,"message":"no","details":[{"quotaId":"x"},{"retryDelay":"34.4s"}]}}"#;
        assert_eq!(error(429, &[], body).retry_after, Some(34.4));
        assert_eq!(error(429, &[("retry-after", "2")], body).retry_after, Some(2.0));
        for odd in ["\"soon\"", "\"-1s\"", "3", "\"infs\""] {
            let body = format!(r#"{{"error":{{"message":"no","details":[{{"retryDelay":{odd}}}]}}}}"#);
            assert_eq!(error(429, &[], &body).retry_after, None, "{odd}");
        }
    }

    #[test]
    fn a_redirect_names_the_host_alone() {
        for (location, named) in [
            ("//user:secret@elsewhere.example/secret", "to elsewhere.example not"),
            ("/secret?key=secret", "to another path of the same server not"),
            ("secret", "to another path of the same server not"),
            ("mailto:secret", "to another address not"),
            ("http://", "to another address not"),
        ] {
            let error = error(307, &[("location", location)], "");
            assert!(
                error.message.contains(named) && !error.message.contains("secret"),
                "{error}"
            );
        }
        let error = error(302, &[("location", "https://elsewhere.example/x?key=secret")], "");
        assert!(error.message.contains("elsewhere.example") && !error.message.contains("secret"));
        assert_eq!(error.kind, ErrorKind::ResponseError);
    }
}

//! What went wrong, from the many shapes in which servers say so.

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::types::{AssistantMessage, Response};

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
            retry_after: retry_delay(inner),
            // Anthropic repeats its header here. <https://platform.claude.com/docs/en/api/errors> (2026-11)
            request_id: text(value, &["request_id"]),
        }
    }
}

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
    error.status = failure.code.parse().ok().filter(|status| (400..600).contains(status));
    error.body = Some(cut(body, BODY_LIMIT).to_owned());
    error.request_id = error.request_id.or(failure.request_id);
    error
}

/// The error that an HTTP answer other than a success stands for.
#[must_use]
pub fn status_error(message: &AssistantMessage, head: &Response, body: &str) -> Error {
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
    let mut kind = ErrorKind::of_status(head.status);
    let mut what = format!("{}{}: {}", head.status, reason_phrase(head.status), failure.message);
    if (300..400).contains(&head.status) {
        let target = redirected_to(head.headers.get("location").map(String::as_str));
        what = format!(
            "{} redirect to {target} not followed; set base_url to the address meant",
            head.status
        );
    } else if crate::overflow::is_context_overflow(head.status, &failure.code, &failure.message) {
        kind = ErrorKind::ContextOverflowError;
    }
    Error {
        status: Some(head.status),
        request_id: head.request_id.clone().or(failure.request_id),
        body: Some(cut(body, BODY_LIMIT).to_owned()),
        retry_after: retry_after(head).or(failure.retry_after),
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

/// Seconds to wait, from `retry-after-ms` or `retry-after` in seconds.
fn retry_after(head: &Response) -> Option<f64> {
    let number = |name: &str| {
        head.headers
            .get(name)?
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite() && *n >= 0.0)
    };
    number("retry-after-ms")
        .map(|milliseconds| milliseconds / 1000.0)
        .or_else(|| number("retry-after"))
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
        status_error(
            &AssistantMessage::default(),
            &Response {
                status,
                headers,
                request_id: None,
            },
            body,
        )
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

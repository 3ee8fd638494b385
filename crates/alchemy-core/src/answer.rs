//! The bytes of one HTTP answer to events: framing, decoding and assembling in one place.

use std::sync::Arc;

use crate::assembler::Assembler;
use crate::error::{Error, ErrorKind, Result};
use crate::framing::json_array::JsonArrayFramer;
use crate::framing::sse::SseFramer;
use crate::framing::{EVENT_LIMIT, Framer, over_limit};
use crate::head::Head;
use crate::protocols::failure::{response_error, status_error, with_body};
use crate::protocols::{Decode, Flow};
use crate::rate_limits::{RateLimits, retry_after};
use crate::secrets::Secrets;
use crate::types::{AssistantMessage, Attempt, Event, Model, Notice, Response, StopReason};

/// The most of an error's body that is read.
const ERROR_LIMIT: usize = 1024 * 1024;

/// The byte-order mark in UTF-8, which an answer may begin with.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// How many times the bytes of an event may come without one: comments and blank lines without end are no answer, and
/// cost little to send where they are compressed.
const QUIET_EVENTS: usize = 2;

/// Turns the bytes of an answer into events, at any split of the bytes.
///
/// What the bytes are is told by the bytes: servers send JSON errors labelled as streams, and
/// streams to requests that asked for none.
///
/// What each event touches comes first and in a row, since it has to be fetched from memory.
#[repr(C)]
pub struct Answer {
    /// Bytes since the last event.
    quiet: usize,
    /// The most bytes that one event may have, or the whole of a body.
    limit: usize,
    flow: Flow,
    trailing: bool,
    /// Whether bytes of a success have come.
    fed: bool,
    /// The body's form, where it is none that can be read.
    encoding: Option<Box<str>>,
    decoder: Box<dyn Decode>,
    form: Form,
    assembler: Assembler,
    head: Option<Head>,
    secrets: Secrets,
}

enum Form {
    /// Nothing but white space has come.
    Unknown(Vec<u8>),
    Stream(Framer),
    Body(Vec<u8>),
    /// The body of an answer that is not a success.
    Failure(Vec<u8>),
}

impl Answer {
    /// An answer to a request to `model`, which gave `notices`.
    #[must_use]
    pub fn new(model: &Model, decoder: Box<dyn Decode>, notices: Vec<Notice>) -> Self {
        let message = AssistantMessage {
            api: Some(model.api.clone()),
            provider: Some(model.provider.clone()),
            model: Some(model.id.clone()),
            notices,
            ..AssistantMessage::default()
        };
        Answer {
            quiet: 0,
            limit: EVENT_LIMIT,
            flow: Flow::More,
            trailing: false,
            fed: false,
            encoding: None,
            decoder,
            form: Form::Unknown(Vec::new()),
            assembler: Assembler::new(message),
            head: None,
            secrets: Secrets::default(),
        }
    }

    /// Sets the most bytes that one event may have, or the whole of an answer that is not streamed.
    pub fn limit_event(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Names a key of the request, or a header's value with one, which some servers repeat in their errors.
    pub fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// The head of the answer has come, at this time.
    pub fn begin(&mut self, head: Head, timestamp_ms: Option<i64>) {
        let facts = self.assembler.facts();
        let id = head.request_id().filter(|id| !self.secrets.are_in(id));
        facts.request_id = id.map(str::to_owned);
        facts.timestamp_ms = timestamp_ms;
        if !head.status.is_success() {
            self.form = Form::Failure(Vec::new());
        }
        self.encoding = head.unread_encoding().map(String::into_boxed_str);
        self.head = Some(head);
    }

    /// The request was sent once more, after so many seconds of waiting; so many went by until the head of the answer,
    /// or until it failed without one.
    pub fn attempted(&mut self, waited: f64, duration: f64) {
        let head = self.head.as_ref();
        let mut request_id = head.and_then(Head::request_id).map(str::to_owned);
        if let Some(request_id) = &mut request_id {
            self.secrets.hide(request_id);
        }
        let attempt = Attempt {
            status: head.map(|head| head.status.as_u16()),
            request_id,
            waited,
            duration,
            ..Attempt::default()
        };
        self.assembler.facts().attempts.push(attempt);
    }

    /// Whether an event was made.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.assembler.has_started()
    }

    /// Whether bytes of a success have come.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        self.fed
    }

    /// Goes on with the attempts that another answer has noted.
    pub fn follow(&mut self, former: &mut Answer) {
        self.assembler.facts().attempts = std::mem::take(&mut former.assembler.facts().attempts);
    }

    /// The connection broke, or took too long: an answer that is a failure anyway is that failure, as far as it has come.
    #[must_use]
    pub fn broken(&self, error: Error) -> Error {
        match (&self.form, error.kind) {
            (
                Form::Failure(_),
                ErrorKind::ApiConnectionError
                | ErrorKind::FirstEventTimeoutError
                | ErrorKind::IdleTimeoutError
                | ErrorKind::TotalTimeoutError,
            ) => self.failure(),
            _ => error,
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// A failure that the bytes tell of. [`Answer::fail`] then gives the message so far.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Flow> {
        self.quiet += bytes.len();
        let most_quiet = self.limit.max(EVENT_LIMIT).saturating_mul(QUIET_EVENTS);
        if self.quiet > most_quiet && self.flow == Flow::More {
            let what = format!("more than {} MB came without an event", most_quiet >> 20);
            return Err(response_error(self.message(), &what));
        }
        if let Some(encoding) = &self.encoding {
            return Err(self.unreadable(encoding));
        }
        if let Form::Unknown(start) = &mut self.form {
            self.fed |= !bytes.is_empty();
            // Blank lines may come for minutes: they say nothing, and are not kept.
            let bytes = if start.is_empty() {
                bytes.trim_ascii_start()
            } else {
                bytes
            };
            if start.is_empty()
                && bytes.first() != MARK.first()
                && let Some(form) = sniff(bytes, self.limit)
            {
                self.form = form;
                return self.feed_form(bytes);
            }
            start.extend_from_slice(bytes);
            if let Some(rest) = start.strip_prefix(MARK) {
                *start = [MARK, rest.trim_ascii_start()].concat();
            }
            let Some(form) = sniff(start, self.limit) else {
                return Ok(self.flow);
            };
            let start = std::mem::take(start);
            self.form = form;
            return self.feed_form(&start);
        }
        self.feed_form(bytes)
    }

    fn feed_form(&mut self, bytes: &[u8]) -> Result<Flow> {
        match &mut self.form {
            Form::Stream(framer) => {
                let mut sink = sink(
                    &mut *self.decoder,
                    &mut self.assembler,
                    &mut self.flow,
                    &mut self.trailing,
                );
                let mut quiet = self.quiet;
                let result = framer.feed(bytes, &mut |data| {
                    quiet = 0;
                    sink(data)
                });
                drop(sink);
                self.quiet = quiet;
                self.framed(result)?;
            }
            Form::Body(body) => {
                if body.len() + bytes.len() > self.limit {
                    let what = over_limit("the answer", self.limit);
                    return Err(response_error(self.assembler.message(), &what));
                }
                body.extend_from_slice(bytes);
            }
            Form::Failure(body) => {
                let room = ERROR_LIMIT.saturating_sub(body.len()).min(bytes.len());
                body.extend_from_slice(bytes.get(..room).unwrap_or_default());
                if body.len() == ERROR_LIMIT {
                    return Err(self.failure());
                }
            }
            Form::Unknown(_) => {}
        }
        Ok(self.flow)
    }

    /// Takes the clean end of the body; the last event is then [`Event::Done`].
    ///
    /// # Errors
    /// As [`Answer::feed`], or a body that ended too early.
    pub fn end(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.form, Form::Unknown(Vec::new())) {
            Form::Failure(body) => {
                self.form = Form::Failure(body);
                return Err(self.failure());
            }
            Form::Unknown(_) => {
                let error = response_error(self.assembler.message(), "the answer is empty");
                return Err(with_body(error, ""));
            }
            Form::Body(body) => {
                let text = std::str::from_utf8(&body).map_err(|_| {
                    let error = response_error(self.assembler.message(), "the answer is not UTF-8");
                    with_body(error, &String::from_utf8_lossy(&body))
                })?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                let result = self.decoder.body(text, &mut self.assembler);
                return result
                    .and_then(|()| self.decoder.end(&mut self.assembler))
                    .map_err(|error| with_body(error, text));
            }
            Form::Stream(mut framer) => {
                let mut sink = sink(
                    &mut *self.decoder,
                    &mut self.assembler,
                    &mut self.flow,
                    &mut self.trailing,
                );
                let result = framer.finish(&mut sink);
                drop(sink);
                self.trailing |= framer.has_trailing();
                self.framed(result)?;
            }
        }
        if self.trailing {
            let text = "the server sent events after the end of the answer; they are ignored";
            self.assembler.notice(Notice::new("trailing_events", "response", text));
        }
        self.decoder.end(&mut self.assembler)
    }

    /// The answer failed: the error with the message so far.
    #[must_use]
    pub fn fail(&mut self, error: Error, stop_reason: StopReason) -> Error {
        self.decoder.interrupted(&mut self.assembler);
        let mut error = self.explain(error);
        error.attempts.clone_from(&self.assembler.message().attempts);
        error.partial = Some(Box::new(self.assembler.fail(&error, stop_reason)));
        error
    }

    /// Adds to an error what is known of its answer, hides the keys in it, and notes it with the attempt that it ended.
    #[must_use]
    pub fn explain(&mut self, mut error: Error) -> Error {
        let message = self.assembler.message();
        if error.provider.is_none() {
            // Errors of the connection know no provider.
            error.message = response_error(message, &error.message).message;
        }
        error.provider = error.provider.or_else(|| message.provider.clone());
        error.model = error.model.or_else(|| message.model.clone());
        error.request_id = error.request_id.or_else(|| message.request_id.clone());
        error.status = error
            .status
            .or_else(|| self.head.as_ref().map(|head| head.status.as_u16()));
        if error.retry_after.is_none()
            && !self.assembler.has_started()
            && matches!(error.status, Some(408 | 409 | 429 | 500..=599))
            && let Some(head) = &self.head
        {
            // A failure that is told inside an answer: its head may say how long to wait all the same.
            let by_limits = || RateLimits::read(&head.headers).wait();
            error.retry_after =
                retry_after(&head.headers).or_else(|| (error.status == Some(429)).then(by_limits).flatten());
        }
        let told = [Some(&mut error.message), error.body.as_mut(), error.request_id.as_mut()];
        for text in told.into_iter().flatten() {
            self.secrets.hide(text);
        }
        if let Some(attempt) = self.assembler.facts().attempts.last_mut()
            && attempt.error.is_none()
        {
            attempt.error = Some(error.kind.name().to_owned());
            attempt.reason = Some(error.message.clone());
        }
        error
    }

    /// The events since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.assembler.take_events()
    }

    /// How many events wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.assembler.waiting()
    }

    /// The head of the HTTP answer, once it has come.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The head as data, once it has come, without the keys that a server repeats in it.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        let mut response = self.head.as_ref().map(Head::response)?;
        for text in response.headers.values_mut().chain(&mut response.request_id) {
            self.secrets.hide(text);
        }
        Some(response)
    }

    /// The message so far.
    #[must_use]
    pub fn message(&self) -> &AssistantMessage {
        self.assembler.message()
    }

    /// The message once it is whole.
    #[must_use]
    pub fn whole(&self) -> Option<&Arc<AssistantMessage>> {
        self.assembler.whole()
    }

    /// What the framer says of bytes: nothing that follows the end of the answer is an error.
    fn framed(&mut self, result: Result<()>) -> Result<()> {
        match result {
            // Errors of the decoder know the provider: a failure that is told behind the marker counts.
            Err(error) if self.flow == Flow::Ended || (self.flow == Flow::Ending && error.provider.is_none()) => {
                self.trailing = true;
                self.flow = Flow::Ended;
            }
            Err(error) => return Err(place(error, self.assembler.message())),
            Ok(()) => {}
        }
        Ok(())
    }

    /// The error that a body in a form that was not asked for is; a status that tells of a failure still counts.
    fn unreadable(&self, encoding: &str) -> Error {
        let what = format!("the server sent a body with the content-encoding {encoding:?}, which was not asked for");
        match &self.head {
            Some(head) if !head.status.is_success() => Error {
                body: None,
                ..status_error(self.message(), head, &what)
            },
            _ => Error {
                permanent: true,
                ..response_error(self.message(), &what)
            },
        }
    }

    fn failure(&self) -> Error {
        let Form::Failure(body) = &self.form else {
            return response_error(self.message(), "the answer failed");
        };
        match &self.head {
            Some(head) => status_error(self.message(), head, &String::from_utf8_lossy(body)),
            None => response_error(self.message(), "the answer has no head"),
        }
    }
}

/// Hands events to the decoder; what follows the end of the answer is noted and ignored.
fn sink<'a>(
    decoder: &'a mut dyn Decode,
    assembler: &'a mut Assembler,
    flow: &'a mut Flow,
    trailing: &'a mut bool,
) -> impl FnMut(&str) -> Result<()> + 'a {
    move |data: &str| {
        if *flow == Flow::Ended {
            // `[DONE]` says only that nothing follows.
            *trailing |= !matches!(data.trim(), "" | "[DONE]");
            return Ok(());
        }
        match decoder.event(data, assembler) {
            Ok(next) => *flow = next,
            // The answer is whole: what is no JSON can neither add to it nor tell of a failure.
            Err(_) if *flow == Flow::Ending && !is_json(data) => *trailing = true,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn is_json(data: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok()
}

/// Gives an error of the framer, which knows no provider, its place.
fn place(error: Error, message: &AssistantMessage) -> Error {
    if error.provider.is_some() {
        error
    } else {
        response_error(message, &error.message)
    }
}

/// Tells a stream from a body by its first character; None while there is none.
fn sniff(start: &[u8], limit: usize) -> Option<Form> {
    let text = start.strip_prefix(MARK).unwrap_or(start);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if MARK.starts_with(start) {
        return None;
    }
    Some(match first {
        // A comment, or one of the fields `data`, `event`, `id` and `retry`.
        b':' | b'd' | b'e' | b'i' | b'r' => Form::Stream(Framer::Sse(SseFramer::new(limit))),
        b'[' => Form::Stream(Framer::JsonArray(JsonArrayFramer::new(limit))),
        _ => Form::Body(Vec::new()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols;
    use crate::quirks::Quirks;

    fn answer() -> Answer {
        let model = Model::new("m", "custom");
        let decoder = protocols::decoder(&model, &Quirks::default(), None).unwrap();
        Answer::new(&model, decoder, Vec::new())
    }

    #[test]
    fn blank_lines_before_the_answer_are_not_kept() {
        let mut answer = answer();
        let blank = |answer: &mut Answer| assert_eq!(answer.feed(b" \r\n\n").unwrap(), Flow::More);
        blank(&mut answer);
        assert!(matches!(&answer.form, Form::Unknown(kept) if kept.is_empty()));
        answer.feed(b" \xEF\xBB").unwrap();
        answer.feed(b"\xBF").unwrap();
        blank(&mut answer);
        assert!(matches!(&answer.form, Form::Unknown(kept) if kept == MARK));
        answer
            .feed(b"{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}")
            .unwrap();
        answer.end().unwrap();
        assert_eq!(answer.message().stop_reason, StopReason::Stop);
    }

    #[test]
    fn blank_lines_after_a_mark_are_not_kept_either() {
        let mut answer = answer();
        for _ in 0..3 {
            answer.feed(b"\xEF").unwrap();
            answer.feed(b"\xBB\xBF").unwrap();
            for _ in 0..3 {
                answer.feed(b"  \r\n\n").unwrap();
                assert!(matches!(&answer.form, Form::Unknown(kept) if kept == MARK));
            }
            answer = self::answer();
        }
        answer.feed(b"\xEF\xBB\xBF").unwrap();
        answer.feed(b"\n\n").unwrap();
        answer
            .feed(b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n")
            .unwrap();
        answer.end().unwrap();
    }

    #[test]
    fn a_body_or_an_event_over_the_limit_is_an_error_that_names_the_option() {
        for (start, name) in [
            (
                &b"{\"choices\":"[..],
                "the answer is larger than 1 MB (max_event_bytes)",
            ),
            (
                b"data: {",
                "one event of the stream is larger than 1 MB (max_event_bytes)",
            ),
            (
                b"[{\"a\":\"",
                "one event of the stream is larger than 1 MB (max_event_bytes)",
            ),
        ] {
            let mut answer = answer();
            answer.limit_event(1 << 20);
            answer.feed(start).unwrap();
            let piece = vec![b'1'; 1 << 10];
            let outcome = (0..1025).try_for_each(|_| answer.feed(&piece).map(drop));
            let error = outcome.unwrap_err();
            assert_eq!(error.kind, ErrorKind::ResponseError);
            assert!(error.message.ends_with(name), "{error}");
        }
    }

    #[test]
    fn a_key_is_hidden_where_the_text_was_cut_inside_of_it() {
        let secret = "sk-0123456789abcdef";
        // The message is cut at 500 bytes, the body at 64 KB: each cut falls into a key.
        for (before, limit) in [(470..500, 500), (65_520..65_536, 65_536)] {
            for size in before {
                let mut answer = answer();
                answer.hide(secret);
                let head = Head::recorded(500, &std::collections::BTreeMap::new()).unwrap();
                answer.begin(head, None);
                answer.feed(format!("{}{secret}", "x".repeat(size)).as_bytes()).unwrap();
                let error = answer.end().unwrap_err();
                let error = answer.fail(error, StopReason::Error);
                let texts = [error.message, error.body.unwrap()];
                assert!(
                    !texts.iter().any(|text| text.contains(&secret[..8])),
                    "{size} of {limit}: {texts:?}"
                );
            }
        }
    }

    #[test]
    fn a_failure_whose_body_is_cut_is_that_failure() {
        let mut answer = answer();
        answer.begin(Head::recorded(503, &Default::default()).unwrap(), None);
        answer.feed(b"{\"error\":{\"mess").unwrap();
        let broken = Error::new(ErrorKind::ApiConnectionError, "broken");
        assert_eq!(answer.broken(broken.clone()).kind, ErrorKind::OverloadedError);
        let late = Error::new(ErrorKind::FirstEventTimeoutError, "");
        assert_eq!(answer.broken(late).kind, ErrorKind::OverloadedError);
        let aborted = Error::new(ErrorKind::AbortedError, "");
        assert_eq!(answer.broken(aborted).kind, ErrorKind::AbortedError);
        assert_eq!(self::answer().broken(broken).kind, ErrorKind::ApiConnectionError);
    }

    #[test]
    fn what_follows_the_end_of_the_answer_is_noted_whatever_it_is() {
        let mut answer = answer();
        let bytes = b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\ndata: \xff\n\n";
        assert_eq!(answer.feed(bytes).unwrap(), Flow::Ended);
        answer.end().unwrap();
        assert!(
            answer
                .message()
                .notices
                .iter()
                .any(|notice| notice.code == "trailing_events")
        );
    }
}

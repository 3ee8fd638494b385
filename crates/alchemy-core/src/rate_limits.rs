//! What the head of an answer says about a provider's limits, and how long to wait.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};

use crate::headers::Headers;

/// One limit: how much it is, what is left of it, and when it is whole again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// How much may be used in the provider's period, which is a minute for most.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// Seconds until it is whole again.
    pub reset: Option<f64>,
}

/// The limits that an answer tells of. What it does not name is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RateLimits {
    /// Requests.
    pub requests: Allowance,
    /// Tokens, in and out.
    pub tokens: Allowance,
    /// Tokens in, where they have a limit of their own.
    pub input_tokens: Allowance,
    /// Tokens out, where they have a limit of their own.
    pub output_tokens: Allowance,
}

/// The names of the headers for one limit: limit, remaining, reset.
type Names = [&'static str; 3];

/// OpenAI's, which Groq, Azure and others send too: what is left of a limit, and durations such as `1s`, `6m0s` and
/// `2m59.56s`, or plain seconds. <https://developers.openai.com/api/docs/guides/rate-limits#rate-limits-in-headers>,
/// <https://console.groq.com/docs/rate-limits#rate-limit-headers> (2026-11)
const OPENAI: [Names; 2] = [
    [
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ],
    [
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    ],
];

/// Anthropic's: times by RFC 3339. <https://platform.claude.com/docs/en/api/rate-limits#response-headers> (2026-11)
const ANTHROPIC: [Names; 4] = [
    [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
];

/// Those that name the minute: Cerebras with seconds, Mistral (`req`) without a reset, and DigitalOcean (`per`) with a
/// time in seconds since 1970, as SambaNova has it too. Limits by the day and the month are left out: nobody waits for
/// those. <https://inference-docs.cerebras.ai/support/rate-limits>,
/// <https://docs.digitalocean.com/products/inference/reference/quota-specific-response-headers/> (2026-11)
const MINUTE: [[Names; 2]; 2] = [
    [
        [
            "x-ratelimit-limit-requests-minute",
            "x-ratelimit-remaining-requests-minute",
            "x-ratelimit-reset-requests-minute",
        ],
        [
            "x-ratelimit-limit-tokens-minute",
            "x-ratelimit-remaining-tokens-minute",
            "x-ratelimit-reset-tokens-minute",
        ],
    ],
    [
        [
            "x-ratelimit-limit-req-minute",
            "x-ratelimit-remaining-req-minute",
            "x-ratelimit-reset-req-minute",
        ],
        [
            "x-ratelimit-limit-tokens-per-minute",
            "x-ratelimit-remaining-tokens-per-minute",
            "x-ratelimit-reset-tokens-per-minute",
        ],
    ],
];

/// From here on a number is no span of time but seconds since 1970, and from there on milliseconds.
const EPOCH_SECONDS: f64 = 1e9;
const EPOCH_MILLISECONDS: f64 = 1e12;

impl RateLimits {
    /// Reads the headers of an answer.
    #[must_use]
    pub fn read(headers: &Headers) -> Self {
        let read = |names: &[Names], index: usize| {
            let names = names.get(index)?;
            let [limit, remaining, reset] = names.map(|name| text(headers, name));
            let count = |text: Option<&str>| text?.parse().ok();
            let allowance = Allowance {
                limit: count(limit),
                remaining: count(remaining),
                reset: reset.and_then(|text| time_left(headers, text)),
            };
            (allowance != Allowance::default()).then_some(allowance)
        };
        let either = |index| {
            let named = || MINUTE.iter().find_map(|names| read(names, index));
            read(&OPENAI, index).or_else(|| read(&ANTHROPIC, index)).or_else(named)
        };
        RateLimits {
            requests: either(0).unwrap_or_default(),
            tokens: either(1).unwrap_or_default(),
            input_tokens: read(&ANTHROPIC, 2).unwrap_or_default(),
            output_tokens: read(&ANTHROPIC, 3).unwrap_or_default(),
        }
    }

    /// Seconds until every limit that is used up is whole again; None if none is.
    #[must_use]
    pub fn wait(&self) -> Option<f64> {
        [self.requests, self.tokens, self.input_tokens, self.output_tokens]
            .into_iter()
            .filter(|allowance| allowance.remaining == Some(0))
            .filter_map(|allowance| allowance.reset)
            .max_by(f64::total_cmp)
    }
}

/// Seconds that a server asks to wait, by `retry-after-ms` or `retry-after`, which is a number of seconds or a date.
#[must_use]
pub fn retry_after(headers: &Headers) -> Option<f64> {
    let milliseconds = text(headers, "retry-after-ms").and_then(seconds);
    milliseconds.map(|milliseconds| milliseconds / 1000.0).or_else(|| {
        let text = text(headers, RETRY_AFTER.as_str())?;
        seconds(text).or_else(|| until(headers, httpdate::parse_http_date(text).ok()?))
    })
}

fn text<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    Some(headers.text(name)?.trim())
}

fn seconds(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// Seconds to a reset, which is a span of time or a moment.
fn time_left(headers: &Headers, text: &str) -> Option<f64> {
    let since_1970 = match duration(text) {
        Some(milliseconds) if milliseconds >= EPOCH_MILLISECONDS => milliseconds / 1000.0,
        Some(seconds) if seconds >= EPOCH_SECONDS => seconds,
        Some(seconds) => return Some(seconds),
        None => return until(headers, instant(text)?),
    };
    let since_1970 = Duration::try_from_secs_f64(since_1970).ok()?;
    until(headers, SystemTime::UNIX_EPOCH.checked_add(since_1970)?)
}

fn instant(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// Seconds to a time by the server's own clock, which this machine's need not agree with; none if it has passed.
fn until(headers: &Headers, time: SystemTime) -> Option<f64> {
    let now = text(headers, DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    let left = time.duration_since(now.unwrap_or_else(SystemTime::now));
    Some(left.unwrap_or(Duration::ZERO).as_secs_f64())
}

/// A duration as Go writes it, such as `1h2m3.5s` or `120ms`, or plain seconds.
fn duration(text: &str) -> Option<f64> {
    const UNITS: &[(&str, f64)] = &[
        ("d", 86_400.0),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 1e-3),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ns", 1e-9),
    ];
    if let Some(number) = seconds(text) {
        return Some(number);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let is_number = |character: char| character.is_ascii_digit() || character == '.';
        let (number, after) = rest.split_at(rest.find(|character| !is_number(character))?);
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += seconds(number)? * length;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        pairs.iter().for_each(|(name, value)| headers.append(name, &[value]));
        headers
    }

    #[test]
    fn durations_are_read_in_every_form() {
        for (text, seconds) in [
            ("1s", 1.0),
            ("6m0s", 360.0),
            ("120ms", 0.12),
            ("2m59.56s", 179.56),
            ("7.66s", 7.66),
            ("1h2m3s", 3723.0),
            ("1d", 86_400.0),
            ("0s", 0.0),
            ("12", 12.0),
            ("0.5", 0.5),
            ("250us", 0.000_25),
        ] {
            let read = duration(text).unwrap();
            assert!((read - seconds).abs() < 1e-9, "{text}: {read}");
        }
        for text in ["", "s", "1", "-1s", "soon", "1x", "1s2", "inf", "1.2.3s", "1m-2s"] {
            assert!(duration(text).is_none_or(|read| text == "1" && read == 1.0), "{text}");
        }
    }

    #[test]
    fn a_wait_is_a_number_or_a_date_and_milliseconds_come_first() {
        for (pairs, expected) in [
            (&[("retry-after", "2")][..], Some(2.0)),
            (&[("retry-after", "1.5")], Some(1.5)),
            (&[("retry-after-ms", "1500"), ("retry-after", "2")], Some(1.5)),
            (&[("retry-after-ms", "soon"), ("retry-after", "2")], Some(2.0)),
            (
                &[
                    ("date", "Wed, 25 Nov 2026 10:00:00 GMT"),
                    ("retry-after", "Wed, 25 Nov 2026 10:00:30 GMT"),
                ],
                Some(30.0),
            ),
            (
                &[
                    ("date", "Wed, 25 Nov 2026 10:00:00 GMT"),
                    ("retry-after", "Wed, 25 Nov 2026 09:00:00 GMT"),
                ],
                Some(0.0),
            ),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "inf")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_date_without_the_servers_own_is_told_by_this_machine() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let wait = retry_after(&headers(&[("retry-after", &soon)])).unwrap();
        assert!((90.0..=100.0).contains(&wait), "{wait}");
    }

    #[test]
    fn the_limits_of_openai_and_groq_are_read() {
        let limits = RateLimits::read(&headers(&[
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "2m59.56s"),
            ("x-ratelimit-limit-tokens", "18000"),
            ("x-ratelimit-remaining-tokens", "17997"),
            ("x-ratelimit-reset-tokens", "7.66s"),
        ]));
        let expected = Allowance {
            limit: Some(14_400),
            remaining: Some(0),
            reset: Some(179.56),
        };
        assert_eq!(limits.requests, expected);
        assert_eq!(limits.tokens.remaining, Some(17_997));
        assert_eq!(limits.wait(), Some(179.56));
    }

    #[test]
    fn the_limits_of_anthropic_are_read() {
        let limits = RateLimits::read(&headers(&[
            ("date", "Wed, 25 Nov 2026 10:00:00 GMT"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-25T10:00:01Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-25T10:00:45Z"),
        ]));
        assert_eq!(limits.requests.limit, Some(50));
        assert_eq!(limits.requests.reset, Some(1.0));
        assert_eq!(limits.wait(), Some(45.0));
    }

    #[test]
    fn limits_that_name_the_minute_are_read_and_those_of_the_day_are_not() {
        let limits = RateLimits::read(&headers(&[
            ("x-ratelimit-limit-requests-day", "1440000"),
            ("x-ratelimit-remaining-requests-day", "0"),
            ("x-ratelimit-reset-requests-day", "3555.4"),
            ("x-ratelimit-limit-tokens-minute", "1000000"),
            ("x-ratelimit-remaining-tokens-minute", "995872"),
            ("x-ratelimit-reset-tokens-minute", "15.25"),
        ]));
        let expected = Allowance {
            limit: Some(1_000_000),
            remaining: Some(995_872),
            reset: Some(15.25),
        };
        assert_eq!((limits.requests, limits.tokens), (Allowance::default(), expected));
    }

    #[test]
    fn moments_are_told_by_the_clock_of_the_server() {
        for (reset, seconds) in [
            ("1709251230", 30.0),
            ("1709251230500", 30.5),
            ("1709251000", 0.0),
            ("2024-03-01T00:00:07.5Z", 7.5),
        ] {
            let limits = RateLimits::read(&headers(&[
                ("date", "Fri, 01 Mar 2024 00:00:00 GMT"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", reset),
            ]));
            assert_eq!(limits.requests.reset, Some(seconds), "{reset}");
        }
        for reset in ["1e300", "soon", "2024-13-01T00:00:00Z"] {
            let read = RateLimits::read(&headers(&[("x-ratelimit-reset-requests", reset)]));
            assert_eq!(read.requests.reset, None, "{reset}");
        }
    }

    #[test]
    fn a_limit_that_is_not_used_up_is_not_waited_for() {
        let left = headers(&[
            ("x-ratelimit-remaining-requests", "1"),
            ("x-ratelimit-reset-requests", "9s"),
        ]);
        assert_eq!(RateLimits::read(&left).wait(), None);
        // Azure sends -1 where it knows nothing.
        let unknown = headers(&[
            ("x-ratelimit-remaining-tokens", "-1"),
            ("x-ratelimit-reset-tokens", "0"),
        ]);
        assert_eq!(RateLimits::read(&unknown).wait(), None);
        assert_eq!(RateLimits::read(&Headers::default()), RateLimits::default());
    }
}

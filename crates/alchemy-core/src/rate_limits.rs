//! What the head of an answer says of the provider's own limits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;

/// What is left of a provider's limits on requests and tokens. What a provider does not say is None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests, of the shortest window that the provider tells of.
    pub requests: RateLimit,
    /// Tokens, of the shortest window that the provider tells of.
    pub tokens: RateLimit,
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// How many there are in all.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// How long it takes until all are there again, from the head on.
    pub reset: Option<Duration>,
}

/// The names of the headers that tell of one limit.
struct Names {
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const fn names(limit: &'static str, remaining: &'static str, reset: &'static str) -> Names {
    Names {
        limit,
        remaining,
        reset,
    }
}

// Who sends what (read 2026-11): OpenAI, Groq, xAI and Azure the first row, with the reset as `6m0s`, `17.755s`,
// `120ms` or plain seconds, <https://platform.openai.com/docs/guides/rate-limits>,
// <https://console.groq.com/docs/rate-limits>; Cerebras and Mistral name the window,
// <https://inference-docs.cerebras.ai/support/rate-limits>; Anthropic gives times of day,
// <https://platform.claude.com/docs/en/api/rate-limits>; SambaNova and DigitalOcean seconds since 1970,
// <https://docs.digitalocean.com/products/inference/reference/quota-specific-response-headers/>. Limits by the day and
// the month are left out: nobody waits for those.
const REQUESTS: &[Names] = &[
    names(
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ),
    names(
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ),
    names(
        "x-ratelimit-limit-requests-minute",
        "x-ratelimit-remaining-requests-minute",
        "x-ratelimit-reset-requests-minute",
    ),
    names(
        "x-ratelimit-limit-req-minute",
        "x-ratelimit-remaining-req-minute",
        "x-ratelimit-reset-req-minute",
    ),
];
const TOKENS: &[Names] = &[
    names(
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    ),
    names(
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ),
    names(
        "x-ratelimit-limit-tokens-minute",
        "x-ratelimit-remaining-tokens-minute",
        "x-ratelimit-reset-tokens-minute",
    ),
    names(
        "x-ratelimit-limit-tokens-per-minute",
        "x-ratelimit-remaining-tokens-per-minute",
        "x-ratelimit-reset-tokens-per-minute",
    ),
];
/// Limits on a part of the tokens, which say something about all of them once nothing is left.
const PARTS: &[Names] = &[
    names(
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ),
    names(
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ),
];

impl RateLimits {
    /// Reads the headers of an answer that has just come.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let first = |rows: &[Names]| {
            let mut told = rows.iter().map(|row| RateLimit::read(headers, row));
            told.find(|limit| limit.remaining.is_some()).unwrap_or_default()
        };
        let mut limits = RateLimits {
            requests: first(REQUESTS),
            tokens: first(TOKENS),
        };
        for part in PARTS.iter().map(|row| RateLimit::read(headers, row)) {
            if part.remaining == Some(0) && (limits.tokens.remaining != Some(0) || part.reset > limits.tokens.reset) {
                limits.tokens = part;
            }
        }
        limits
    }
}

impl RateLimit {
    fn read(headers: &HeaderMap, names: &Names) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        // Azure sends -1 for what it does not know: no number of ours.
        let count = |name: &str| text(name)?.parse().ok();
        RateLimit {
            limit: count(names.limit),
            remaining: count(names.remaining),
            reset: text(names.reset).and_then(|reset| wait(reset, headers)),
        }
    }
}

/// How long it is to a reset: a number of seconds, a span of time such as `6m0s`, or a moment.
fn wait(text: &str, headers: &HeaderMap) -> Option<Duration> {
    /// From here on a number is no span but the seconds since 1970, and from there on the milliseconds.
    const MOMENT: f64 = 1e9;
    const MOMENT_MS: f64 = 1e12;
    let moment = match text.parse::<f64>() {
        Ok(seconds) if seconds >= MOMENT_MS => seconds / 1000.0,
        Ok(seconds) if seconds >= MOMENT => seconds,
        Ok(seconds) => return Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => match span(text) {
            Some(span) => return Some(span),
            None => rfc3339(text)?,
        },
    };
    // The server's own clock is asked where it can be: this machine's may be wrong.
    let date = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
    let now = date.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs_f64()
    });
    Duration::try_from_secs_f64((moment - now).max(0.0)).ok()
}

/// A span of time in the way of Go: `1h2m3.5s`, `120ms`.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|character: char| !character.is_alphabetic());
        let (unit, after) = after.split_at(end.unwrap_or(after.len()));
        let scale = match unit {
            "d" => 86400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty())
}

/// The seconds since 1970 of `2026-08-19T14:34:18.5Z`.
fn rfc3339(text: &str) -> Option<f64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let days = days_since_1970(date.next()??, date.next()??, date.next()??)?;
    let zone = time.rfind(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone);
    let offset = match zone.split_once(':') {
        Some((hours, minutes)) => {
            let minutes = minutes.parse::<f64>().ok()?;
            let hours: f64 = hours.parse().ok()?;
            hours * 3600.0 + minutes.copysign(hours) * 60.0
        }
        None if zone.eq_ignore_ascii_case("z") => 0.0,
        None => return None,
    };
    Some(days + clock_seconds(clock)? - offset)
}

/// The seconds since 1970 of `Wed, 19 Aug 2026 14:35:05 GMT`, the one form of a date in HTTP that is still sent.
fn http_date(text: &str) -> Option<f64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
    let year = parts.next()?.parse().ok()?;
    Some(days_since_1970(year, month, day)? + clock_seconds(parts.next()?)?)
}

/// The seconds of `14:35:05.5`.
fn clock_seconds(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    Some(parts.next()?? * 3600.0 + parts.next()?? * 60.0 + parts.next()??)
}

/// The days from the first of January 1970 to a day of the Gregorian calendar, in seconds.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<f64> {
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that leap years have more; 719468 days before 1970 is March of year 0.
    let year = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day - 1 - 719_468;
    #[expect(clippy::cast_precision_loss, reason = "a few million days")]
    Some(days as f64 * 86400.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn read(headers: &[(&str, &str)]) -> RateLimits {
        let headers = headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        RateLimits::read(&headers.collect())
    }

    fn limit(limit: u64, remaining: u64, reset_ms: u64) -> RateLimit {
        RateLimit {
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some(Duration::from_millis(reset_ms)),
        }
    }

    #[test]
    fn spans_of_time_are_read() {
        let groq = read(&[
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-remaining-requests", "14397"),
            ("x-ratelimit-reset-requests", "2m17.755s"),
            ("x-ratelimit-limit-tokens", "15000"),
            ("x-ratelimit-remaining-tokens", "14631"),
            ("x-ratelimit-reset-tokens", "26ms"),
        ]);
        assert_eq!(groq.requests, limit(14400, 14397, 137_755));
        assert_eq!(groq.tokens, limit(15000, 14631, 26));
    }

    #[test]
    fn plain_seconds_are_read_and_unknown_counts_are_none() {
        let azure = read(&[
            ("x-ratelimit-limit-requests", "50"),
            ("x-ratelimit-remaining-requests", "49"),
            ("x-ratelimit-reset-requests", "1"),
            ("x-ratelimit-limit-tokens", "-1"),
            ("x-ratelimit-remaining-tokens", "-1"),
            ("x-ratelimit-reset-tokens", "0"),
        ]);
        assert_eq!(azure.requests, limit(50, 49, 1000));
        assert_eq!(azure.tokens, RateLimit::default());
    }

    #[test]
    fn the_shortest_window_that_is_named_is_read() {
        let cerebras = read(&[
            ("x-ratelimit-limit-requests-day", "1440000"),
            ("x-ratelimit-remaining-requests-day", "0"),
            ("x-ratelimit-reset-requests-day", "3555.4"),
            ("x-ratelimit-limit-tokens-minute", "1000000"),
            ("x-ratelimit-remaining-tokens-minute", "995872"),
            ("x-ratelimit-reset-tokens-minute", "15.25"),
        ]);
        assert_eq!(cerebras.requests, RateLimit::default());
        assert_eq!(cerebras.tokens, limit(1_000_000, 995_872, 15_250));
    }

    #[test]
    fn moments_are_told_by_the_clock_of_the_server() {
        let anthropic = read(&[
            ("date", "Thu, 21 Aug 2025 12:41:00 GMT"),
            ("anthropic-ratelimit-requests-limit", "1000"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2025-08-21T12:41:07Z"),
            ("anthropic-ratelimit-tokens-limit", "96000"),
            ("anthropic-ratelimit-tokens-remaining", "9000"),
            ("anthropic-ratelimit-tokens-reset", "2025-08-21T12:40:59Z"),
        ]);
        assert_eq!(anthropic.requests, limit(1000, 0, 7000));
        assert_eq!(anthropic.tokens, limit(96000, 9000, 0));
        let date = ("date", "Fri, 01 Mar 2024 00:00:00 GMT");
        for (reset, milliseconds) in [
            ("2024-03-01T02:00:00.5+02:00", 500),
            ("2024-02-29T22:30:10-01:30", 10_000),
            ("1709251230", 30_000),
            ("1709251230500", 30_500),
        ] {
            let told = read(&[
                date,
                ("x-ratelimit-limit-requests", "1"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", reset),
            ]);
            assert_eq!(told.requests, limit(1, 0, milliseconds), "{reset}");
        }
    }

    #[test]
    fn a_part_of_the_tokens_counts_once_it_is_used_up() {
        let base = [
            ("date", "Thu, 21 Aug 2025 12:41:00 GMT"),
            ("anthropic-ratelimit-tokens-limit", "96000"),
            ("anthropic-ratelimit-tokens-remaining", "80000"),
            ("anthropic-ratelimit-tokens-reset", "2025-08-21T12:41:01Z"),
            ("anthropic-ratelimit-output-tokens-limit", "16000"),
            ("anthropic-ratelimit-output-tokens-reset", "2025-08-21T12:41:09Z"),
        ];
        let with = |left| {
            let mut headers = base.to_vec();
            headers.push(("anthropic-ratelimit-output-tokens-remaining", left));
            read(&headers).tokens
        };
        assert_eq!(with("1000"), limit(96000, 80000, 1000));
        assert_eq!(with("0"), limit(16000, 0, 9000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for reset in [
            "",
            "soon",
            "5x",
            "s",
            "-3",
            "NaN",
            "inf",
            "1e300",
            "..5s",
            "2024-13-01T00:00:00Z",
            "2024-01-01",
            "12:00Z",
        ] {
            let told = read(&[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", reset),
            ]);
            let expected = RateLimit {
                remaining: Some(0),
                ..RateLimit::default()
            };
            assert_eq!(told.requests, expected, "{reset:?}");
        }
    }
}

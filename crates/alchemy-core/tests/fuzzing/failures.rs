//! Accounts of failures: whatever the body, one line of bounded length and figures that can be waited for.

use alchemy_core::error::Error;
use alchemy_core::protocols::failure::{Failure, inner_error, status_error};
use alchemy_core::types::AssistantMessage;

use super::case::Case;

fn judge(error: &Error, body: &str) {
    let control = |character: char| character.is_control() || "\u{2028}\u{2029}".contains(character);
    assert!(!error.message.contains(control), "not one line: {:?}", error.message);
    assert!(error.message.len() < 700, "{} bytes", error.message.len());
    assert!(
        error
            .body
            .as_deref()
            .is_some_and(|kept| body.starts_with(kept) && kept.len() <= 64 * 1024)
    );
    assert!(
        error
            .retry_after
            .is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0)
    );
    assert!(error.status.is_none_or(|status| (100..1000).contains(&status)));
}

/// Panics where the reading of a failure is not what it must be.
pub fn check(case: &Case) {
    let body = case.text();
    let message = AssistantMessage::default();
    judge(&status_error(&message, &case.head(), &body), &body);
    judge(&inner_error(&message, &body), &body);
    if let Ok(value) = serde_json::from_str(&body) {
        let failure = Failure::read(&value);
        assert_eq!(failure, Failure::read(&value));
        assert!(failure.message.len() <= 6 * body.len() + 64, "{failure:?}");
    }
}

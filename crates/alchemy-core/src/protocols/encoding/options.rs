//! The options that are numbers and words: checked, and brought into what the server takes.

use super::body::Fields;
use super::notices::Notices;
use crate::error::{Error, Result};
use crate::protocols::Request;
use crate::types::{Reasoning, ReasoningLevel};

/// The cap of the answer, in tokens.
///
/// # Errors
/// If it is 0.
pub(crate) fn max_tokens(request: &Request<'_>) -> Result<Option<u64>> {
    match request.options.max_tokens {
        Some(0) => Err(Error::invalid(
            "options.max_tokens",
            "expected a number of at least 1, got 0",
        )),
        max_tokens => Ok(max_tokens),
    }
}

/// The stop sequences, as many as the server takes.
///
/// # Errors
/// If one is empty.
pub(crate) fn stop<'a>(request: &Request<'a>, notices: &mut Notices) -> Result<&'a [String]> {
    let given = &request.options.stop;
    if let Some(empty) = given.iter().position(String::is_empty) {
        return Err(Error::invalid(
            format!("options.stop[{empty}]"),
            "a stop sequence cannot be empty",
        ));
    }
    let most = request.quirks.max_stop.and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(usize::MAX);
    let stop = given.get(..most).unwrap_or(given);
    if stop.len() < given.len() {
        match most {
            0 => notices.option_dropped("stop", "the server takes no stop sequences for this model"),
            _ => notices.option_clamped("stop", format!("the server takes {most}; the rest is not sent")),
        }
    }
    Ok(stop)
}

/// The temperature, within `highest`, the protocol's own bound, and the bounds of the quirks.
///
/// # Errors
/// If it is outside of 0 to 2.
pub(crate) fn temperature(request: &Request<'_>, highest: f64, notices: &mut Notices) -> Result<Option<f64>> {
    let Some(temperature) = request.options.temperature else {
        return Ok(None);
    };
    if !(0.0..=2.0).contains(&temperature) {
        return Err(Error::invalid(
            "options.temperature",
            &format!("expected a number from 0 to 2, got {temperature}"),
        ));
    }
    let quirks = request.quirks;
    if !takes_sampling(request) {
        notices.option_dropped("temperature", "the model takes no temperature but its own");
        return Ok(None);
    }
    let taken = temperature
        .max(quirks.temperature_min)
        .min(quirks.temperature_max)
        .min(highest);
    // The bounds are copied, not computed with, so a temperature within them is the very same number.
    #[expect(clippy::float_cmp, reason = "whether the number was replaced")]
    if taken != temperature {
        let text = format!("{temperature} is outside of what the server takes; it is {taken}");
        notices.option_clamped("temperature", text);
    }
    Ok(Some(taken))
}

/// Whether the model takes a temperature of the caller's, thinking as much as this request asks for.
fn takes_sampling(request: &Request<'_>) -> bool {
    let unthinking = matches!(
        request.options.reasoning,
        None | Some(Reasoning::Level(ReasoningLevel::Off) | Reasoning::Budget(0))
    );
    request.quirks.sampling || (request.quirks.sampling_without_thinking && unthinking)
}

/// The share of the likeliest tokens to choose from.
///
/// # Errors
/// If it is outside of 0, excluded, to 1.
pub(crate) fn top_p(request: &Request<'_>, notices: &mut Notices) -> Result<Option<f64>> {
    let Some(top_p) = request.options.top_p else {
        return Ok(None);
    };
    if !(top_p > 0.0 && top_p <= 1.0) {
        return Err(Error::invalid(
            "options.top_p",
            &format!("expected a number above 0 and up to 1, got {top_p}"),
        ));
    }
    if !takes_sampling(request) {
        notices.option_dropped("top_p", "the model takes no top_p but its own");
        return Ok(None);
    }
    Ok(Some(top_p))
}

/// Adds the temperature and `top_p`, which the protocol names so, to the body.
///
/// # Errors
/// If one is outside of its bounds.
pub(crate) fn sampling(
    request: &Request<'_>,
    highest: f64,
    top_p_key: &'static str,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    if let Some(temperature) = temperature(request, highest, notices)? {
        fields.set("temperature", temperature)?;
    }
    match top_p(request, notices)? {
        Some(top_p) => fields.set(top_p_key, top_p),
        None => Ok(()),
    }
}

/// Says that the answer does not go on from a stored one, where the protocol has none.
pub(crate) fn no_stored_answer(request: &Request<'_>, notices: &mut Notices) {
    if request.options.previous_response_id.is_some() {
        let text = "the protocol goes on from no stored answer; what is given of the conversation is sent";
        notices.option_dropped("previous_response_id", text);
    }
}

/// Whether `extra_body` has a key with just this JSON text.
pub(crate) fn extra_is(request: &Request<'_>, key: &str, text: &str) -> bool {
    let extra = request.options.extra_body.get(key);
    extra.is_some_and(|value| value.text() == text)
}

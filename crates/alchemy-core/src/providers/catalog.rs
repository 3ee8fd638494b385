//! The models we know by name.

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};
use crate::types::{Modality, Model};

use super::registry;

fn catalog() -> &'static [Model] {
    static CATALOG: OnceLock<Vec<Model>> = OnceLock::new();
    // A broken file fails `every_model_reads`, so the default stands for what cannot happen.
    CATALOG.get_or_init(|| {
        let mut models: Vec<Model> = crate::json::read(include_str!("../../data/models.json")).unwrap_or_default();
        for model in &mut models {
            registry::of(model).api.clone_into(&mut model.api);
        }
        models
    })
}

/// The models of a provider, or all of them, by provider and id.
#[must_use]
pub fn models(provider: Option<&str>) -> Vec<Model> {
    catalog()
        .iter()
        .filter(|model| provider.is_none_or(|id| model.provider == id))
        .cloned()
        .collect()
}

/// The model of a name such as `groq/llama-3.3-70b-versatile`; the id may hold slashes itself.
///
/// With `allow_unknown` a name that is not listed is taken as well, if the provider is known. Nothing is
/// known of such a model then, so nothing is held back from it: it counts as one that thinks and takes
/// every kind of content. A dated or fine-tuned form of a listed model thinks only if that one does, since servers
/// refuse to be asked for the thinking of others. The same goes for providers whose models nobody can list, such as Ollama.
///
/// # Errors
/// `ModelNotFoundError` with the nearest names.
pub fn get_model(name: &str, allow_unknown: bool) -> Result<Model> {
    if let Some(model) = find(name) {
        return Ok(model.clone());
    }
    let Some((provider_id, id)) = name.split_once('/') else {
        return Err(not_found(
            name,
            None,
            &format!(
                "{name:?} is not of the form \"provider/model-id\"; {}",
                near_models(name, None)
            ),
        ));
    };
    let Some(provider) = registry::find(provider_id) else {
        let ids = registry::all().iter().map(|provider| provider.id.as_str());
        let message = format!(
            "unknown provider {provider_id:?} in {name:?}; {}",
            nearest(provider_id, ids)
        );
        return Err(not_found(name, None, &message));
    };
    if id.is_empty() {
        let message = format!("{name:?} names no model; {}", near_models("", Some(provider_id)));
        return Err(not_found(name, Some(provider_id), &message));
    }
    if allow_unknown || provider.any_model {
        return Ok(Model {
            api: provider.api.clone(),
            reasoning: origin(provider_id, id).is_none_or(|listed| listed.reasoning),
            input: vec![Modality::Text, Modality::Image, Modality::Audio, Modality::Document],
            ..Model::new(id, provider_id)
        });
    }
    let message = format!(
        "unknown model {name:?}; {}; to use it all the same: get_model({name:?}, allow_unknown=True)",
        near_models(name, Some(provider_id))
    );
    Err(not_found(name, Some(provider_id), &message))
}

/// The listed model that an id names a dated or fine-tuned form of, such as `gpt-4.1-2025-04-14` or
/// `ft:gpt-4o-mini-2024-07-18:acme::1`. <https://platform.openai.com/docs/guides/fine-tuning> (2026-11)
fn origin(provider: &str, id: &str) -> Option<&'static Model> {
    let tuned = id.strip_prefix("ft:").and_then(|rest| rest.split(':').next());
    let is_date = |rest: &str| {
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    catalog().iter().find(|model| {
        let rest = tuned.unwrap_or(id).strip_prefix(model.id.as_str());
        model.provider == provider && rest.is_some_and(|rest| rest.is_empty() || is_date(rest))
    })
}

fn find(name: &str) -> Option<&'static Model> {
    catalog().iter().find(|model| {
        name.strip_prefix(model.provider.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            == Some(model.id.as_str())
    })
}

fn not_found(name: &str, provider: Option<&str>, message: &str) -> Error {
    Error {
        model: Some(name.to_owned()),
        provider: provider.map(str::to_owned),
        ..Error::new(ErrorKind::ModelNotFoundError, message)
    }
}

fn near_models(name: &str, provider: Option<&str>) -> String {
    let names: Vec<String> = catalog()
        .iter()
        .filter(|model| provider.is_none_or(|id| model.provider == id))
        .map(|model| format!("{}/{}", model.provider, model.id))
        .collect();
    nearest(name, names.iter().map(String::as_str))
}

/// Names the three candidates that are nearest to what was asked for.
fn nearest<'a>(asked: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let asked = asked.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = candidates
        .map(|candidate| match candidate.to_lowercase() {
            lower if lower.contains(&asked) => (0, candidate),
            lower => (distance(&asked, &lower), candidate),
        })
        .collect();
    ranked.sort_unstable();
    let names: Vec<&str> = ranked.into_iter().take(3).map(|(_, candidate)| candidate).collect();
    if names.is_empty() {
        "none is listed".to_owned()
    } else {
        format!("nearest are {}", names.join(", "))
    }
}

/// How many letters have to be put in, taken out, replaced or swapped with a neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (line, letter) in from.chars().enumerate() {
        let mut next = vec![line + 1];
        for (column, other) in to.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&row, column) + usize::from(letter != *other);
            best = best.min(at(&row, column + 1) + 1).min(at(&next, column) + 1);
            if let Some(previous) = column.checked_sub(1)
                && last == Some(*other)
                && to.get(previous) == Some(&letter)
            {
                best = best.min(at(&before, previous) + 1);
            }
            next.push(best);
        }
        last = Some(letter);
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_reads() {
        let models: std::result::Result<Vec<Model>, _> = crate::json::read(include_str!("../../data/models.json"));
        let models = models.unwrap();
        assert!(models.len() > 40);
        let names: Vec<(&str, &str)> = models
            .iter()
            .map(|model| (model.provider.as_str(), model.id.as_str()))
            .collect();
        assert_eq!(
            names.iter().collect::<BTreeSet<_>>().len(),
            names.len(),
            "a model is there twice"
        );
        assert!(names.is_sorted(), "not in order");
        for model in &models {
            assert!(registry::find(&model.provider).is_some(), "{}", model.provider);
            registry::quirks(model).unwrap();
        }
    }

    #[test]
    fn a_listed_model_speaks_its_providers_protocol() {
        for (name, api) in [
            ("openai/gpt-5-mini", "openai-responses"),
            ("anthropic/claude-sonnet-4-6", "anthropic-messages"),
            ("google/gemini-2.5-flash", "google-generative-ai"),
            ("groq/llama-3.3-70b-versatile", "openai-completions"),
        ] {
            assert_eq!(get_model(name, false).unwrap().api, api);
        }
    }

    #[test]
    fn a_listed_model_is_found() {
        let model = get_model("groq/llama-3.3-70b-versatile", false).unwrap();
        assert_eq!(
            (model.provider.as_str(), model.id.as_str()),
            ("groq", "llama-3.3-70b-versatile")
        );
        assert!(model.context_window.is_some() && model.cost.is_some());
    }

    #[test]
    fn an_id_may_hold_slashes() {
        let model = get_model("openrouter/brand/new/model", true).unwrap();
        assert_eq!(
            (model.provider.as_str(), model.id.as_str()),
            ("openrouter", "brand/new/model")
        );
    }

    #[test]
    fn a_misspelt_model_brings_up_the_right_one() {
        let error = get_model("groq/llama-3.3-70b-versatlie", false).unwrap_err();
        assert_eq!(error.kind, ErrorKind::ModelNotFoundError);
        assert!(
            error.message.contains("nearest are groq/llama-3.3-70b-versatile, "),
            "{error}"
        );
        assert!(
            error
                .message
                .contains("get_model(\"groq/llama-3.3-70b-versatlie\", allow_unknown=True)"),
            "{error}"
        );
    }

    #[test]
    fn a_misspelt_provider_brings_up_the_right_one() {
        let error = get_model("opnai/gpt-5", true).unwrap_err();
        assert!(error.message.contains("nearest are openai"), "{error}");
    }

    #[test]
    fn a_name_without_provider_brings_up_full_names() {
        let error = get_model("llama-3.3-70b-versatile", false).unwrap_err();
        assert!(error.message.contains("groq/llama-3.3-70b-versatile"), "{error}");
    }

    #[test]
    fn a_name_without_model_is_refused_even_if_unknown_ones_are_allowed() {
        assert_eq!(
            get_model("openai/", true).unwrap_err().kind,
            ErrorKind::ModelNotFoundError
        );
        assert_eq!(get_model("", true).unwrap_err().kind, ErrorKind::ModelNotFoundError);
    }

    #[test]
    fn an_unknown_model_is_held_back_from_nothing() {
        let model = get_model("openai/brand-new", true).unwrap();
        assert!(model.reasoning && model.input.contains(&Modality::Image));
        assert_eq!(model.base_url, None);
    }

    #[test]
    fn another_form_of_a_listed_model_thinks_if_that_does() {
        let thinks = |name| get_model(name, true).unwrap().reasoning;
        assert!(!thinks("openai/gpt-4.1-2025-04-14"));
        assert!(!thinks("openai/ft:gpt-4o-mini-2024-07-18:acme::1"));
        assert!(!thinks("openai/ft:gpt-4.1:acme::1"));
        assert!(thinks("openai/o3-2025-04-16"));
        assert!(thinks("openai/gpt-4.1-thinker"));
    }

    #[test]
    fn what_nobody_can_list_needs_no_permission() {
        assert_eq!(get_model("ollama/my-own:7b", false).unwrap().id, "my-own:7b");
    }

    #[test]
    fn the_local_model_is_listed() {
        let model = get_model("local/smollm2-135m", false).unwrap();
        assert_eq!(model.base_url.as_deref(), Some("local:smollm2-135m"));
    }

    #[test]
    fn distances_are_right() {
        let cases = [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("gpt", "gpt", 0),
        ];
        for (from, to, expected) in cases {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }
}

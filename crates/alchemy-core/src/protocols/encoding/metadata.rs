//! The name of the end user, and the labels that the server keeps with an answer.

use std::collections::BTreeMap;

use super::body::Fields;
use super::notices::Notices;
use crate::error::Result;
use crate::protocols::Request;
use crate::quirks::{MetadataForm, UserField};

/// The name of the end user, among the metadata.
pub(crate) fn user_id<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.options.metadata.get("user_id").map(String::as_str)
}

/// The metadata besides the name of the end user.
pub(crate) fn labels<'a>(request: &Request<'a>) -> BTreeMap<&'a str, &'a str> {
    let labels = request.options.metadata.iter().filter(|(key, _)| *key != "user_id");
    labels.map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// Adds both to the body. `stored` tells that the server is to keep the answer.
pub(crate) fn encode(request: &Request<'_>, stored: bool, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    if let Some(user) = user_id(request) {
        match request.quirks.user_field {
            UserField::User => fields.set("user", user)?,
            UserField::SafetyIdentifier => fields.set("safety_identifier", user)?,
            UserField::UserId => fields.set("user_id", user)?,
            UserField::None => no_user(notices),
        }
    }
    let labels = labels(request);
    match request.quirks.metadata {
        _ if labels.is_empty() => {}
        MetadataForm::Metadata => fields.set("metadata", labels)?,
        MetadataForm::StoredMetadata if stored => fields.set("metadata", labels)?,
        MetadataForm::StoredMetadata => {
            let text = "the server keeps labels only with stored answers; extra_body={\"store\": True} stores them";
            notices.option_dropped("metadata", text);
        }
        MetadataForm::None => no_labels(notices),
    }
    Ok(())
}

/// Says of both that the server does not take them.
pub(crate) fn not_sent(request: &Request<'_>, notices: &mut Notices) {
    if user_id(request).is_some() {
        no_user(notices);
    }
    if !labels(request).is_empty() {
        no_labels(notices);
    }
}

fn no_user(notices: &mut Notices) {
    notices.option_dropped("metadata.user_id", "the server takes no name of a user");
}

fn no_labels(notices: &mut Notices) {
    notices.option_dropped("metadata", "the server keeps no labels");
}

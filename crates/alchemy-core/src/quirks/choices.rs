//! The words that quirks choose from.

use serde::{Deserialize, Serialize};

/// Gives a quirk's enum its words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }
    };
}

choice! {
    /// The name of the field that caps the output.
    MaxTokensField {
        /// `max_tokens`, which every imitation knows.
        #[default]
        MaxTokens,
        /// `max_completion_tokens`.
        MaxCompletionTokens,
    }
}

choice! {
    /// The role that speaks the system prompt.
    SystemRole {
        /// `system`.
        #[default]
        System,
        /// `developer` for models that think, `system` for the others.
        Developer,
    }
}

choice! {
    /// The name of the field that fixes the randomness.
    SeedField {
        /// `seed`.
        #[default]
        Seed,
        /// `random_seed`.
        RandomSeed,
        /// The server takes no seed.
        None,
    }
}

choice! {
    /// The field that names the end user.
    UserField {
        /// `user`.
        #[default]
        User,
        /// `safety_identifier`.
        SafetyIdentifier,
        /// `user_id`.
        UserId,
        /// The server takes no name.
        None,
    }
}

choice! {
    /// How the wish to think is written.
    ReasoningFormat {
        /// `reasoning_effort` with one of [`Quirks::reasoning_efforts`].
        #[default]
        Effort,
        /// `reasoning`, an object with `effort`, `max_tokens` or `enabled`.
        Reasoning,
        /// `reasoning`, an object with `enabled` alone.
        ReasoningEnabled,
        /// `thinking`, an object whose `type` is `enabled` or `disabled`.
        Thinking,
        /// `enable_thinking` and `thinking_budget`.
        EnableThinking,
        /// `chat_template_kwargs`, an object with `enable_thinking`.
        ChatTemplate,
        /// The server has no setting.
        None,
    }
}

choice! {
    /// A value of `reasoning_effort`, weakest first.
    Effort {
        /// No thinking.
        None,
        /// As little as there is.
        Minimal,
        /// Little.
        Low,
        /// The usual amount.
        #[default]
        Medium,
        /// What the server takes for the usual amount; Groq has this word for Qwen's models.
        Default,
        /// Much.
        High,
        /// Very much.
        Xhigh,
        /// As much as there is.
        Max,
    }
}

impl Effort {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::Default => "default",
            Effort::High => "high",
            Effort::Xhigh => "xhigh",
            Effort::Max => "max",
        }
    }
}

choice! {
    /// The form in which earlier thinking goes back to the model that made it.
    ReasoningReplay {
        /// It does not go back: the server does not want it.
        #[default]
        None,
        /// As `reasoning_content` of the message.
        ReasoningContent,
        /// As `reasoning` of the message.
        Reasoning,
        /// As `reasoning_details` of the message, unchanged; as `reasoning` where there are no details.
        ReasoningDetails,
        /// As parts of type `thinking` in the message's content.
        ContentParts,
        /// In `<think>` tags before the text.
        ThinkTags,
    }
}

choice! {
    /// Which tool call ids the server accepts. Others are replaced, the same way in the call and in its result.
    ToolCallIds {
        /// Any text.
        #[default]
        Any,
        /// At most 40 characters.
        Short,
        /// Exactly nine letters and digits.
        NineAlphanumerics,
        /// Letters, digits, `_` and `-`.
        Words,
    }
}

choice! {
    /// Which answer formats the server can force.
    ResponseFormats {
        /// `json_object` and `json_schema`.
        #[default]
        Schema,
        /// `json_schema` alone.
        SchemaOnly,
        /// `json_object` alone.
        JsonOnly,
        /// Neither.
        None,
    }
}

choice! {
    /// How images are handed over.
    ImageForm {
        /// `image_url`, with an address or with data.
        #[default]
        UrlOrData,
        /// `image_url` with data; the server fetches nothing.
        DataOnly,
        /// The server takes no images.
        None,
    }
}

choice! {
    /// How audio is handed over.
    AudioForm {
        /// `input_audio` with data and format.
        #[default]
        InputAudio,
        /// The server takes no audio.
        None,
    }
}

choice! {
    /// How documents are handed over.
    DocumentForm {
        /// `file` with data or the id of an uploaded file.
        #[default]
        File,
        /// `file` with data, an id, or an address in the place of the data.
        FileOrUrl,
        /// `document_url` with an address or a data URL.
        DocumentUrl,
        /// The server takes no documents.
        None,
    }
}

choice! {
    /// Whether labels are kept with a request.
    MetadataForm {
        /// They are not.
        #[default]
        None,
        /// As `metadata`.
        Metadata,
        /// As `metadata`, for requests that the server is told to store.
        StoredMetadata,
    }
}

choice! {
    /// How the caller can steer the cache of prompt prefixes.
    CacheControl {
        /// Not at all; many servers cache on their own.
        #[default]
        None,
        /// `prompt_cache_retention`: `in_memory` or `24h`.
        Retention,
        /// `cache_control` marks on parts of the prompt.
        Marks,
    }
}

choice! {
    /// Where the name of the conversation goes.
    SessionField {
        /// Nowhere.
        #[default]
        None,
        /// `prompt_cache_key`.
        PromptCacheKey,
        /// `session_id`.
        SessionId,
        /// The header `x-grok-conv-id`.
        XGrokConvId,
        /// The header `x-session-affinity`.
        XSessionAffinity,
    }
}

/// The budgets for thinking that a model takes, in tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The smallest, above 0.
    pub min: u64,
    /// The largest; None: whatever the answer has room for.
    #[serde(default)]
    pub max: Option<u64>,
    /// Whether the model can be told not to think at all.
    #[serde(default = "yes")]
    pub off: bool,
}

fn yes() -> bool {
    true
}

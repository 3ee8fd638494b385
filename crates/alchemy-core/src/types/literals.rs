//! The words with a fixed set of values.

macro_rules! literal {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word itself.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(format!("{text:?} is none of {}", [$($text,)+].join(", "))),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

literal! {
    /// A wire protocol: how a request is encoded and an answer decoded.
    Api {
        /// OpenAI Chat Completions and every server that imitates it.
        OpenAiCompletions = "openai-completions",
        /// OpenAI Responses.
        OpenAiResponses = "openai-responses",
        /// Anthropic Messages.
        AnthropicMessages = "anthropic-messages",
        /// Google's Gemini API, `generateContent`.
        GoogleGenerativeAi = "google-generative-ai",
    }
}

literal! {
    /// Why the model stopped. Only `error` and `aborted` are failures.
    StopReason {
        /// The model ended its turn, or met a stop sequence.
        Stop = "stop",
        /// The output limit was reached; the last block may be cut.
        Length = "length",
        /// The message holds tool calls to run.
        ToolUse = "tool_use",
        /// The provider failed.
        Error = "error",
        /// The caller closed the stream before its end.
        Aborted = "aborted",
        /// The provider's filter cut or withheld the answer.
        ContentFilter = "content_filter",
        /// The model declined to answer.
        Refusal = "refusal",
        /// The provider paused a long turn; send the conversation back to go on.
        Pause = "pause",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro's enums have no marked default")]
impl Default for StopReason {
    fn default() -> Self {
        StopReason::Stop
    }
}

literal! {
    /// Whether a tool call's arguments can be trusted.
    ToolCallState {
        /// The arguments arrived whole and are a JSON object, or the text of a custom tool.
        Complete = "complete",
        /// The answer ended inside the arguments.
        Truncated = "truncated",
        /// The arguments arrived whole and are not a JSON object.
        Invalid = "invalid",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro's enums have no marked default")]
impl Default for ToolCallState {
    fn default() -> Self {
        ToolCallState::Complete
    }
}

literal! {
    /// What the model may do with its tools.
    ToolChoiceMode {
        /// The model decides.
        Auto = "auto",
        /// No tool may be called.
        None = "none",
        /// At least one tool must be called.
        Required = "required",
        /// The named tool must be called.
        Tool = "tool",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro's enums have no marked default")]
impl Default for ToolChoiceMode {
    fn default() -> Self {
        ToolChoiceMode::Auto
    }
}

literal! {
    /// How much the model thinks before it answers.
    ReasoningLevel {
        /// No thinking, where the model allows that.
        Off = "off",
        /// As little as the model offers.
        Minimal = "minimal",
        /// Little.
        Low = "low",
        /// The usual amount.
        Medium = "medium",
        /// Much.
        High = "high",
        /// As much as the model offers.
        Xhigh = "xhigh",
    }
}

literal! {
    /// How long the provider may keep the prompt's prefix cached.
    CacheRetention {
        /// Cache where it is likely to pay.
        Auto = "auto",
        /// Ask for no caching.
        None = "none",
        /// The provider's short time, minutes.
        Short = "short",
        /// The provider's long time, an hour or more.
        Long = "long",
    }
}

literal! {
    /// A kind of content that a model takes.
    Modality {
        /// Text.
        Text = "text",
        /// Images.
        Image = "image",
        /// Audio.
        Audio = "audio",
        /// Documents, PDF above all.
        Document = "document",
        /// Video.
        Video = "video",
    }
}

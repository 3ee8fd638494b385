//! Deviations of servers from their wire protocol, and what models differ in: one documented field each.
//!
//! A provider's quirks are data (`data/providers.json`, by wire protocol), overlaid by a model's own
//! (`Model::quirks`). A field that a protocol has no use for says nothing there. Code asks a quirk, never a
//! provider's name. The defaults are what the widest range of servers
//! understands, so that a server nobody has described gets the plainest request; OpenAI itself, which
//! has moved on from some of that, is described like any other provider.
//!
//! Each field says which provider deviates and where that is written down, as of November 2026.

mod choices;

pub use choices::{
    AudioForm, Budgets, CacheControl, DocumentForm, Effort, ImageForm, MaxTokensField, MetadataForm, ReasoningFormat,
    ReasoningReplay, ResponseFormats, SeedField, SessionField, SystemRole, ToolCallIds, UserField,
};

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json::{self, Json, Object};

/// How a server deviates from the protocol. Every field has a default, and every key is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quirks {
    /// OpenAI's thinking models refuse `max_tokens` and take `max_completion_tokens`, as all its models do;
    /// Mistral refuses the new name. <https://platform.openai.com/docs/api-reference/chat/create>,
    /// <https://github.com/editor-code-assistant/eca/issues/231>
    pub max_tokens_field: MaxTokensField,
    /// OpenAI: `developer` takes the place of `system` from o1 on.
    /// <https://platform.openai.com/docs/api-reference/chat/create>
    pub system_role: SystemRole,
    /// Whether streams carry usage only if `stream_options` asks for it. Mistral sends usage anyway and
    /// refuses the field. <https://github.com/dnakov/anon-kode/issues/53>
    pub usage_in_stream: bool,
    /// Fields that every request carries, unless `extra_body` says otherwise. MiniMax: `reasoning_split`,
    /// which takes the thinking out of the text. <https://platform.minimax.io/docs/api-reference/text-openai-api>
    pub body: Object,

    /// OpenRouter and Vercel: `reasoning`; DeepSeek, Z.AI and Moonshot: `thinking`; Alibaba: `enable_thinking`;
    /// vLLM and llama.cpp: `chat_template_kwargs`. <https://openrouter.ai/docs/use-cases/reasoning-tokens>,
    /// <https://api-docs.deepseek.com/guides/thinking_mode>, <https://docs.z.ai/guides/capabilities/thinking-mode>,
    /// <https://www.alibabacloud.com/help/en/model-studio/deep-thinking>
    pub reasoning_format: ReasoningFormat,
    /// The values of `reasoning_effort` (or `reasoning.effort`) that the server takes, weakest first. Grok
    /// 3 mini takes `low` and `high` alone, DeepSeek `high` and `max`. Beside a switch such as `thinking`, an empty
    /// list means that there is only the switch. <https://docs.x.ai/docs/guides/reasoning>,
    /// <https://api-docs.deepseek.com/guides/thinking_mode>
    pub reasoning_efforts: Vec<Effort>,
    /// Claude before 4.6 and Gemini 2.5 are told how many tokens to think, later ones how hard. None: an effort
    /// or a level of `reasoning_efforts` is sent. For `anthropic-messages` and `google-generative-ai`.
    /// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>,
    /// <https://ai.google.dev/gemini-api/docs/thinking>
    pub reasoning_budgets: Option<Budgets>,
    /// Gemini 3 refuses a call of an earlier turn that lacks a signature, which calls of other models do: they get
    /// the word that Google gives for that. <https://ai.google.dev/gemini-api/docs/thought-signatures>
    pub signature_required: bool,
    /// Keys beside `type` in an enabled `thinking`. Z.AI forgets earlier thinking unless `clear_thinking` is
    /// false. <https://docs.z.ai/guides/capabilities/thinking-mode>
    pub thinking_keys: Object,
    /// DeepSeek and Z.AI: `reasoning_content`; OpenRouter and MiniMax: `reasoning_details`; Ollama: `reasoning`;
    /// Mistral: content parts. <https://api-docs.deepseek.com/guides/thinking_mode>,
    /// <https://openrouter.ai/docs/use-cases/reasoning-tokens>, <https://docs.mistral.ai/capabilities/reasoning>
    pub reasoning_replay: ReasoningReplay,
    /// DeepSeek refuses a message with tool calls that lacks `reasoning_content`, which messages of other
    /// models do: they get an empty one. <https://api-docs.deepseek.com/guides/thinking_mode>
    pub reasoning_required: bool,

    /// Mistral's results of tools carry the tool's name. <https://docs.mistral.ai/capabilities/function_calling>
    pub tool_result_name: bool,
    /// Older Mistral models refuse a user message right after a tool result: a short assistant message goes
    /// between. <https://github.com/badlogic/pi-mono/blob/main/packages/ai/README.md> (compat settings)
    pub assistant_after_tool_result: bool,
    /// Whether a tool result may hold images. OpenRouter takes them, OpenAI refuses.
    /// Recorded in pydantic/pydantic-ai, `test_multimodal_tool_returns`.
    pub tool_result_images: bool,
    /// Whether a function's response may hold media. From Gemini 3 on. <https://ai.google.dev/api/caching#FunctionResponse>
    pub function_response_parts: bool,
    /// Mistral takes ids of nine letters and digits; OpenAI answers more than 40 characters with
    /// `string_above_max_length`. <https://github.com/anomalyco/opencode/issues/1680>
    pub tool_call_ids: ToolCallIds,
    /// Whether a tool may carry `strict`. Moonshot's have no such key.
    /// <https://java.agentscope.io/v2/en/integration/model/kimi>
    pub strict_tools: bool,
    /// Whether there are tools that take free text. OpenAI has them; its imitations do not.
    /// <https://platform.openai.com/docs/guides/function-calling#custom-tools>
    pub custom_tools: bool,
    /// Whether `parallel_tool_calls` is taken. Z.AI has no such field.
    /// <https://docs.z.ai/api-reference/llm/chat-completion>
    pub parallel_tool_calls: bool,
    /// Whether `tool_choice` may force a call. Ollama does not know the field.
    /// <https://docs.ollama.com/api/openai-compatibility>
    pub forced_tool_choice: bool,

    /// Text must be a plain string, never null and never a list of text parts. Z.AI's text models.
    /// <https://docs.z.ai/api-reference/llm/chat-completion>
    pub string_content: bool,
    /// DeepSeek's models take text alone; Moonshot and Ollama fetch no images. Recorded in 0xPlaygrounds/rig,
    /// `deepseek/wire_shape_matrix`; <https://platform.moonshot.ai/docs/guide/use-kimi-vision-model>
    pub images: ImageForm,
    /// As `images`.
    pub audio: AudioForm,
    /// Mistral: `document_url`; OpenRouter: `file` with an address.
    /// <https://docs.mistral.ai/capabilities/document_ai>, <https://openrouter.ai/docs/features/multimodal/pdfs>
    pub documents: DocumentForm,

    /// Whether `temperature` and `top_p` are taken. OpenAI's thinking models and Kimi K2.5 refuse any value
    /// but their own. <https://platform.openai.com/docs/guides/reasoning>
    pub sampling: bool,
    /// Whether they are taken all the same as long as the model does not think. GPT-5.1 to 5.4, which think only if
    /// they are asked to. <https://developers.openai.com/api/docs/guides/latest-model#gpt-54-parameter-compatibility>;
    /// recorded in tidyverse/ellmer, `chat-tools-callbacks`.
    pub sampling_without_thinking: bool,
    /// Whether `temperature` and `top_p` may be given together. Claude 4.1 to 4.6 take one of them.
    /// <https://platform.claude.com/docs/en/about-claude/models/migration-guide>
    pub sampling_pair: bool,
    /// The lowest temperature. MiniMax takes values above 0.
    /// <https://platform.minimax.io/docs/api-reference/text-chat>
    pub temperature_min: f64,
    /// The highest temperature. MiniMax, Moonshot and Z.AI: 1; Mistral: 1.5.
    /// <https://platform.minimax.io/docs/api-reference/text-chat>, <https://docs.mistral.ai/api>
    pub temperature_max: f64,
    /// How many stop sequences are taken; None: any number. OpenAI and Groq: 4; Z.AI: 1; xAI's and OpenAI's
    /// thinking models: none. <https://platform.openai.com/docs/api-reference/chat/create>,
    /// <https://docs.x.ai/docs/guides/reasoning>
    pub max_stop: Option<u64>,
    /// Mistral: `random_seed`. <https://docs.mistral.ai/api>
    pub seed_field: SeedField,
    /// DeepSeek, Moonshot and Z.AI know `json_object` alone, Perplexity and LM Studio `json_schema` alone.
    /// <https://api-docs.deepseek.com/guides/json_mode>, <https://docs.perplexity.ai/guides/structured-outputs>
    pub response_formats: ResponseFormats,
    /// Whether a schema binds the model only where `strict` is true. OpenAI: yes, and then the schema must list
    /// every property as required and forbid others; llama.cpp and vLLM always bind it.
    /// <https://platform.openai.com/docs/guides/structured-outputs>
    pub strict_schema: bool,

    /// OpenAI: `prompt_cache_retention`; Anthropic's models under OpenRouter: `cache_control`.
    /// <https://platform.openai.com/docs/guides/prompt-caching>, <https://openrouter.ai/docs/features/prompt-caching>
    pub cache: CacheControl,
    /// OpenAI: `prompt_cache_key`; OpenRouter: `session_id`; xAI and Fireworks: a header.
    /// <https://platform.openai.com/docs/guides/prompt-caching>, <https://docs.x.ai/docs/guides/chat>
    pub session_field: SessionField,
    /// OpenAI: `safety_identifier`, where it was `user`; Z.AI: `user_id`.
    /// <https://platform.openai.com/docs/api-reference/chat/create>, <https://docs.z.ai/api-reference/llm/chat-completion>
    pub user_field: UserField,
    /// OpenAI takes `metadata` only with `store`, Mistral always.
    /// <https://platform.openai.com/docs/api-reference/chat/create>, <https://docs.mistral.ai/api>
    pub metadata: MetadataForm,

    /// The header by which a server knows a request that is sent again, so that it is not answered twice; None: it knows
    /// none, which is so for every provider of the catalog. Hermes Agent's server: `Idempotency-Key`.
    /// <https://github.com/NousResearch/hermes-agent/pull/2871>
    pub idempotency_header: Option<String>,

    /// Snowflake ends answers with `[DONE]` alone or with an empty `finish_reason`; both are a `stop`.
    /// Recorded in chatlas and ruby_llm, `snowflake`.
    pub done_ends: bool,
    /// Text that opens with `<think>` holds thinking up to `</think>`. Groq and Hugging Face serve such models.
    /// Recorded in pydantic/pydantic-ai, `test_groq_model_thinking_part` and `test_hf_model_thinking_part`.
    pub think_tags: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Quirks {
            max_tokens_field: MaxTokensField::default(),
            system_role: SystemRole::default(),
            usage_in_stream: true,
            body: Object::new(),
            reasoning_format: ReasoningFormat::default(),
            reasoning_efforts: vec![
                Effort::None,
                Effort::Minimal,
                Effort::Low,
                Effort::Medium,
                Effort::High,
                Effort::Xhigh,
            ],
            reasoning_budgets: None,
            signature_required: false,
            thinking_keys: Object::new(),
            reasoning_replay: ReasoningReplay::default(),
            reasoning_required: false,
            tool_result_name: false,
            assistant_after_tool_result: false,
            tool_result_images: false,
            function_response_parts: false,
            tool_call_ids: ToolCallIds::default(),
            strict_tools: true,
            custom_tools: false,
            parallel_tool_calls: true,
            forced_tool_choice: true,
            string_content: false,
            images: ImageForm::default(),
            audio: AudioForm::default(),
            documents: DocumentForm::default(),
            sampling: true,
            sampling_without_thinking: false,
            sampling_pair: true,
            temperature_min: 0.0,
            temperature_max: 2.0,
            max_stop: None,
            seed_field: SeedField::default(),
            response_formats: ResponseFormats::default(),
            strict_schema: false,
            cache: CacheControl::default(),
            session_field: SessionField::default(),
            user_field: UserField::default(),
            metadata: MetadataForm::default(),
            idempotency_header: None,
            done_ends: false,
            think_tags: false,
        }
    }
}

impl Quirks {
    /// These quirks with a model's own over them, key by key.
    ///
    /// # Errors
    /// `InvalidRequestError` with the path `model.quirks.<key>` if a key is unknown or its value has the
    /// wrong shape.
    pub fn overlaid(&self, own: &Object) -> Result<Quirks> {
        if own.is_empty() {
            return Ok(self.clone());
        }
        let whole = Json::of(self).and_then(|json| json.read::<Object>());
        let mut keys = whole.map_err(|error| Error::shape(PATH, &error))?;
        for (key, value) in own {
            match keys.get_mut(key) {
                Some(slot) => *slot = value.clone(),
                None => return Err(unknown(key, keys.keys())),
            }
        }
        Json::of(&keys)
            .and_then(|json| json.read())
            .map_err(|error| Error::shape(PATH, &error))
    }
}

/// Quirks of a provider, or those that a model has over them. A request is moved several times, so it holds no copy.
pub(crate) enum Known {
    Provider(&'static Quirks),
    Own(Box<Quirks>),
}

impl From<Cow<'static, Quirks>> for Known {
    fn from(quirks: Cow<'static, Quirks>) -> Self {
        match quirks {
            Cow::Borrowed(quirks) => Known::Provider(quirks),
            Cow::Owned(quirks) => Known::Own(Box::new(quirks)),
        }
    }
}

impl Deref for Known {
    type Target = Quirks;

    fn deref(&self) -> &Quirks {
        match self {
            Known::Provider(quirks) => quirks,
            Known::Own(quirks) => quirks,
        }
    }
}

/// Where a model's quirks stand in a request.
const PATH: &str = "model.quirks";

fn unknown<'a>(key: &str, known: impl Iterator<Item = &'a String>) -> Error {
    let known: Vec<&str> = known.map(String::as_str).collect();
    Error::invalid(
        json::join(PATH, key),
        &format!("no such quirk; known are {}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        json::read(text).unwrap()
    }

    #[test]
    fn a_model_overrides_its_provider_key_by_key() {
        let provider = Quirks {
            max_stop: Some(4),
            sampling: false,
            ..Quirks::default()
        };
        let merged = provider
            .overlaid(&object(r#"{"sampling":true,"reasoning_replay":"reasoning_content"}"#))
            .unwrap();
        let expected = Quirks {
            max_stop: Some(4),
            reasoning_replay: ReasoningReplay::ReasoningContent,
            ..Quirks::default()
        };
        assert_eq!(merged, expected);
    }

    #[test]
    fn null_takes_a_limit_away() {
        let provider = Quirks {
            max_stop: Some(4),
            ..Quirks::default()
        };
        assert_eq!(
            provider.overlaid(&object(r#"{"max_stop":null}"#)).unwrap().max_stop,
            None
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_path() {
        let error = Quirks::default()
            .overlaid(&object(r#"{"max_token_field":"max_tokens"}"#))
            .unwrap_err();
        assert_eq!(error.path.as_deref(), Some("model.quirks.max_token_field"));
        assert!(error.message.contains("max_tokens_field"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_path() {
        let error = Quirks::default()
            .overlaid(&object(r#"{"reasoning_format":"loud"}"#))
            .unwrap_err();
        assert_eq!(error.path.as_deref(), Some("model.quirks.reasoning_format"));
    }

    #[test]
    fn verbatim_bodies_survive_the_overlay() {
        let own = object(r#"{"body":{"seed":123456789012345678901234567890}}"#);
        let merged = Quirks::default().overlaid(&own).unwrap();
        assert_eq!(merged.body["seed"].text(), "123456789012345678901234567890");
    }
}

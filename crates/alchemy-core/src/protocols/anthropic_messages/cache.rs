//! The marks for the cache of prompt prefixes.
//!
//! A mark tells the server to cache the prompt up to it; without marks it caches nothing. To write a token to the cache
//! costs 1.25 times the price of plain input for five minutes, 2 times for an hour; to read it back costs 0.1 times. A
//! write pays from the first read on, and is lost if none comes. So by default (`auto`) a prompt is marked where
//! more requests of the same beginning are to be expected: where there are tools, or an answer is in the conversation
//! already. A single question is not.
//!
//! There are three marks of the four that a request may have: on the last tool, which changes least, on the system prompt,
//! and on the last block of the last message, from where the next turn reads.
//! Source: <https://platform.claude.com/docs/en/build-with-claude/prompt-caching> (2026-11).

use super::conversation::Conversation;
use super::request::{Block, ToolForm, WireTool};
use crate::json::Object;
use crate::protocols::Request;
use crate::protocols::encoding::cache::CacheMark;
use crate::types::{CacheRetention, Content, ContentBlock, Message};

/// The most marks of a request.
const MOST: usize = 4;

/// Marks the prefixes that are worth it.
pub(super) fn mark(request: &Request<'_>, tools: &mut [WireTool<'_>], conversation: &mut Conversation<'_>) {
    let wish = request.options.cache.unwrap_or(CacheRetention::Auto);
    if wish == CacheRetention::Auto && tools.is_empty() && !conversation.answered {
        return;
    }
    let mark = CacheMark::of(wish);
    if mark.is_none() {
        return;
    }
    let mut room = MOST.saturating_sub(given(request, tools));
    // The last message is marked first, since it spares the most.
    let mut slots = Vec::new();
    let last = conversation.messages.last_mut();
    slots.extend(
        last.and_then(|message| last_block(&mut message.content))
            .map(|block| &mut block.mark),
    );
    slots.extend(conversation.system.last_mut().map(|block| &mut block.mark));
    slots.extend(
        tools
            .iter_mut()
            .rev()
            .find(|tool| takes_mark(tool))
            .map(|tool| &mut tool.mark),
    );
    for slot in slots {
        if room == 0 {
            return;
        }
        *slot = mark;
        room -= 1;
    }
}

fn last_block<'b, 'a>(blocks: &'b mut [Block<'a>]) -> Option<&'b mut Block<'a>> {
    blocks.iter_mut().rev().find(|block| block.takes_mark())
}

/// Whether a tool can carry a mark: one that is only searched for cannot, and one that has a mark keeps it.
fn takes_mark(tool: &WireTool<'_>) -> bool {
    match tool.form {
        ToolForm::Native(keys) => !has_mark(keys) && keys.get("defer_loading").is_none_or(|wait| wait.text() != "true"),
        ToolForm::Function { .. } => true,
    }
}

fn has_mark(keys: &Object) -> bool {
    keys.get("cache_control").is_some_and(|mark| !mark.is_null())
}

/// How many marks the caller has set, in tools, blocks and a body of the protocol's own form.
fn given(request: &Request<'_>, tools: &[WireTool<'_>]) -> usize {
    let native = tools.iter().filter(|tool| match tool.form {
        ToolForm::Native(keys) => has_mark(keys),
        ToolForm::Function { .. } => false,
    });
    let contents = request.context.messages.iter().map(|message| match message {
        Message::UserMessage(message) => &message.content,
        Message::ToolResultMessage(message) => &message.content,
        Message::AssistantMessage(_) => const { &Content::Blocks(Vec::new()) },
    });
    let blocks = contents.filter_map(|content| match content {
        Content::Blocks(blocks) => Some(blocks),
        Content::Text(_) => None,
    });
    let opaque = blocks.flatten().filter(|block| match block {
        ContentBlock::Opaque(opaque) => opaque.data.read::<Object>().is_ok_and(|keys| has_mark(&keys)),
        _ => false,
    });
    native.count() + opaque.count() + usize::from(has_mark(&request.options.extra_body))
}

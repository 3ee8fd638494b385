//! The id of a tool call: the server's, unless it gave none, or one twice.

use crate::assembler::Assembler;
use crate::types::Notice;

/// The id of the call that is told next. `number` counts the calls before it, and `taken` tells that one of them has
/// the id that the server gave.
pub(crate) fn own(id: &str, number: usize, taken: bool, assembler: &mut Assembler) -> String {
    let message = assembler.message();
    if id.is_empty() {
        return made_up(message.response_id.as_deref(), number);
    }
    if !taken {
        return id.to_owned();
    }
    let path = format!("content[{}].id", message.content.len());
    let text = format!("two tool calls had the id {id:?}; the later one was given another");
    assembler.notice(Notice::new("tool_call_renamed", path, text));
    format!("{id}_{number}")
}

/// An id for a call that came without one, told apart from those of other answers by the answer's id.
fn made_up(response_id: Option<&str>, number: usize) -> String {
    let hash = response_id
        .unwrap_or_default()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("call_{:08x}_{number}", hash >> 32)
}

//! Ids for tool calls that a server sent without one.

/// An id for a call that came without one, told apart from those of other answers by the answer's id.
pub(crate) fn made_up(response_id: Option<&str>, position: usize) -> String {
    let hash = response_id
        .unwrap_or_default()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("call_{:08x}_{position}", hash >> 32)
}

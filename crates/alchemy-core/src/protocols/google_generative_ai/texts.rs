//! The text and the thinking of an answer: which pieces make up one block, and where its signature goes.

use std::borrow::Cow;

use crate::assembler::Assembler;
use crate::protocols::decoding::surrogates::Joiner;

/// One part of text or thinking.
pub(super) struct Piece<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) thought: bool,
    pub(super) signature: Option<String>,
    /// Whether halves of surrogate pairs travel in it.
    pub(super) halves: bool,
}

/// What is known of the block that is being written.
///
/// In a stream parts of one kind are pieces of one block, until one of them is signed: the signature belongs to the
/// text before it and has to go back there. The signed block stays open until something else begins, since
/// the sources of the answer, which come last, are those of its text.
#[derive(Default)]
pub(super) struct Texts {
    /// The block bears its signature: nothing more goes into it.
    signed: bool,
    thought: bool,
    halves: Joiner,
}

impl Texts {
    /// Takes a part; `alone` tells that it is a block of its own.
    pub(super) fn take(&mut self, piece: Piece<'_>, alone: bool, assembler: &mut Assembler) {
        if piece.text.is_empty() && piece.signature.is_none() {
            return;
        }
        if alone || self.signed {
            self.close(assembler);
            assembler.close_open();
        } else if self.thought != piece.thought {
            self.close(assembler);
        }
        self.thought = piece.thought;
        let text = self.halves.join(piece.text, piece.halves);
        self.tell(text, assembler);
        let Some(signature) = piece.signature else { return };
        let rest = self.halves.rest();
        self.tell(rest, assembler);
        self.signed = true;
        if piece.thought {
            // An empty delta opens a block where none is.
            assembler.thinking("");
            if let Some(block) = assembler.open_thinking() {
                block.signature = Some(signature);
            }
        } else {
            if assembler.open_text().is_none() {
                assembler.text_block();
            }
            if let Some(block) = assembler.open_text() {
                block.signature = Some(signature);
            }
        }
    }

    /// Tells what was held back: another kind of part follows.
    pub(super) fn close(&mut self, assembler: &mut Assembler) {
        if self.halves.is_holding() {
            let rest = self.halves.rest();
            self.tell(rest, assembler);
        }
        self.signed = false;
    }

    fn tell(&self, text: impl AsRef<str> + Into<String>, assembler: &mut Assembler) {
        match self.thought {
            _ if text.as_ref().is_empty() => {}
            true => assembler.thinking(text),
            false => assembler.text(text),
        }
    }
}

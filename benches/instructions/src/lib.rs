//! The made-up streams whose decoding is counted, and how they are fed and checked.

pub mod fixture;
pub mod replay;
mod words;

use std::io::{self, Write};
use std::process::ExitCode;

/// Prints what a program tells of its stream, or what went wrong, and returns its exit code.
#[must_use]
pub fn told(done: &Result<String, String>) -> ExitCode {
    let written = match done {
        Ok(line) => writeln!(io::stdout(), "{line}"),
        Err(problem) => writeln!(io::stderr(), "alchemy-instructions: {problem}"),
    };
    if done.is_ok() && written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What the processor can do that matters: memchr and the system's library choose their loops by it.
#[must_use]
pub fn features() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    ""
}

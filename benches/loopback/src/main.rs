//! A provider on the loopback interface that answers with bytes made beforehand.
//!
//! `alchemy-loopback [--seconds N]` prints `port N` and serves `POST .../chat/completions` until its
//! standard input closes or the seconds are over. It has one blocking thread per connection and does
//! no work per event while it sends, so that what is measured is the client.

mod answers;
mod request;
mod serve;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::answers::Answers;

const USAGE: &str = "usage: alchemy-loopback [--seconds N]";

fn main() -> ExitCode {
    let seconds = match seconds_from(std::env::args().skip(1)) {
        Ok(seconds) => seconds,
        Err(problem) => return fail(&format!("{problem}; {USAGE}")),
    };
    match run(seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot serve on 127.0.0.1: {error}")),
    }
}

fn fail(problem: &str) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "alchemy-loopback: {problem}");
    ExitCode::from(2)
}

fn seconds_from(mut arguments: impl Iterator<Item = String>) -> Result<Option<u64>, String> {
    let mut seconds = None;
    while let Some(argument) = arguments.next() {
        if argument != "--seconds" {
            return Err(format!("unknown argument {argument:?}"));
        }
        let value = arguments.next().ok_or("--seconds needs a number")?;
        seconds = Some(
            value
                .parse()
                .map_err(|_| format!("--seconds: {value:?} is not a whole number"))?,
        );
    }
    Ok(seconds)
}

fn run(seconds: Option<u64>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    {
        let mut out = io::stdout().lock();
        writeln!(out, "port {port}")?;
        out.flush()?;
    }
    thread::spawn(end_with_stdin);
    if let Some(seconds) = seconds {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(seconds));
            std::process::exit(0);
        });
    }
    let answers = Arc::new(Answers::default());
    for socket in listener.incoming() {
        let socket = socket?;
        let answers = Arc::clone(&answers);
        // A client that goes away in the middle is ordinary; its thread ends and nothing is to be said.
        thread::spawn(move || serve::connection(socket, &answers));
    }
    Ok(())
}

/// Ends the process when the one that started it closes the pipe, or is gone.
fn end_with_stdin() {
    let mut scratch = [0_u8; 256];
    let mut stdin = io::stdin().lock();
    while matches!(stdin.read(&mut scratch), Ok(1..)) {}
    std::process::exit(0);
}

#[cfg(test)]
mod tests {
    use super::seconds_from;

    #[test]
    fn arguments_are_read_or_refused() {
        let parse = |words: &[&str]| seconds_from(words.iter().map(ToString::to_string));
        assert_eq!(parse(&[]), Ok(None));
        assert_eq!(parse(&["--seconds", "7"]), Ok(Some(7)));
        assert!(parse(&["--seconds"]).is_err());
        assert!(parse(&["--seconds", "soon"]).is_err());
        assert!(parse(&["--port", "1"]).is_err());
    }
}

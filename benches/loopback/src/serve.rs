//! Serves one connection: request after request until the client closes it.

use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::answers::{self, Answers};
use crate::request::{self, Wanted};

/// Answers every request of a connection; an error is a client that went away.
pub(crate) fn connection(mut socket: TcpStream, answers: &Answers) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let whole = answers::whole();
    let mut kept = Vec::new();
    while let Some(wanted) = request::read(&mut socket, &mut kept)? {
        match wanted {
            Wanted::Whole => socket.write_all(whole.as_bytes())?,
            Wanted::Burst(count) => socket.write_all(&answers.burst(count))?,
            Wanted::Paced(count, pause) => paced(&mut socket, count, pause)?,
            Wanted::NotFound => {
                let answer = answers::error("404 Not Found", "only POST .../chat/completions is served here");
                socket.write_all(answer.as_bytes())?;
            }
            Wanted::Refused(why) => socket.write_all(answers::error("400 Bad Request", &why).as_bytes())?,
        }
    }
    Ok(())
}

/// Sends one delta every `pause` milliseconds, each with a write of its own, by a clock that does not
/// drift when a write is late.
fn paced(socket: &mut TcpStream, count: usize, pause: u64) -> io::Result<()> {
    let mut opening = answers::stream_head();
    answers::opening(&mut opening);
    socket.write_all(opening.as_bytes())?;
    let pause = Duration::from_millis(pause);
    let mut due = Instant::now();
    for index in 0..count {
        due += pause;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut event = String::with_capacity(320);
        answers::delta(&mut event, index);
        socket.write_all(event.as_bytes())?;
    }
    let mut closing = String::new();
    answers::closing(&mut closing, count);
    socket.write_all(closing.as_bytes())
}

//! A reader that only waits and counts bytes: what the system itself takes for the streams of the provider.
//!
//! `alchemy-floor PORT --streams N --events N --pause MS` reads that many paced streams at once, `alchemy-floor PORT
//! --burst N` one fast stream. It prints one line of JSON. `--core N` keeps it on one core.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Instant;

use alchemy_loopback::process;
use alchemy_loopback::words::{Words, number};
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

const USAGE: &str = "usage: alchemy-floor PORT (--streams N --events N --pause MS | --burst N) [--core N]";
/// The end of a body that comes in chunks.
const END: &[u8] = b"0\r\n\r\n";
const READ_BYTES: usize = 256 * 1024;

/// What is to be read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    port: u16,
    streams: usize,
    events: usize,
    pause: u64,
    burst: usize,
    core: Option<usize>,
}

impl Plan {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = Words::new(arguments);
        let mut plan = Self::default();
        while let Some(name) = words.next() {
            match name.as_str() {
                "--streams" => plan.streams = words.number(&name)?,
                "--events" => plan.events = words.number(&name)?,
                "--pause" => plan.pause = words.number(&name)?,
                "--burst" => plan.burst = words.number(&name)?,
                "--core" => plan.core = Some(words.number(&name)?),
                port => plan.port = number("PORT", port)?,
            }
        }
        if plan.port == 0 || (plan.burst == 0) == (plan.streams == 0 || plan.events == 0 || plan.pause == 0) {
            return Err("either --burst or all of --streams, --events and --pause, and the port".to_owned());
        }
        Ok(plan)
    }

    fn request(&self) -> String {
        let model = if self.burst > 0 {
            format!("events-{}", self.burst)
        } else {
            format!("paced-{}-{}", self.events, self.pause)
        };
        let body = format!(
            "{{\"model\":\"{model}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}"
        );
        let (port, length) = (self.port, body.len());
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    }
}

/// One connection.
struct Stream {
    socket: TcpStream,
    asked: bool,
    /// The last bytes that came.
    tail: [u8; END.len()],
}

fn main() -> ExitCode {
    let result = Plan::parse(std::env::args().skip(1))
        .map_err(|problem| format!("{problem}; {USAGE}"))
        .and_then(|plan| run(&plan).map_err(|error| format!("port {}: {error}", plan.port)));
    let (mut out, mut error) = (io::stdout(), io::stderr());
    // Nobody is left to tell when the output is closed.
    let _ = match &result {
        Ok(line) => writeln!(out, "{line}"),
        Err(problem) => writeln!(error, "alchemy-floor: {problem}"),
    };
    if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}

fn run(plan: &Plan) -> io::Result<String> {
    if let Some(core) = plan.core {
        process::pin(core)?;
    }
    process::open_more_files()?;
    let (began, cpu) = (Instant::now(), process::cpu_seconds()?);
    let bytes = read(plan)?;
    let (wall, cpu) = (began.elapsed().as_secs_f64(), process::cpu_seconds()? - cpu);
    let events = plan.burst + plan.streams * plan.events;
    Ok(format!(
        "{{\"wall_seconds\":{wall:.6},\"cpu_seconds\":{cpu:.6},\"events\":{events},\"bytes\":{bytes}}}"
    ))
}

/// Reads all streams to their end and says how many bytes came.
fn read(plan: &Plan) -> io::Result<u64> {
    let mut poll = Poll::new()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, plan.port));
    let count = plan.streams.max(1);
    let mut streams = Vec::with_capacity(count);
    for number in 0..count {
        let mut socket = TcpStream::connect(address)?;
        poll.registry()
            .register(&mut socket, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        streams.push(Stream {
            socket,
            asked: false,
            tail: [0; END.len()],
        });
    }
    let request = plan.request();
    let mut buffer = vec![0; READ_BYTES];
    let mut ready = mio::Events::with_capacity(4096);
    let (mut open, mut bytes) = (count, 0);
    while open > 0 {
        match poll.poll(&mut ready, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            done => done?,
        }
        for event in &ready {
            let Some(stream) = streams.get_mut(event.token().0) else {
                continue;
            };
            if event.is_writable() && !stream.asked {
                stream.asked = true;
                // The request is far smaller than a socket's room.
                stream.socket.write_all(request.as_bytes())?;
                // From here on only what can be read is to wake this process.
                poll.registry()
                    .reregister(&mut stream.socket, event.token(), Interest::READABLE)?;
            }
            if event.is_readable() && stream.read(&mut buffer, &mut bytes)? {
                open -= 1;
            }
        }
    }
    Ok(bytes)
}

impl Stream {
    /// Reads what is there; true at the end of the answer.
    fn read(&mut self, buffer: &mut [u8], bytes: &mut u64) -> io::Result<bool> {
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => return Err(io::Error::other("the connection ended before its stream")),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            *bytes += count as u64;
            let read = buffer.get(..count).unwrap_or_default();
            let kept = END.len().saturating_sub(count);
            self.tail.copy_within(END.len() - kept.., 0);
            let new = read.get(count - (END.len() - kept)..).unwrap_or_default();
            if let Some(end) = self.tail.get_mut(kept..) {
                end.copy_from_slice(new);
            }
            if self.tail == END {
                return Ok(true);
            }
            // A short read emptied the socket, and there will be a new event once more comes.
            if count < buffer.len() {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn a_plan_is_read_or_refused() {
        let parse = |line: &str| Plan::parse(line.split(' ').map(str::to_owned));
        let plan = parse("8080 --streams 2 --events 3 --pause 20 --core 1").unwrap();
        assert_eq!(
            (plan.port, plan.streams, plan.events, plan.pause, plan.core),
            (8080, 2, 3, 20, Some(1))
        );
        assert!(plan.request().contains("\"paced-3-20\""));
        assert!(parse("8080 --burst 7").unwrap().request().contains("\"events-7\""));
        assert!(parse("8080").is_err());
        assert!(parse("8080 --streams 2").is_err());
        assert!(parse("--burst 7").is_err());
        assert!(parse("8080 --burst 7 --streams 2 --events 3 --pause 20").is_err());
    }
}

//! A provider on the loopback interface that answers with bytes made beforehand.
//!
//! `alchemy-loopback [--seconds N] [--tls DIRECTORY] [--core N]` prints `port N`, with `--tls` also `tls N`, and serves
//! until its standard input closes or the seconds are over. One thread serves all connections and does as little as it can while it sends, so that what is measured is
//! the client. `README.md` beside this package says what it answers.

mod alarm;
mod answers;
mod certificate;
mod events;
mod options;
mod pacer;
mod request;
mod script;
mod serve;
mod stats;
mod tls;
mod two;
mod vendors;
mod wanted;

use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use alchemy_loopback::process;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

use crate::answers::Answers;
use crate::options::Options;
use crate::pacer::Pacer;
use crate::serve::{Server, connection};
use crate::stats::Stats;

/// Connections that wait to be accepted: a benchmark opens thousands at once.
const BACKLOG: u32 = 8192;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => return fail(&format!("{problem}; {}", options::USAGE)),
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot serve on 127.0.0.1: {error}")),
    }
}

fn fail(problem: &str) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "alchemy-loopback: {problem}");
    ExitCode::from(2)
}

fn run(options: &Options) -> io::Result<()> {
    if let Some(core) = options.core {
        process::pin(core)?;
    }
    process::open_more_files()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(options))
}

async fn serve(options: &Options) -> io::Result<()> {
    let listener = listen()?;
    let secure = match &options.tls {
        Some(folder) => Some((listen()?, tls::acceptor(folder)?)),
        None => None,
    };
    let stats = Rc::new(Stats::new());
    let pacer = Rc::new(Pacer::new(Rc::clone(&stats)));
    let server = Rc::new(Server {
        answers: Answers::default(),
        pacer: Rc::clone(&pacer),
        stats,
    });
    {
        let mut out = io::stdout().lock();
        writeln!(out, "port {}", listener.local_addr()?.port())?;
        if let Some((secure, _)) = &secure {
            writeln!(out, "tls {}", secure.local_addr()?.port())?;
        }
        out.flush()?;
    }
    thread::spawn(end_with_stdin);
    if let Some(seconds) = options.seconds {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(seconds));
            std::process::exit(0);
        });
    }
    tokio::select! {
        done = accept(listener, None, &server) => done,
        done = accept_secure(secure, &server) => done,
        done = pacer.run() => done,
    }
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}

async fn accept_secure(secure: Option<(TcpListener, TlsAcceptor)>, server: &Rc<Server>) -> io::Result<()> {
    match secure {
        Some((listener, acceptor)) => accept(listener, Some(acceptor), server).await,
        None => std::future::pending().await,
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, server: &Rc<Server>) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        server.stats.connection();
        server.pacer.catch_up();
        let (server, acceptor) = (Rc::clone(server), acceptor.clone());
        spawn_local(async move {
            // A client that goes away in the middle is ordinary; nothing is to be said.
            let _ = socket.set_nodelay(true);
            let _ = match acceptor {
                Some(acceptor) => tls::connection(socket, &acceptor, server).await,
                None => connection(Rc::new(socket), &server).await,
            };
        });
    }
}

/// Ends the process when the one that started it closes the pipe, or is gone.
fn end_with_stdin() {
    let mut scratch = [0_u8; 256];
    let mut stdin = io::stdin().lock();
    while matches!(stdin.read(&mut scratch), Ok(1..)) {}
    std::process::exit(0);
}

//! What a process takes and may take: CPU time, open files, a core.

use std::io;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;

/// As many files as macOS lets a process ask for, and many more streams than a benchmark opens.
const FILES: u64 = 10_240;

/// Lets this process open more files than is usual, if the system allows it: each stream is one.
pub fn open_more_files() -> io::Result<()> {
    let (allowed, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = most.min(FILES);
    if allowed < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, most)?;
    }
    Ok(())
}

/// User and system time of all threads of this process, in seconds.
pub fn cpu_seconds() -> io::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

#[allow(clippy::cast_precision_loss)]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// Keeps this thread, and those it starts, on one core, counted from 0.
#[cfg(target_os = "linux")]
pub fn pin(core: usize) -> io::Result<()> {
    use nix::sched::{CpuSet, sched_setaffinity};

    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores)?)
}

/// Keeps this thread, and those it starts, on one core, counted from 0.
#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "--core needs Linux; leave it out",
    ))
}

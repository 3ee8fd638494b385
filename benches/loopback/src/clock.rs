//! The clock that clients can read as well, the process's CPU time, and the core that it keeps to.

use std::io;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds: what Python's `time.monotonic_ns()` reads on Linux.
pub fn now() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| {
        let time = Duration::from(time);
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    })
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

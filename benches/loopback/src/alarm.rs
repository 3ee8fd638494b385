//! Wakes the server when something is due.

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::Alarm;
#[cfg(target_os = "linux")]
pub(crate) use linux::Alarm;

/// tokio's timers round up to a millisecond, which a stream that is to be on time cannot afford.
#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, RawFd};
    use std::time::Duration;

    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use tokio::io::unix::AsyncFd;

    struct Descriptor(TimerFd);

    impl AsRawFd for Descriptor {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    /// Wakes a task at a time of [`alchemy_loopback::clock::now`].
    pub(crate) struct Alarm(AsyncFd<Descriptor>);

    impl Alarm {
        // The constructor that is not deprecated is unsafe: it wants a promise that the descriptor stays open, which
        // it does here because the timer is owned.
        #[allow(deprecated)]
        pub(crate) fn new() -> io::Result<Self> {
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK)?;
            Ok(Self(AsyncFd::new(Descriptor(timer))?))
        }

        pub(crate) async fn at(&self, time: u64) -> io::Result<()> {
            let time = TimeSpec::from(Duration::from_nanos(time.max(1)));
            let timer = &self.0.get_ref().0;
            timer.set(Expiration::OneShot(time), TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
            // Setting the timer anew makes an expiry that was not read void, so there is no need to read it.
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;
    use std::time::Duration;

    /// Wakes a task at a time of [`alchemy_loopback::clock::now`], up to a millisecond late.
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn at(&self, time: u64) -> io::Result<()> {
            tokio::time::sleep(Duration::from_nanos(
                time.saturating_sub(alchemy_loopback::clock::now()),
            ))
            .await;
            Ok(())
        }
    }
}

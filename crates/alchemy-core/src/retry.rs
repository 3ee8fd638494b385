//! Whether a request that failed is sent again, and after how long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::types::Retries;

/// How many retries a client may spend at a provider before it has earned any.
const RESERVE: f64 = 10.0;
/// The most retries that are saved up.
const SAVINGS: f64 = 100.0;
/// How many providers a client keeps account of.
const ACCOUNTS: usize = 1024;
/// More doublings than the longest wait can take.
const DOUBLINGS: u32 = 64;

/// How far the answer had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of a success has come, its head aside.
    Nothing,
    /// Bytes of a success, and no event.
    Bytes,
    /// An event.
    Events,
}

/// What is done about a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The request is sent again.
    Again {
        /// The wait before.
        wait: Duration,
        /// Whether a rate limit says how long that is: then the budget is not touched.
        asked: bool,
    },
    /// It is not; what the error should say about that, where it is not plain.
    Enough(Option<String>),
}

/// Decides about an attempt that failed.
///
/// `failed` is how many attempts have failed, this one included; `random` is drawn from 0 to 1; `left` is what remains
/// of the total time, None: no limit.
#[must_use]
pub fn decide(
    policy: &Retries,
    failed: u32,
    error: &Error,
    progress: Progress,
    random: f64,
    left: Option<Duration>,
) -> Verdict {
    if policy.count == 0 || !may_pass(error, progress) {
        return Verdict::Enough((failed > 1).then(|| times(failed)));
    }
    let wish = error.retry_after;
    if let Some(wish) = wish.filter(|wish| *wish > policy.max_wait) {
        let most = figure(policy.max_wait);
        return Verdict::Enough(Some(format!(
            "the provider asks to wait {} s, longer than retries.max_wait ({most} s)",
            figure(wish)
        )));
    }
    if failed > policy.count {
        return Verdict::Enough(Some(times(failed)));
    }
    let doublings = (failed.saturating_sub(1)).min(DOUBLINGS);
    let longest = (policy.backoff * 2_f64.powi(doublings.cast_signed())).min(policy.max_backoff);
    let wait = (longest * random).max(wish.unwrap_or_default());
    let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
    if left.is_some_and(|left| wait >= left) {
        let over = match wish {
            Some(wish) => format!(
                "the provider asks to wait {} s, longer than timeout.total leaves",
                figure(wish)
            ),
            None => "timeout.total leaves no time for another try".to_owned(),
        };
        return Verdict::Enough(Some(over));
    }
    Verdict::Again {
        wait,
        asked: wish.is_some_and(|wish| wish > 0.0) && error.status == Some(429),
    }
}

/// Whether another try may end better, and cannot be answered, or billed, twice.
fn may_pass(error: &Error, progress: Progress) -> bool {
    if error.is_permanent() || progress == Progress::Events {
        return false;
    }
    match error.kind {
        ErrorKind::ConnectTimeoutError => true,
        // Of an answer that is cut the provider may have written, and billed, the rest.
        ErrorKind::ApiConnectionError => progress == Progress::Nothing,
        ErrorKind::FirstEventTimeoutError
        | ErrorKind::IdleTimeoutError
        | ErrorKind::TotalTimeoutError
        | ErrorKind::AbortedError
        | ErrorKind::ContextOverflowError => false,
        _ => match (error.should_retry, error.status) {
            (Some(said), Some(400..)) => said,
            (_, Some(status)) => matches!(status, 408 | 409 | 429 | 500..=599),
            (_, None) => false,
        },
    }
}

fn times(failed: u32) -> String {
    match failed {
        1 => "sent once".to_owned(),
        2 => "sent twice".to_owned(),
        _ => format!("sent {failed} times"),
    }
}

/// Seconds for people: to the millisecond, without zeros at the end.
fn figure(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// What a client may spend on retries, by provider: each request earns a share of one, so that an outage is met with
/// few requests more than before it.
#[derive(Default)]
pub struct Budgets(Mutex<Vec<Account>>);

struct Account {
    host: String,
    port: u16,
    retries: f64,
}

impl Budgets {
    /// A first request to a host, which earns `share` of a retry.
    pub fn earn(&self, host: &str, port: u16, share: f64) {
        let mut accounts = self.accounts();
        match accounts.iter_mut().find(|account| account.is(host, port)) {
            Some(account) => account.retries = (account.retries + share).min(SAVINGS),
            None => {
                if accounts.len() == ACCOUNTS {
                    // The richest has failed the least.
                    let richest = accounts
                        .iter()
                        .enumerate()
                        .max_by(|(_, one), (_, other)| one.retries.total_cmp(&other.retries));
                    if let Some((index, _)) = richest {
                        accounts.swap_remove(index);
                    }
                }
                accounts.push(Account {
                    host: host.to_owned(),
                    port,
                    retries: RESERVE + share,
                });
            }
        }
    }

    /// Takes one retry; false if there is none left.
    #[must_use]
    pub fn spend(&self, host: &str, port: u16) -> bool {
        let mut accounts = self.accounts();
        let account = accounts.iter_mut().find(|account| account.is(host, port));
        // A host that others have pushed out of the accounts has not failed much.
        let Some(account) = account else { return true };
        // Shares such as 0.2 do not add up exactly.
        let enough = account.retries > 1.0 - 1e-6;
        if enough {
            account.retries -= 1.0;
        }
        enough
    }

    fn accounts(&self) -> MutexGuard<'_, Vec<Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn is(&self, host: &str, port: u16) -> bool {
        self.port == port && self.host == host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, status: u16, retry_after: Option<f64>) -> Error {
        Error {
            status: (status > 0).then_some(status),
            retry_after,
            ..Error::new(kind, "")
        }
    }

    fn status(status: u16) -> Error {
        error(ErrorKind::of_status(status), status, None)
    }

    /// What is decided about the first failure, with the longest wait and no limit of time.
    fn first(error: &Error, progress: Progress) -> Verdict {
        decide(&Retries::default(), 1, error, progress, 1.0, None)
    }

    fn again(wait: f64) -> Verdict {
        Verdict::Again {
            wait: Duration::from_secs_f64(wait),
            asked: false,
        }
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for code in [408, 409, 429, 500, 501, 502, 503, 504, 520, 529, 599] {
            assert_eq!(first(&status(code), Progress::Nothing), again(0.5), "{code}");
            // Told inside an answer of which no event was made.
            let inside = error(ErrorKind::ResponseError, code, None);
            assert_eq!(first(&inside, Progress::Bytes), again(0.5), "{code}");
        }
        for kind in [ErrorKind::ApiConnectionError, ErrorKind::ConnectTimeoutError] {
            assert_eq!(first(&error(kind, 0, None), Progress::Nothing), again(0.5), "{kind:?}");
        }
    }

    #[test]
    fn what_cannot_get_better_is_not() {
        let no = Verdict::Enough(None);
        for code in [301, 400, 401, 402, 403, 404, 413, 422] {
            assert_eq!(first(&status(code), Progress::Nothing), no, "{code}");
        }
        for kind in [
            ErrorKind::FirstEventTimeoutError,
            ErrorKind::IdleTimeoutError,
            ErrorKind::TotalTimeoutError,
            ErrorKind::AbortedError,
            ErrorKind::ContextOverflowError,
        ] {
            for code in [0, 200, 429, 503] {
                assert_eq!(
                    first(&error(kind, code, None), Progress::Nothing),
                    no,
                    "{kind:?} {code}"
                );
            }
        }
        // Cut or malformed.
        assert_eq!(first(&error(ErrorKind::ResponseError, 200, None), Progress::Bytes), no);
        assert_eq!(first(&error(ErrorKind::ResponseError, 0, None), Progress::Bytes), no);
        let permanent = Error {
            permanent: true,
            ..status(429)
        };
        assert_eq!(first(&permanent, Progress::Nothing), no);
    }

    #[test]
    fn nothing_is_asked_for_twice_once_an_event_was_made() {
        for error in [
            status(503),
            error(ErrorKind::ResponseError, 529, None),
            error(ErrorKind::ApiConnectionError, 0, None),
        ] {
            assert_eq!(first(&error, Progress::Events), Verdict::Enough(None));
        }
    }

    #[test]
    fn a_connection_that_broke_inside_a_body_is_not_tried_again() {
        let broken = error(ErrorKind::ApiConnectionError, 200, None);
        assert_eq!(first(&broken, Progress::Nothing), again(0.5));
        assert_eq!(first(&broken, Progress::Bytes), Verdict::Enough(None));
    }

    #[test]
    fn the_servers_word_counts_where_its_status_is_a_failure() {
        let told = |code, word| Error {
            should_retry: Some(word),
            ..status(code)
        };
        assert_eq!(first(&told(400, true), Progress::Nothing), again(0.5));
        assert_eq!(first(&told(503, false), Progress::Nothing), Verdict::Enough(None));
        assert_eq!(first(&told(302, true), Progress::Nothing), Verdict::Enough(None));
    }

    #[test]
    fn waits_double_up_to_the_most_and_are_drawn_from_zero() {
        let policy = Retries {
            count: 100,
            ..Retries::default()
        };
        let wait = |failed, random| match decide(&policy, failed, &status(500), Progress::Nothing, random, None) {
            Verdict::Again { wait, asked } => {
                assert!(!asked);
                wait.as_secs_f64()
            }
            Verdict::Enough(why) => panic!("{why:?}"),
        };
        let longest: Vec<f64> = (1..8).map(|failed| wait(failed, 1.0)).collect();
        assert_eq!(longest, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]);
        assert!((wait(3, 0.25) - 0.5).abs() < 1e-9);
        assert!(wait(3, 0.0) == 0.0);
        assert!((wait(100, 1.0) - 8.0).abs() < 1e-9);
    }

    #[test]
    fn the_count_ends_it_and_the_error_says_so() {
        let said = |count, failed| {
            let policy = Retries {
                count,
                ..Retries::default()
            };
            match decide(&policy, failed, &status(500), Progress::Nothing, 0.0, None) {
                Verdict::Enough(note) => note,
                Verdict::Again { .. } => Some("again".to_owned()),
            }
        };
        assert_eq!(said(0, 1), None);
        assert_eq!(said(2, 2).as_deref(), Some("again"));
        assert_eq!(said(1, 2).as_deref(), Some("sent twice"));
        assert_eq!(said(2, 3).as_deref(), Some("sent 3 times"));
        let policy = Retries::default();
        let refused = decide(&policy, 2, &status(401), Progress::Nothing, 0.0, None);
        assert_eq!(refused, Verdict::Enough(Some("sent twice".to_owned())));
    }

    #[test]
    fn the_providers_wish_wins_where_it_is_longer() {
        let decided = |wish, random| {
            let error = error(ErrorKind::RateLimitError, 429, Some(wish));
            decide(&Retries::default(), 1, &error, Progress::Nothing, random, None)
        };
        let asked = |wait| Verdict::Again {
            wait: Duration::from_secs_f64(wait),
            asked: true,
        };
        assert_eq!(decided(3.0, 1.0), asked(3.0));
        assert_eq!(decided(0.1, 1.0), asked(0.5));
        assert_eq!(decided(0.0, 1.0), again(0.5));
        assert_eq!(decided(60.0, 0.0), asked(60.0));
        // An outage that names a wait is an outage all the same.
        let down = error(ErrorKind::OverloadedError, 503, Some(3.0));
        assert_eq!(first(&down, Progress::Nothing), again(3.0));
        let long = "the provider asks to wait 60.5 s, longer than retries.max_wait (60 s)";
        assert_eq!(decided(60.5, 0.0), Verdict::Enough(Some(long.to_owned())));
    }

    #[test]
    fn no_wait_passes_the_total_time() {
        let left = Some(Duration::from_secs(2));
        let decided = |wish, random| {
            let error = error(ErrorKind::RateLimitError, 429, wish);
            let policy = Retries {
                backoff: 4.0,
                ..Retries::default()
            };
            decide(&policy, 1, &error, Progress::Nothing, random, left)
        };
        assert_eq!(decided(None, 0.25), again(1.0));
        let over = |text: &str| Verdict::Enough(Some(text.to_owned()));
        assert_eq!(
            decided(None, 0.75),
            over("timeout.total leaves no time for another try")
        );
        let asked = "the provider asks to wait 30 s, longer than timeout.total leaves";
        assert_eq!(decided(Some(30.0), 0.0), over(asked));
    }

    #[test]
    fn a_budget_is_spent_and_earned_by_host() {
        let budgets = Budgets::default();
        budgets.earn("a", 443, 0.2);
        budgets.earn("b", 443, 0.2);
        let spent = (0..20).take_while(|_| budgets.spend("a", 443)).count();
        assert_eq!(spent, 10);
        assert!(budgets.spend("b", 443), "each host has its own");
        for _ in 0..4 {
            budgets.earn("a", 443, 0.2);
        }
        assert!(budgets.spend("a", 443) && !budgets.spend("a", 443));
        for _ in 0..1000 {
            budgets.earn("a", 443, 0.5);
        }
        let spent = (0..200).take_while(|_| budgets.spend("a", 443)).count();
        assert_eq!(spent, 100, "no more is saved up");
    }

    #[test]
    fn accounts_are_kept_of_a_bounded_number_of_hosts() {
        let budgets = Budgets::default();
        for port in 0..2048 {
            budgets.earn("a", port, 0.2);
        }
        assert_eq!(budgets.accounts().len(), ACCOUNTS);
    }

    #[test]
    fn hosts_that_fail_are_kept_in_the_accounts() {
        let budgets = Budgets::default();
        budgets.earn("down", 443, 0.2);
        for _ in 0..10 {
            assert!(budgets.spend("down", 443));
        }
        for host in 0..3 * ACCOUNTS {
            budgets.earn(&host.to_string(), 443, 0.2);
            assert!(!budgets.spend("down", 443));
        }
        assert_eq!(budgets.accounts().len(), ACCOUNTS);
    }
}

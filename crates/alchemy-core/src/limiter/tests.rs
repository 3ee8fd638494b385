//! Who goes when, by a clock that stands still until everybody waits.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{advance, sleep, timeout};

use super::*;

const MODEL: &str = "here/one";
const OTHER: &str = "here/other";
const SOON: Duration = Duration::from_millis(1);

fn limits(concurrent: u32, requests: u32, tokens: u64) -> Limits {
    Limits {
        concurrent_requests: NonZero::new(concurrent),
        requests_per_minute: NonZero::new(requests),
        tokens_per_minute: NonZero::new(tokens),
        learn: true,
    }
}

fn limiter(concurrent: u32, requests: u32, tokens: u64) -> Limiter {
    Limiter::new(&limits(concurrent, requests, tokens))
}

fn head(status: u16, headers: &[(&'static str, &str)]) -> Head {
    let mut head = Head {
        status: StatusCode::from_u16(status).unwrap(),
        ..Head::default()
    };
    for (name, value) in headers {
        head.headers.append(name, &[value]);
    }
    head
}

fn left(limit: u32, remaining: u32, reset: &str) -> Head {
    head(
        200,
        &[
            ("x-ratelimit-limit-requests", &limit.to_string()),
            ("x-ratelimit-remaining-requests", &remaining.to_string()),
            ("x-ratelimit-reset-requests", reset),
        ],
    )
}

fn used(tokens: u64) -> Usage {
    Usage {
        total_tokens: Some(tokens),
        ..Usage::default()
    }
}

/// A permit that has to be there at once.
async fn now(limiter: &Limiter, model: &str, tokens: u64) -> Permit {
    timeout(SOON, limiter.acquire(model, tokens, Some(0))).await.unwrap()
}

/// How long it takes to get a permit, which is given back at once.
async fn wait(limiter: &Limiter, model: &str, tokens: u64) -> Duration {
    let start = Instant::now();
    drop(limiter.acquire(model, tokens, Some(0)).await);
    start.elapsed()
}

/// Has somebody wait for a permit, and returns once they have their place.
async fn waiter(limiter: &Limiter, model: &'static str, tokens: u64) -> JoinHandle<(Permit, Instant)> {
    let limiter = limiter.clone();
    let task = tokio::spawn(async move {
        let permit = limiter.acquire(model, tokens, Some(0)).await;
        (permit, Instant::now())
    });
    yield_now().await;
    task
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_second_of_requests_goes_at_once() {
    let limiter = limiter(0, 600, 0);
    let start = Instant::now();
    for _ in 0..10 {
        drop(limiter.acquire(MODEL, 1, None).await);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    let pause = wait(&limiter, MODEL, 1).await;
    assert!((100..105).contains(&pause.as_millis()), "{pause:?}");
    // After a rest it is a second's worth again, and not that of the whole rest.
    sleep(Duration::from_secs(300)).await;
    let start = Instant::now();
    for _ in 0..11 {
        drop(limiter.acquire(MODEL, 1, None).await);
    }
    assert!(start.elapsed() > Duration::from_millis(99));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_more_tokens_than_the_limit_goes_alone() {
    let limiter = limiter(0, 0, 1000);
    drop(now(&limiter, MODEL, 1).await);
    let start = Instant::now();
    let big = waiter(&limiter, MODEL, 2500).await;
    let small = waiter(&limiter, MODEL, 1).await;
    assert_eq!(big.await.unwrap().1 - start, Duration::from_secs(60));
    // It had as much as there is in two and a half minutes.
    assert_eq!(small.await.unwrap().1 - start, Duration::from_secs(240));
}

#[tokio::test(start_paused = true)]
async fn small_requests_do_not_overtake_a_big_one() {
    let limiter = limiter(0, 0, 1000);
    drop(now(&limiter, MODEL, 600).await);
    sleep(Duration::from_secs(10)).await;
    drop(now(&limiter, MODEL, 300).await);
    let start = Instant::now();
    let big = waiter(&limiter, MODEL, 900).await;
    let mut small = Vec::new();
    for _ in 0..20 {
        small.push(waiter(&limiter, OTHER, 50).await);
    }
    let big = big.await.unwrap().1;
    assert_eq!(big - start, Duration::from_secs(60));
    for task in small {
        assert!(task.await.unwrap().1 >= big);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_used_less_lets_others_go_at_once() {
    let limiter = limiter(0, 0, 1000);
    let mut first = now(&limiter, MODEL, 1000).await;
    let second = waiter(&limiter, MODEL, 300).await;
    sleep(Duration::from_secs(1)).await;
    assert!(!second.is_finished());
    first.settle(&used(700));
    timeout(SOON, second).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_used_more_counts_for_what_it_used() {
    let limiter = limiter(0, 0, 1000);
    let mut first = now(&limiter, MODEL, 100).await;
    sleep(Duration::from_secs(20)).await;
    first.settle(&used(900));
    assert_eq!(wait(&limiter, MODEL, 200).await, Duration::from_secs(40));
    // An answer of more than a minute: what it used beyond the estimate counts from its end.
    let limiter = self::limiter(0, 0, 1000);
    let mut first = now(&limiter, MODEL, 100).await;
    sleep(Duration::from_secs(90)).await;
    first.settle(&used(1000));
    assert_eq!(wait(&limiter, MODEL, 200).await, Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_claims_nonsense_holds_nobody_back_for_ever() {
    let limiter = limiter(0, 0, 1000);
    let mut permit = now(&limiter, MODEL, 100).await;
    permit.settle(&used(u64::MAX));
    assert_eq!(wait(&limiter, MODEL, u64::MAX).await, Duration::from_secs(600));
    assert_eq!(wait(&limiter, MODEL, 1000).await, Duration::from_secs(600));
    assert_eq!(wait(&limiter, MODEL, 1000).await, Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_used_no_tokens() {
    let limiter = limiter(0, 0, 1000);
    let mut permit = now(&limiter, MODEL, 1000).await;
    permit.refused(None);
    drop(now(&limiter, MODEL, 1000).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_taken_to_be_as_long_as_those_before() {
    let limiter = limiter(0, 0, 10_000);
    let mut permit = timeout(SOON, limiter.acquire(MODEL, 9000, None)).await.unwrap();
    permit.settle(&Usage {
        input: Some(5000),
        cache_read: Some(3000),
        output: Some(100),
        ..Usage::default()
    });
    drop(permit);
    // 8100 so far, and 1800 with 100 more: another model's answer is still taken for 1000.
    assert!(timeout(SOON, limiter.acquire(OTHER, 1000, None)).await.is_err());
    timeout(SOON, limiter.acquire(MODEL, 1800, None)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_passes_the_turn_on() {
    let limiter = limiter(1, 0, 0);
    let permit = now(&limiter, MODEL, 1).await;
    let first = waiter(&limiter, MODEL, 1).await;
    let second = waiter(&limiter, OTHER, 1).await;
    let third = waiter(&limiter, MODEL, 1).await;
    assert_eq!(limiter.counts(), (1, 3));
    second.abort();
    yield_now().await;
    assert_eq!(limiter.counts(), (1, 2));
    // The first is given the place and gone before it can know: it is the third's.
    drop(permit);
    first.abort();
    timeout(SOON, third).await.unwrap().unwrap();
    assert_eq!(limiter.counts(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_a_timed_wait_leaves_the_timer_to_the_next() {
    let limiter = limiter(0, 60, 0);
    drop(now(&limiter, MODEL, 1).await);
    let start = Instant::now();
    let first = waiter(&limiter, MODEL, 1).await;
    let second = waiter(&limiter, MODEL, 1).await;
    advance(Duration::from_millis(500)).await;
    first.abort();
    let second = timeout(Duration::from_secs(2), second).await.unwrap().unwrap().1;
    assert!(
        (1000..1005).contains(&(second - start).as_millis()),
        "{:?}",
        second - start
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_by_the_minute_that_was_not_used_is_given_back() {
    let limiter = limiter(1, 1, 10);
    let permit = {
        let start = limiter.acquire(MODEL, 10, Some(0));
        tokio::pin!(start);
        poll_fn(|context| start.as_mut().poll(context)).await
    };
    sleep(Duration::from_secs(120)).await;
    let first = waiter(&limiter, MODEL, 10).await;
    let second = waiter(&limiter, OTHER, 10).await;
    drop(permit);
    first.abort();
    timeout(SOON, second).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_not_woken_for_nothing() {
    let limiter = limiter(2, 60, 0);
    let busy = now(&limiter, MODEL, 1).await;
    let polls = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (limiter, polls) = (limiter.clone(), polls.clone());
        tasks.push(tokio::spawn(async move {
            let wait = limiter.acquire(MODEL, 1, None);
            tokio::pin!(wait);
            let permit = poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                wait.as_mut().poll(context)
            });
            drop(permit.await);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    drop(busy);
    // Each once to come, once to be next and once to go.
    assert_eq!(polls.load(Ordering::Relaxed), 29);
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_says_is_left_holds_the_next_back() {
    let limiter = limiter(0, 0, 0);
    now(&limiter, MODEL, 1).await.answered(&left(10, 0, "300ms"));
    // The others go on.
    drop(now(&limiter, OTHER, 1).await);
    assert_eq!(wait(&limiter, MODEL, 1).await, Duration::from_millis(300));
    // All of them are there again, and then no more for a minute.
    for _ in 0..9 {
        drop(now(&limiter, MODEL, 1).await);
    }
    assert_eq!(wait(&limiter, MODEL, 1).await, Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn requests_that_were_sent_since_count_as_well() {
    let limiter = limiter(0, 0, 0);
    let first = now(&limiter, MODEL, 1).await;
    let second = now(&limiter, MODEL, 1).await;
    let third = now(&limiter, MODEL, 1).await;
    // Two are left after the first, which are the second and the third.
    first.answered(&left(10, 2, "5s"));
    assert!(timeout(SOON, limiter.acquire(MODEL, 1, None)).await.is_err());
    // The third knows better than the first, and the second knows less than the third.
    third.answered(&left(10, 1, "5s"));
    second.answered(&left(10, 0, "9s"));
    drop(now(&limiter, MODEL, 1).await);
    assert!(wait(&limiter, MODEL, 1).await >= Duration::from_millis(4900));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_an_answer_says_are_left_are_not_exceeded() {
    let limiter = limiter(0, 0, 0);
    let told = head(
        200,
        &[
            ("x-ratelimit-limit-tokens", "1000"),
            ("x-ratelimit-remaining-tokens", "500"),
            ("x-ratelimit-reset-tokens", "7s"),
        ],
    );
    now(&limiter, MODEL, 500).await.answered(&told);
    drop(now(&limiter, MODEL, 400).await);
    let big = waiter(&limiter, MODEL, 2000).await;
    let small = waiter(&limiter, MODEL, 50).await;
    let start = Instant::now();
    // More than there can ever be goes once all of it is there, and not never.
    let big = big.await.unwrap().1;
    assert_eq!(big - start, Duration::from_secs(7));
    assert!(small.await.unwrap().1 > big);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_tokens_counts_once_it_is_used_up() {
    let told = |output: &str| {
        head(
            200,
            &[
                ("date", "Thu, 21 Aug 2025 12:41:00 GMT"),
                ("anthropic-ratelimit-tokens-limit", "96000"),
                ("anthropic-ratelimit-tokens-remaining", "80000"),
                ("anthropic-ratelimit-tokens-reset", "2025-08-21T12:41:01Z"),
                ("anthropic-ratelimit-output-tokens-limit", "16000"),
                ("anthropic-ratelimit-output-tokens-remaining", output),
                ("anthropic-ratelimit-output-tokens-reset", "2025-08-21T12:41:09Z"),
            ],
        )
    };
    let limiter = limiter(0, 0, 0);
    now(&limiter, MODEL, 1).await.answered(&told("1"));
    now(&limiter, MODEL, 50_000).await.answered(&told("0"));
    assert_eq!(wait(&limiter, MODEL, 1).await, Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_what_is_not_told_or_takes_long() {
    let limiter = limiter(0, 0, 0);
    now(&limiter, MODEL, 1).await.answered(&left(10, 0, "1h0m0s"));
    drop(now(&limiter, MODEL, 1).await);
    let without_reset = head(200, &[("x-ratelimit-remaining-requests", "0")]);
    now(&limiter, MODEL, 1).await.answered(&without_reset);
    drop(now(&limiter, MODEL, 1).await);
    now(&limiter, MODEL, 1).await.answered(&left(0, 0, "2s"));
    sleep(Duration::from_secs(3)).await;
    for _ in 0..3 {
        drop(now(&limiter, MODEL, 1).await);
    }
    now(&limiter, MODEL, 1).await.refused(Some(Duration::from_secs(61)));
    drop(now(&limiter, MODEL, 1).await);
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_wait_holds_back_the_model_and_no_other() {
    let limiter = limiter(0, 0, 0);
    let early = now(&limiter, MODEL, 1).await;
    now(&limiter, MODEL, 1).await.refused(Some(Duration::from_secs(5)));
    drop(now(&limiter, OTHER, 1).await);
    let held = waiter(&limiter, MODEL, 1).await;
    // An answer to an earlier request says nothing of it.
    early.answered(&left(10, 9, "1s"));
    let start = Instant::now();
    assert_eq!(held.await.unwrap().1 - start, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_over_while_others_are_under_way_is_for_their_end() {
    let limiter = limiter(1, 0, 0);
    now(&limiter, MODEL, 1).await.refused(Some(Duration::from_secs(5)));
    let held = waiter(&limiter, MODEL, 1).await;
    let other = now(&limiter, OTHER, 1).await;
    sleep(Duration::from_secs(9)).await;
    assert!(!held.is_finished());
    drop(other);
    timeout(SOON, held).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_comes_during_a_wait_prolongs_it() {
    let limiter = limiter(0, 60, 0);
    let mut permit = now(&limiter, MODEL, 1).await;
    let next = waiter(&limiter, MODEL, 1).await;
    let start = Instant::now();
    permit.refused(Some(Duration::from_secs(5)));
    assert_eq!(next.await.unwrap().1 - start, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_learned_where_that_was_not_wanted() {
    let limiter = Limiter::new(&Limits {
        learn: false,
        ..limits(0, 0, 0)
    });
    let mut permit = now(&limiter, MODEL, 1).await;
    permit.answered(&left(10, 0, "30s"));
    permit.refused(Some(Duration::from_secs(30)));
    drop(now(&limiter, MODEL, 1).await);
}

#[tokio::test(start_paused = true)]
async fn models_that_hold_nobody_back_are_forgotten() {
    let limiter = limiter(0, 0, 0);
    now(&limiter, MODEL, 1).await.answered(&left(10, 0, "50s"));
    for number in 0..2000 {
        drop(now(&limiter, &format!("here/{number}"), 1).await);
    }
    assert!(limiter.queue.lock().unwrap().models_known() <= 256);
    assert!(timeout(SOON, limiter.acquire(MODEL, 1, None)).await.is_err());
}

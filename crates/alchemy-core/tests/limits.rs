//! What no order of arrivals, waits and answers may break: the limits of a client hold, and everybody has a turn.

#![allow(clippy::cast_precision_loss, reason = "counts of a test are small")]

use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alchemy_core::limiter::Limiter;
use alchemy_core::types::{Limits, Usage};
use tokio::time::{Instant, sleep, timeout};

const MODEL: &str = "here/one";
const OTHER: &str = "here/other";
const SOON: Duration = Duration::from_millis(1);

fn limiter(concurrent: u32, requests: u32, tokens: u64) -> Limiter {
    Limiter::new(&Limits {
        concurrent_requests: NonZero::new(concurrent),
        requests_per_minute: NonZero::new(requests),
        tokens_per_minute: NonZero::new(tokens),
        learn: true,
    })
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_are_under_way_and_they_go_in_order() {
    let limiter = limiter(3, 0, 0);
    let (running, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..60_u64 {
        let (limiter, running, most, order) = (limiter.clone(), running.clone(), most.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            let permit = limiter.acquire(MODEL, 1, None).await;
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            order.lock().unwrap().push(number);
            sleep(Duration::from_millis(Dice(number).below(100))).await;
            running.fetch_sub(1, Ordering::Relaxed);
            drop(permit);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(most.load(Ordering::Relaxed), 3);
    assert_eq!(*order.lock().unwrap(), (0..60).collect::<Vec<_>>());
    assert_eq!(limiter.counts(), (0, 0));
}

/// When requests went that come one after the other, at times and with gaps that the dice choose.
async fn times_of(limiter: &Limiter, count: u32, dice: &mut Dice, gap_ms: u64) -> Vec<Instant> {
    let mut times = Vec::new();
    for _ in 0..count {
        if gap_ms > 0 && dice.below(3) == 0 {
            sleep(Duration::from_millis(dice.below(gap_ms))).await;
        }
        if dice.below(5) == 0 {
            // Somebody who gives up takes nothing from those who stay.
            let _ = timeout(SOON, limiter.acquire(MODEL, 1, None))
                .await
                .map(|_| times.push(Instant::now()));
        }
        drop(limiter.acquire(MODEL, 1, None).await);
        times.push(Instant::now());
    }
    times
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_requests_than_the_limit() {
    for limit in [1, 2, 3, 59, 60, 61, 119, 120, 500, 1000, 12_345] {
        let mut dice = Dice(u64::from(limit));
        for gap_ms in [0, 50, 5_000, 90_000] {
            let limiter = limiter(0, limit, 0);
            let count = limit.min(400) * 3 + 2;
            let times = times_of(&limiter, count, &mut dice, gap_ms).await;
            let mut start = 0;
            for (index, time) in times.iter().enumerate() {
                while *time - times[start] >= Duration::from_secs(60) {
                    start += 1;
                }
                assert!(index - start < limit as usize, "more than {limit} in a minute");
            }
            if gap_ms == 0 {
                // And not many fewer: who waits for nothing else gets nearly all of it.
                let minutes = (times[times.len() - 1] - times[0]).as_secs_f64() / 60.0;
                let fewest = f64::from(limit) * 0.98 * minutes - 1.0;
                assert!(times.len() as f64 >= fewest, "{limit}: {} in {minutes}", times.len());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_tokens_than_the_limit() {
    let mut dice = Dice(7);
    let limiter = limiter(0, 0, 1000);
    let mut went: Vec<(Instant, u64)> = Vec::new();
    for _ in 0..300 {
        let tokens = dice.below(400);
        let mut permit = limiter.acquire(MODEL, tokens, Some(0)).await;
        let at = Instant::now();
        // The answer comes later, and used less than was thought.
        sleep(Duration::from_millis(dice.below(2000))).await;
        let real = dice.below(tokens + 1);
        permit.settle(&Usage {
            total_tokens: Some(real),
            ..Usage::default()
        });
        went.push((at, real));
    }
    for (index, (end, _)) in went.iter().enumerate() {
        let minute = went[..=index]
            .iter()
            .filter(|(at, _)| *end - *at < Duration::from_secs(60));
        let sum: u64 = minute.map(|(_, tokens)| tokens).sum();
        assert!(sum <= 1000, "{sum}");
    }
    let all: u64 = went.iter().map(|(_, tokens)| tokens).sum();
    let minutes = (went[299].0 - went[0].0).as_secs_f64() / 60.0;
    assert!(all as f64 > 1000.0 * minutes * 0.6, "{all} in {minutes} minutes");
}

#[test]
fn threads_that_come_and_give_up_lose_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let limiter = limiter(3, 0, 0);
    let (running, served) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut tasks = Vec::new();
    for number in 0..32_u64 {
        let (limiter, running, served) = (limiter.clone(), running.clone(), served.clone());
        tasks.push(runtime.spawn(async move {
            let mut dice = Dice(number);
            for _ in 0..100 {
                let patience = Duration::from_micros(dice.below(3000));
                let model = if dice.below(2) == 0 { MODEL } else { OTHER };
                if let Ok(permit) = timeout(patience, limiter.acquire(model, 1, None)).await {
                    assert!(running.fetch_add(1, Ordering::SeqCst) < 3);
                    sleep(Duration::from_micros(dice.below(300))).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    served.fetch_add(1, Ordering::SeqCst);
                    drop(permit);
                }
            }
        }));
    }
    runtime.block_on(async {
        for task in tasks {
            timeout(Duration::from_secs(60), task).await.unwrap().unwrap();
        }
        assert_eq!(limiter.counts(), (0, 0));
        assert!(served.load(Ordering::SeqCst) > 0);
        timeout(Duration::from_secs(5), limiter.acquire(MODEL, 1, None))
            .await
            .unwrap();
    });
}

//! Random bits from the system: a forked child draws others than its parent.

/// 128 bits; None where the system has none to give.
#[must_use]
pub fn bits() -> Option<u128> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes).ok()?;
    Some(u128::from_le_bytes(bytes))
}

/// A number from 0 to 1; None where the system has none to give.
#[must_use]
pub fn fraction() -> Option<f64> {
    let mut bytes = [0; 4];
    getrandom::getrandom(&mut bytes).ok()?;
    Some(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_fractions_are_spread() {
        assert_ne!(bits(), bits());
        let drawn: Vec<f64> = (0..200).map(|_| fraction().unwrap()).collect();
        assert!(drawn.iter().all(|one| (0.0..=1.0).contains(one)));
        assert!(drawn.iter().any(|one| *one < 0.2) && drawn.iter().any(|one| *one > 0.8));
    }
}

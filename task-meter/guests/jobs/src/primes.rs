//! The primes of a range, by a sieve over its part of the numbers.
//!
//! Input, as text: the first number and the one behind the last, a million apart at most and below 10^13. Output, as text: how many primes
//! there are, how many pairs two apart whose smaller one is in the range, the greatest prime, and the largest gap with the prime before it.

use jobs::{numbers, task};

task!(count);

const RANGE_MAX: u64 = 10_000_000;
const NUMBER_MAX: u64 = 10_000_000_000_000;

fn count(input: &[u8]) -> Vec<u8> {
    let mut given = numbers(input);
    let from = given.next().unwrap_or(0).min(NUMBER_MAX);
    let to = given.next().unwrap_or(0).clamp(from, from + RANGE_MAX).min(NUMBER_MAX);
    // The gap behind the last prime, and its twin, lie beyond the range.
    let is_prime = sieve(from, to + 2);
    let in_range = (to - from) as usize;
    let primes = |upto: usize| (0..upto).filter(|at| is_prime[*at]);
    let twins = primes(in_range).filter(|at| is_prime[at + 2]).count();
    let (mut before, mut gap, mut behind) = (None, 0, 0);
    for at in primes(in_range) {
        let prime = from + at as u64;
        if let Some(last) = before.replace(prime)
            && prime - last > gap
        {
            (gap, behind) = (prime - last, last);
        }
    }
    format!("{} {twins} {} {gap} {behind}", primes(in_range).count(), before.unwrap_or(0)).into_bytes()
}

/// Which numbers from `from` up to `to` are prime.
fn sieve(from: u64, to: u64) -> Vec<bool> {
    let mut is_prime = vec![true; (to - from) as usize];
    for number in from..to.min(2) {
        is_prime[(number - from) as usize] = false;
    }
    for prime in small(to.isqrt() + 1) {
        let first = (from.div_ceil(prime) * prime).max(prime * prime);
        let mut at = first.saturating_sub(from);
        while at < to - from {
            is_prime[at as usize] = false;
            at += prime;
        }
    }
    is_prime
}

fn small(below: u64) -> Vec<u64> {
    let mut is_prime = vec![true; below as usize + 1];
    let mut primes = Vec::new();
    for number in 2..=below {
        if is_prime[number as usize] {
            primes.push(number);
            let multiples = (number * number..=below).step_by(number as usize);
            multiples.for_each(|multiple| is_prime[multiple as usize] = false);
        }
    }
    primes
}

//! Chance. Every draw follows from the seed, who draws, and how often it has drawn before, so that it depends neither
//! on the order in which nodes run nor on how many threads run them.

/// A small seeded generator (SplitMix64; Steele, Lea and Flood 2014).
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

/// Spreads every bit of `z` over all 64 bits.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// The draws of `who` in the run of `seed`.
    pub fn new(seed: u64, who: u64) -> Self {
        Self(mix(seed ^ mix(who.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A number in (0, 1].
    pub fn unit(&mut self) -> f64 {
        ((self.draw() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.unit() <= p
    }

    /// A draw from the normal distribution with mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    /// A draw from the log-normal distribution with this median; `sigma` is the deviation of the logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// How many events of a Poisson process of so many a second happen in a span of microseconds.
    pub fn arrivals(&mut self, per_s: f64, (first, last): (u64, u64)) -> u64 {
        self.poisson(per_s * (last - first) as f64 / 1e6)
    }

    /// How many events of a Poisson process happen where `mean` are expected (Knuth; halves where that would underflow).
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 500.0 {
            return self.poisson(mean / 2.0) + self.poisson(mean / 2.0);
        }
        let least = libm::exp(-mean);
        let (mut count, mut product) = (0, self.unit());
        while product > least {
            count += 1;
            product *= self.unit();
        }
        count
    }

    /// Thirty-two bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.draw().to_be_bytes());
        }
        bytes
    }

    /// `length` bytes.
    pub fn vec(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for chunk in bytes.chunks_mut(8) {
            let word = self.draw().to_be_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        bytes
    }
}

/// A running hash of what happened: fast, 64 bits, no defence against anybody who wants collisions.
pub fn fold(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let mut chunks = bytes.chunks_exact(8);
    let mut hash = step(hash, bytes.len() as u64);
    for chunk in &mut chunks {
        hash = step(hash, u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
    }
    chunks.remainder().iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_drawer_alone() {
        let four = |mut dice: Dice| [dice.draw(), dice.draw(), dice.draw(), dice.draw()];
        assert_eq!(four(Dice::new(1, 2)), four(Dice::new(1, 2)));
        assert_ne!(four(Dice::new(1, 2)), four(Dice::new(1, 3)));
        assert_ne!(four(Dice::new(1, 2)), four(Dice::new(2, 2)));
    }

    #[test]
    fn distributions_have_their_means_and_medians() {
        let mut dice = Dice::new(7, 0);
        let n = 20_000;
        let mean = (0..n).map(|_| dice.poisson(3.0)).sum::<u64>() as f64 / f64::from(n);
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
        let below = (0..n).filter(|_| dice.log_normal(20.0, 0.5) < 20.0).count();
        assert!((9_700..10_300).contains(&below), "{below}");
        let big = (0..200).map(|_| dice.poisson(2_000.0)).sum::<u64>() as f64 / 200.0;
        assert!((big - 2_000.0).abs() < 15.0, "{big}");
    }

    #[test]
    fn the_running_hash_sees_every_byte_and_the_length() {
        let bytes: Vec<u8> = (0..29).collect();
        let hash = fold(0, &bytes);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(fold(0, &other), hash);
        }
        assert_ne!(fold(0, &bytes[..28]), hash);
    }
}

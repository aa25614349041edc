//! Random modules by wasm-smith, of the features that the profile knows and some that it refuses.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// A sequence of bytes from a seed (SplitMix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.draw() as u8).collect()
    }
}

/// What the profile accepts: WebAssembly 2.0 without vectors.
fn accepted(random: &mut Random) -> Config {
    Config {
        bulk_memory_enabled: false,
        allow_floats: random.below(3) > 0,
        canonicalize_nans: false,
        disallow_traps: random.below(2) == 0,
        exceptions_enabled: false,
        export_everything: true,
        extended_const_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        max_imports: 0,
        max_instructions: 50 + random.below(400) as usize,
        max_memories: 1,
        max_memory32_bytes: 8 << 20,
        max_table_elements: 2_000,
        max_tables: 1 + 2 * random.below(2) as usize,
        max_tags: 0,
        memory_max_size_required: true,
        memory64_enabled: false,
        multi_value_enabled: random.below(2) == 0,
        reference_types_enabled: random.below(2) == 0,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}

/// A valid module of the seed, mostly of what the profile accepts. None where the bytes make none.
#[must_use]
pub fn module(seed: u64) -> Option<Vec<u8>> {
    let mut random = Random::new(seed);
    let mut config = accepted(&mut random);
    config.bulk_memory_enabled = config.reference_types_enabled;
    if random.below(16) == 0 {
        config = Config { max_imports: 4, ..Config::default() };
    }
    let length = 200 + random.below(4_000) as usize;
    let bytes = random.bytes(length);
    Module::new(config, &mut Unstructured::new(&bytes)).ok().map(|module| module.to_bytes())
}

/// The same bytes with a few of them changed, taken out or put in.
#[must_use]
pub fn damaged(module: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = module.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        match random.below(12) {
            0 if !bytes.is_empty() => drop(bytes.remove(at)),
            1 => bytes.insert(at.min(bytes.len()), random.draw() as u8),
            2..6 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            6..8 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
            _ if !bytes.is_empty() => bytes[at] = random.draw() as u8,
            _ => {}
        }
    }
    bytes
}

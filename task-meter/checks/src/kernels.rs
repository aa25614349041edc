//! The programs of `kernels/kernels.rs`: what metering is measured on.

/// Each kernel with a number of rounds that takes about a millisecond: the best of many short runs is one that nothing disturbed.
pub const KERNELS: [(&str, i32); 10] = [
    ("fibonacci", 1),
    ("sieve", 4),
    ("matrix", 5),
    ("checksum", 4),
    ("hash", 3_000),
    ("sorting", 4),
    ("machine", 100),
    ("mandelbrot", 1),
    ("spectral", 30),
    ("bodies", 10_000),
];

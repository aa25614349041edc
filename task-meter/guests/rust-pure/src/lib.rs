//! A pure task in Rust: the Mandelbrot set as a picture.
//!
//! Input: nothing, or three numbers as text, `x y width`, for the part of the plane. Output: a BMP picture.

use core::f64::consts::LN_2;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;
const STEPS: u32 = 400;

/// Memory for `length` bytes that the host writes before it calls [`run`].
#[unsafe(no_mangle)]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    Vec::leak(vec![0; length]).as_mut_ptr()
}

/// The task: at `place` lie 32 bytes of seed and the input. The answer is the output's place and length.
///
/// # Safety
/// `place` and `length` are what the host was given and wrote.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn run(place: *const u8, length: usize) -> u64 {
    // SAFETY: see above.
    let bytes = unsafe { core::slice::from_raw_parts(place, length) };
    let picture = draw(&bytes[32..]).leak();
    (picture.as_ptr() as u64) << 32 | picture.len() as u64
}

fn draw(input: &[u8]) -> Vec<u8> {
    let text = core::str::from_utf8(input).unwrap_or("");
    let mut numbers = text.split_whitespace().filter_map(|word| word.parse().ok());
    let mut next = |default: f64| numbers.next().unwrap_or(default);
    let (x, y, width) = (next(-0.7435), next(0.1314), next(0.006));
    let scale = width / WIDTH as f64;
    let mut picture = header();
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let real = x + (column as f64 - WIDTH as f64 / 2.0) * scale;
            let imaginary = y + (row as f64 - HEIGHT as f64 / 2.0) * scale;
            picture.extend_from_slice(&colour(escape(real, imaginary)));
        }
    }
    picture
}

/// After how many steps the point leaves, smoothly; nothing if it stays.
fn escape(real: f64, imaginary: f64) -> Option<f64> {
    let (mut x, mut y) = (0.0_f64, 0.0_f64);
    for step in 0..STEPS {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 256.0 {
            let smooth = ((xx + yy).ln() / 2.0 / LN_2).ln() / LN_2;
            return Some(f64::from(step) + 1.0 - smooth);
        }
        (x, y) = (xx - yy + real, 2.0 * x * y + imaginary);
    }
    None
}

/// Blue, green, red.
fn colour(escaped: Option<f64>) -> [u8; 3] {
    let Some(steps) = escaped else { return [12, 7, 5] };
    let turn = |phase: f64| {
        let wave = 0.5 + 0.5 * (0.35 * steps.sqrt() * core::f64::consts::PI + phase).cos();
        (40.0 + 215.0 * wave) as u8
    };
    [turn(2.3), turn(3.1), turn(4.2)]
}

/// Of a BMP picture without compression, 24 bits a point.
fn header() -> Vec<u8> {
    let size = 54 + WIDTH * HEIGHT * 3;
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(b"BM");
    for word in [size as u32, 0, 54, 40, WIDTH as u32, HEIGHT as u32, 24 << 16 | 1, 0, 0, 2835, 2835, 0, 0] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes
}

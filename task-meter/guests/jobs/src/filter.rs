//! A band of a picture, painted: as oil on canvas, or as a pencil drawing.
//!
//! Input: one line of five numbers as text: which filter, 0 or 1; the width; the rows; how many of them, above and below, only
//! surround the band. Then red, green, blue and opacity of each point. Output: the same of the band.

use jobs::{numbers, task};

task!(paint);

/// Points around one that an oil brush mixes.
const BRUSH: usize = 4;
const LEVELS: usize = 24;

struct Picture<'a> {
    width: usize,
    rows: usize,
    points: &'a [[u8; 4]],
}

impl Picture<'_> {
    /// The point there, or the nearest on the edge.
    fn at(&self, x: isize, y: isize) -> [u8; 4] {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.rows as isize - 1) as usize;
        self.points[y * self.width + x]
    }

    fn light(&self, x: isize, y: isize) -> i32 {
        light(self.at(x, y))
    }
}

fn paint(input: &[u8]) -> Vec<u8> {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (head, points) = input.split_at(end);
    let mut given = numbers(head).map(|number| number as usize);
    let mut next = || given.next().unwrap_or(0);
    let (filter, width, rows, above, below) = (next(), next(), next(), next(), next());
    let points = points.get(1..).unwrap_or_default().as_chunks().0;
    if width == 0 || width.checked_mul(rows) != Some(points.len()) {
        return Vec::new();
    }
    let picture = Picture { width, rows, points };
    let mut painted = Vec::with_capacity(points.len() * 4);
    for y in above..rows.saturating_sub(below) {
        for x in 0..width {
            let (x, y) = (x as isize, y as isize);
            painted.extend(if filter == 1 { pencil(&picture, x, y) } else { oil(&picture, x, y) });
        }
    }
    painted
}

/// The mean of the commonest level of light around a point (Haeberli's oil filter).
fn oil(picture: &Picture<'_>, x: isize, y: isize) -> [u8; 4] {
    let mut counts = [0_u32; LEVELS];
    let mut sums = [[0_u32; 3]; LEVELS];
    let reach = BRUSH as isize;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            if dx * dx + dy * dy > reach * reach {
                continue;
            }
            let point = picture.at(x + dx, y + dy);
            let level = light(point) as usize * LEVELS / 256;
            counts[level] += 1;
            for (sum, part) in sums[level].iter_mut().zip(point) {
                *sum += u32::from(part);
            }
        }
    }
    let most = (0..LEVELS).max_by_key(|level| counts[*level]).unwrap_or(0);
    let [red, green, blue] = sums[most].map(|sum| (sum / counts[most].max(1)) as u8);
    [red, green, blue, picture.at(x, y)[3]]
}

/// Dark where the light changes (Sobel).
fn pencil(picture: &Picture<'_>, x: isize, y: isize) -> [u8; 4] {
    let light = |dx: isize, dy: isize| picture.light(x + dx, y + dy);
    let across =
        light(1, -1) + 2 * light(1, 0) + light(1, 1) - light(-1, -1) - 2 * light(-1, 0) - light(-1, 1);
    let down = light(-1, 1) + 2 * light(0, 1) + light(1, 1) - light(-1, -1) - 2 * light(0, -1) - light(1, -1);
    let line = f64::from(across * across + down * down).sqrt() * 0.9;
    let grain = f64::from((x * 7 + y * 13) as i32 & 15) - 7.5;
    let grey = (252.0 - line + grain * (1.0 - f64::from(light(0, 0)) / 255.0)).clamp(0.0, 255.0) as u8;
    [grey, grey, grey, picture.at(x, y)[3]]
}

/// 0 to 255.
fn light([red, green, blue, _]: [u8; 4]) -> i32 {
    (i32::from(red) * 77 + i32::from(green) * 150 + i32::from(blue) * 29) >> 8
}

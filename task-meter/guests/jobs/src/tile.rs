//! A part of a ray-traced picture: glass-like spheres over a floor.
//!
//! Input, as text: width and height of the picture, then left, top, width and height of the part. Output: red, green and blue
//! of each point of the part, row by row.

use jobs::{numbers, task};

task!(draw);

/// Rays a point, in each direction.
const SAMPLES: u32 = 3;
const BOUNCES: u32 = 5;

#[derive(Clone, Copy)]
struct V(f64, f64, f64);

impl V {
    fn add(self, o: V) -> V {
        V(self.0 + o.0, self.1 + o.1, self.2 + o.2)
    }

    fn scale(self, by: f64) -> V {
        V(self.0 * by, self.1 * by, self.2 * by)
    }

    fn minus(self, o: V) -> V {
        self.add(o.scale(-1.0))
    }

    fn dot(self, o: V) -> f64 {
        self.0 * o.0 + self.1 * o.1 + self.2 * o.2
    }

    fn times(self, o: V) -> V {
        V(self.0 * o.0, self.1 * o.1, self.2 * o.2)
    }

    fn unit(self) -> V {
        self.scale(1.0 / self.dot(self).sqrt())
    }

    fn reflect(self, normal: V) -> V {
        self.minus(normal.scale(2.0 * self.dot(normal)))
    }
}

struct Sphere {
    centre: V,
    radius: f64,
    colour: V,
    mirror: f64,
}

const SPHERES: [Sphere; 7] = [
    Sphere { centre: V(0.0, 1.0, 0.0), radius: 1.0, colour: V(0.95, 0.96, 0.97), mirror: 0.85 },
    Sphere { centre: V(-2.1, 0.75, 0.9), radius: 0.75, colour: V(0.03, 0.55, 0.47), mirror: 0.25 },
    Sphere { centre: V(2.0, 0.8, 0.7), radius: 0.8, colour: V(0.95, 0.62, 0.2), mirror: 0.3 },
    Sphere { centre: V(0.9, 0.35, -1.5), radius: 0.35, colour: V(0.55, 0.4, 0.95), mirror: 0.2 },
    Sphere { centre: V(-0.9, 0.4, -1.3), radius: 0.4, colour: V(0.9, 0.25, 0.25), mirror: 0.2 },
    Sphere { centre: V(-0.1, 0.25, -2.1), radius: 0.25, colour: V(0.2, 0.6, 0.95), mirror: 0.4 },
    Sphere { centre: V(3.2, 0.45, -0.9), radius: 0.45, colour: V(0.3, 0.75, 0.4), mirror: 0.35 },
];

const EYE: V = V(0.0, 1.9, -6.2);
const LIGHT: V = V(-4.0, 6.5, -4.5);

fn draw(input: &[u8]) -> Vec<u8> {
    let mut given = numbers(input).map(|number| number.min(1 << 14) as u32);
    let mut next = |default| given.next().unwrap_or(default);
    let (width, height) = (next(640).max(1), next(480).max(1));
    let (left, top, across, down) = (next(0), next(0), next(width), next(height));
    let mut points = Vec::new();
    for y in top..top + down {
        for x in left..left + across {
            points.extend(point(x, y, width, height));
        }
    }
    points
}

fn point(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    let mut sum = V(0.0, 0.0, 0.0);
    for sample in 0..SAMPLES * SAMPLES {
        let part = |of: u32| (f64::from(of) + 0.5) / f64::from(SAMPLES);
        let right = f64::from(x) + part(sample % SAMPLES) - f64::from(width) / 2.0;
        let up = f64::from(height) / 2.0 - f64::from(y) - part(sample / SAMPLES);
        let scale = 1.0 / f64::from(height);
        let towards = V(right * scale, up * scale - 0.17, 1.25).unit();
        sum = sum.add(trace(EYE, towards, BOUNCES));
    }
    let mean = sum.scale(1.0 / f64::from(SAMPLES * SAMPLES));
    [mean.0, mean.1, mean.2].map(|light| (light.clamp(0.0, 1.0).sqrt() * 255.0) as u8)
}

/// The nearest sphere that the ray meets, and how far away.
fn nearest(from: V, towards: V) -> Option<(f64, &'static Sphere)> {
    let mut best: Option<(f64, &Sphere)> = None;
    for sphere in &SPHERES {
        let offset = from.minus(sphere.centre);
        let half = offset.dot(towards);
        let under = half * half - offset.dot(offset) + sphere.radius * sphere.radius;
        if under < 0.0 {
            continue;
        }
        let root = under.sqrt();
        let near = if -half - root > 1e-6 { -half - root } else { -half + root };
        if near > 1e-6 && best.is_none_or(|(other, _)| near < other) {
            best = Some((near, sphere));
        }
    }
    best
}

fn trace(from: V, towards: V, left: u32) -> V {
    let floor = if towards.1 < -1e-6 { -from.1 / towards.1 } else { f64::INFINITY };
    let (place, normal, colour, mirror) = match nearest(from, towards) {
        Some((far, sphere)) if far < floor => {
            let place = from.add(towards.scale(far));
            (place, place.minus(sphere.centre).scale(1.0 / sphere.radius), sphere.colour, sphere.mirror)
        }
        _ if floor < 60.0 => {
            let place = from.add(towards.scale(floor));
            let odd = (place.0.floor() as i64 + place.2.floor() as i64) & 1 == 1;
            let colour = if odd { V(0.16, 0.22, 0.24) } else { V(0.82, 0.85, 0.83) };
            (place, V(0.0, 1.0, 0.0), colour, 0.18)
        }
        _ => return sky(towards),
    };
    let to_light = LIGHT.minus(place);
    let far = to_light.dot(to_light).sqrt();
    let to_light = to_light.scale(1.0 / far);
    let above = place.add(normal.scale(1e-4));
    let is_lit = nearest(above, to_light).is_none_or(|(near, _)| near > far);
    let direct = if is_lit { normal.dot(to_light).max(0.0) } else { 0.0 };
    let own = colour.scale(0.16 + 0.95 * direct);
    let mirrored = towards.reflect(normal);
    let shine =
        if is_lit { mirrored.dot(to_light).max(0.0).powi(40) * 0.7 * mirror.min(0.5) * 2.0 } else { 0.0 };
    let haze = if normal.1 == 1.0 { (floor / 60.0).min(1.0) } else { 0.0 };
    let mut light = own.scale(1.0 - mirror).add(V(shine, shine, shine));
    if left > 0 {
        light = light.add(trace(above, mirrored, left - 1).times(colour).scale(mirror));
    }
    light.scale(1.0 - haze).add(sky(V(0.0, 0.02, 1.0)).scale(haze))
}

fn sky(towards: V) -> V {
    let up = towards.1.max(0.0).sqrt();
    V(0.75, 0.83, 0.86).scale(1.0 - up).add(V(0.06, 0.22, 0.3).scale(up))
}

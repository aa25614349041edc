//! What the meter's overhead is measured on: small programs of integers, memory, floats and calls, each a function from a number
//! of rounds to a number that depends on everything it did.

use std::hint::black_box;

fn mix(seed: &mut u32) -> u32 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    *seed
}

#[unsafe(no_mangle)]
extern "C" fn fibonacci(rounds: u32) -> u32 {
    fn of(number: u32) -> u32 {
        if number < 2 { number } else { of(black_box(number - 1)).wrapping_add(of(number - 2)) }
    }
    (0..rounds).fold(0, |sum: u32, _| sum.wrapping_add(of(black_box(27))))
}

#[unsafe(no_mangle)]
extern "C" fn sieve(rounds: u32) -> u32 {
    let mut found = 0;
    for _ in 0..rounds {
        let mut composite = [false; 65_536];
        for number in 2..65_536 {
            if !composite[number] {
                found += 1;
                let mut multiple = number * number;
                while multiple < 65_536 {
                    composite[multiple] = true;
                    multiple += number;
                }
            }
        }
        black_box(&composite);
    }
    found
}

#[unsafe(no_mangle)]
extern "C" fn matrix(rounds: u32) -> u32 {
    let mut left = [[0_i32; 64]; 64];
    let mut right = [[0_i32; 64]; 64];
    let mut seed = 7;
    for row in 0..64 {
        for column in 0..64 {
            left[row][column] = mix(&mut seed) as i16 as i32;
            right[row][column] = mix(&mut seed) as i16 as i32;
        }
    }
    let mut sum = 0_u32;
    for _ in 0..rounds {
        for row in 0..64 {
            for column in 0..64 {
                let mut cell = 0_i32;
                for k in 0..64 {
                    cell = cell.wrapping_add(left[row][k].wrapping_mul(right[k][column]));
                }
                sum = sum.wrapping_add(cell as u32);
            }
        }
        left[0][0] = left[0][0].wrapping_add(1);
    }
    sum
}

#[unsafe(no_mangle)]
extern "C" fn checksum(rounds: u32) -> u32 {
    let mut table = [0_u32; 256];
    for (index, entry) in table.iter_mut().enumerate() {
        *entry = (0..8).fold(index as u32, |crc, _| crc >> 1 ^ (crc & 1) * 0xedb8_8320);
    }
    let mut crc = !0;
    for round in 0..rounds {
        for byte in 0..65_536_u32 {
            crc = crc >> 8 ^ table[((crc ^ byte ^ round) & 255) as usize];
        }
    }
    crc
}

#[unsafe(no_mangle)]
extern "C" fn hash(rounds: u32) -> u32 {
    let mut state = [
        0x6a09_e667_u32,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    for round in 0..rounds {
        let mut words = [0_u32; 64];
        for (index, word) in words.iter_mut().take(16).enumerate() {
            *word = round.wrapping_mul(0x9e37_79b9) ^ index as u32;
        }
        for index in 16..64 {
            let (low, high) = (words[index - 15], words[index - 2]);
            let low = low.rotate_right(7) ^ low.rotate_right(18) ^ low >> 3;
            let high = high.rotate_right(17) ^ high.rotate_right(19) ^ high >> 10;
            words[index] =
                words[index - 16].wrapping_add(low).wrapping_add(words[index - 7]).wrapping_add(high);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for word in words {
            let one = h
                .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
                .wrapping_add(e & f ^ !e & g)
                .wrapping_add(word);
            let two = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
                .wrapping_add(a & b ^ a & c ^ b & c);
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
        }
        for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = word.wrapping_add(more);
        }
    }
    state[0]
}

#[unsafe(no_mangle)]
extern "C" fn sorting(rounds: u32) -> u32 {
    fn sort(numbers: &mut [u32]) {
        let [.., last] = *numbers else { return };
        let mut place = 0;
        for index in 0..numbers.len() - 1 {
            if numbers[index] < last {
                numbers.swap(index, place);
                place += 1;
            }
        }
        let end = numbers.len() - 1;
        numbers.swap(place, end);
        let (low, high) = numbers.split_at_mut(place);
        sort(low);
        sort(&mut high[1..]);
    }
    let mut seed = 1;
    let mut sum = 0_u32;
    for _ in 0..rounds {
        let mut numbers = [0; 4_096];
        numbers.fill_with(|| mix(&mut seed));
        sort(&mut numbers);
        sum = sum.wrapping_add(numbers[1_000]);
    }
    sum
}

#[unsafe(no_mangle)]
extern "C" fn machine(rounds: u32) -> u32 {
    let text = b"5012,+1.5e3,-0x7f,abc,.25,1e,--7,3.14159,2147483648,0,0.0,e9,";
    let mut counts = [0_u32; 8];
    for round in 0..rounds {
        let mut state = 0;
        for byte in text.iter().cycle().skip(round as usize % 7).take(4_000) {
            state = match (state, *black_box(byte)) {
                (_, b',') => 0,
                (0, b'+' | b'-') => 1,
                (0 | 1 | 2, b'0'..=b'9') => 2,
                (0 | 1 | 2, b'.') => 3,
                (3, b'0'..=b'9') => 3,
                (2 | 3, b'e') => 4,
                (4, b'+' | b'-') => 5,
                (4 | 5 | 6, b'0'..=b'9') => 6,
                _ => 7,
            };
            counts[state] += 1;
        }
    }
    counts.iter().fold(0, |sum: u32, count| sum.wrapping_mul(31).wrapping_add(*count))
}

#[unsafe(no_mangle)]
extern "C" fn mandelbrot(rounds: u32) -> u32 {
    let mut inside = 0;
    for round in 0..rounds {
        for row in 0..64 {
            for column in 0..64 {
                let (cx, cy) =
                    (f64::from(column) / 32.0 - 1.5, f64::from(row + round as i32 % 2) / 32.0 - 1.0);
                let (mut x, mut y, mut steps) = (0.0, 0.0, 0);
                while steps < 100 && x * x + y * y < 4.0 {
                    (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy);
                    steps += 1;
                }
                inside += steps;
            }
        }
    }
    inside
}

#[unsafe(no_mangle)]
extern "C" fn spectral(rounds: u32) -> u32 {
    fn cell(row: usize, column: usize) -> f64 {
        1.0 / ((row + column) * (row + column + 1) / 2 + row + 1) as f64
    }
    let mut vector = [1.0; 100];
    for _ in 0..rounds {
        let mut next = [0.0; 100];
        for (row, sum) in next.iter_mut().enumerate() {
            for (column, value) in vector.iter().enumerate() {
                *sum += cell(row, column) * value;
            }
        }
        vector = next;
        let scale = 1.0 / vector[0];
        vector.iter_mut().for_each(|value| *value *= scale);
    }
    (vector[50] * 1e9) as u32
}

#[unsafe(no_mangle)]
extern "C" fn bodies(rounds: u32) -> u32 {
    #[derive(Clone, Copy)]
    struct Body {
        place: [f64; 3],
        speed: [f64; 3],
        mass: f64,
    }
    let mut seed = 3;
    let mut number = || f64::from(mix(&mut seed) % 1_000) / 500.0 - 1.0;
    let mut all = [Body { place: [0.0; 3], speed: [0.0; 3], mass: 1.0 }; 5];
    for body in &mut all {
        *body = Body {
            place: [number() * 9.0, number() * 9.0, number()],
            speed: [number(), number(), number()],
            mass: number().abs() + 0.1,
        };
    }
    for _ in 0..rounds {
        for one in 0..5 {
            for other in one + 1..5 {
                let mut apart = [0.0; 3];
                for axis in 0..3 {
                    apart[axis] = all[one].place[axis] - all[other].place[axis];
                }
                let square = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2] + 0.01;
                let pull = 0.001 / (square * square.sqrt());
                let (mass, other_mass) = (all[one].mass, all[other].mass);
                for axis in 0..3 {
                    all[one].speed[axis] -= apart[axis] * other_mass * pull;
                    all[other].speed[axis] += apart[axis] * mass * pull;
                }
            }
        }
        for body in &mut all {
            for axis in 0..3 {
                body.place[axis] += 0.001 * body.speed[axis];
            }
        }
    }
    (all[0].place[0] * 1e6) as i32 as u32
}

//! A command as a task, in ordinary Rust: a maze and the way through it, as an SVG picture.
//!
//! Input: any text; another text makes another maze. Output: the picture. What it says on the error stream is the task's log.

use std::io::{self, Read, Write};

const COLUMNS: usize = 48;
const ROWS: usize = 32;
const CELL: usize = 14;

/// A wall to the right of a cell, a wall below it.
#[derive(Clone, Copy)]
struct Cell {
    right: bool,
    below: bool,
    seen: bool,
}

fn main() -> io::Result<()> {
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    let mut state = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let maze = carve(&mut random);
    let way = solve(&maze);
    eprintln!("{COLUMNS} × {ROWS} cells, {} steps from corner to corner", way.len() - 1);
    io::stdout().write_all(draw(&maze, &way).as_bytes())
}

/// The cells beside one, within the maze.
fn beside(cell: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (cell % COLUMNS, cell / COLUMNS);
    let left = (column > 0).then(|| cell - 1);
    let right = (column + 1 < COLUMNS).then(|| cell + 1);
    let above = (row > 0).then(|| cell - COLUMNS);
    let below = (row + 1 < ROWS).then(|| cell + COLUMNS);
    [left, right, above, below].into_iter().flatten()
}

/// A tree of passages, by walking to unseen cells and back.
fn carve(random: &mut impl FnMut(usize) -> usize) -> Vec<Cell> {
    let mut maze = vec![Cell { right: true, below: true, seen: false }; COLUMNS * ROWS];
    let mut path = vec![0];
    maze[0].seen = true;
    while let Some(&at) = path.last() {
        let unseen: Vec<usize> = beside(at).filter(|cell| !maze[*cell].seen).collect();
        if unseen.is_empty() {
            path.pop();
            continue;
        }
        let next = unseen[random(unseen.len())];
        let (low, high) = (at.min(next), at.max(next));
        if high - low == 1 {
            maze[low].right = false
        } else {
            maze[low].below = false
        }
        maze[next].seen = true;
        path.push(next);
    }
    maze
}

/// The cells from the first corner to the last.
fn solve(maze: &[Cell]) -> Vec<usize> {
    let mut from = vec![usize::MAX; maze.len()];
    let mut edge = vec![0];
    from[0] = 0;
    while let Some(at) = edge.pop() {
        for next in beside(at) {
            let (low, high) = (at.min(next), at.max(next));
            let is_open = if high - low == 1 { !maze[low].right } else { !maze[low].below };
            if is_open && from[next] == usize::MAX {
                from[next] = at;
                edge.push(next);
            }
        }
    }
    let mut way = vec![maze.len() - 1];
    while let Some(&at) = way.last().filter(|at| **at != 0) {
        way.push(from[at]);
    }
    way
}

fn draw(maze: &[Cell], way: &[usize]) -> String {
    let (width, height) = (COLUMNS * CELL + 20, ROWS * CELL + 20);
    let mut walls = format!("M10 10h{}v{}h-{}z", COLUMNS * CELL, ROWS * CELL, COLUMNS * CELL);
    for (at, cell) in maze.iter().enumerate() {
        let (x, y) = (10 + at % COLUMNS * CELL, 10 + at / COLUMNS * CELL);
        if cell.right {
            walls += &format!("M{} {y}v{CELL}", x + CELL);
        }
        if cell.below {
            walls += &format!("M{x} {}h{CELL}", y + CELL);
        }
    }
    let centre = |at: &usize| {
        format!("{},{}", 10 + at % COLUMNS * CELL + CELL / 2, 10 + at / COLUMNS * CELL + CELL / 2)
    };
    let points: Vec<String> = way.iter().map(centre).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\
         <polyline points=\"{}\" fill=\"none\" stroke=\"#e4572e\" stroke-width=\"5\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/>\
         <path d=\"{walls}\" fill=\"none\" stroke=\"#1f3a5f\" stroke-width=\"2.5\" stroke-linecap=\"round\"/></svg>\n",
        points.join(" ")
    )
}

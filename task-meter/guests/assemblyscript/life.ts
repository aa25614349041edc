// A pure task in AssemblyScript: Conway's Game of Life, and how long ago each cell last lived, as a BMP picture.
//
// Input: nothing, or a number as text: for how many generations. The seed decides who lives first. Output: the picture.
//
//     asc life.ts -O3 --runtime stub --use abort= --outFile life.wasm

const SIDE: i32 = 160;
const SCALE: i32 = 3;
const GENERATIONS: i32 = 400;

/** Memory for what the host writes before it calls `run`. */
export function alloc(length: i32): usize {
  return heap.alloc(length);
}

/** At `place` lie 32 bytes of seed and the input. The answer is the output's place above its length. */
export function run(place: usize, length: i32): u64 {
  let cells = new StaticArray<u8>(SIDE * SIDE);
  let next = new StaticArray<u8>(SIDE * SIDE);
  const lived = new StaticArray<i32>(SIDE * SIDE);
  let state: u64 = load<u64>(place) ^ 0x9e3779b97f4a7c15;
  for (let at = 0; at < SIDE * SIDE; at++) {
    state = state * 6364136223846793005 + 1442695040888963407;
    cells[at] = <u8>(state >> 63);
    lived[at] = -1000;
  }
  const generations = number(place + 32, length - 32);
  for (let generation = 0; generation < generations; generation++) {
    step(cells, next, lived, generation);
    const before = cells;
    cells = next;
    next = before;
  }
  return draw(cells, lived, generations);
}

/** The number that a text of digits is; without any, the usual one. */
function number(place: usize, length: i32): i32 {
  let value = 0;
  for (let at = 0; at < min(length, 5); at++) {
    const digit = <i32>load<u8>(place + at) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value == 0 ? GENERATIONS : value;
}

function step(cells: StaticArray<u8>, next: StaticArray<u8>, lived: StaticArray<i32>, now: i32): void {
  for (let row = 0; row < SIDE; row++) {
    const above = ((row + SIDE - 1) % SIDE) * SIDE;
    const below = ((row + 1) % SIDE) * SIDE;
    for (let column = 0; column < SIDE; column++) {
      const left = (column + SIDE - 1) % SIDE;
      const right = (column + 1) % SIDE;
      const at = row * SIDE;
      const neighbours =
        cells[above + left] + cells[above + column] + cells[above + right] +
        cells[at + left] + cells[at + right] +
        cells[below + left] + cells[below + column] + cells[below + right];
      const alive = cells[at + column];
      next[at + column] = <u8>(neighbours == 3 || (alive == 1 && neighbours == 2));
      if (alive == 1) lived[at + column] = now;
    }
  }
}

function draw(cells: StaticArray<u8>, lived: StaticArray<i32>, now: i32): u64 {
  const width = SIDE * SCALE;
  const length = 54 + width * width * 3;
  const picture = heap.alloc(length);
  memory.fill(picture, 0, length);
  const header: StaticArray<u32> = [length, 0, 54, 40, width, width, (24 << 16) | 1, 0, 0, 2835, 2835, 0, 0];
  store<u16>(picture, 0x4d42);
  for (let at = 0; at < header.length; at++) {
    store<u32>(picture + 2 + 4 * at, header[at]);
  }
  let point = picture + 54;
  for (let row = 0; row < width; row++) {
    for (let column = 0; column < width; column++) {
      const at = (row / SCALE) * SIDE + column / SCALE;
      const ago = now - lived[at];
      const glow = cells[at] == 1 ? 255 : max(0, 170 - ago * 2);
      store<u8>(point, <u8>(cells[at] == 1 ? 150 : 40 + glow / 2));
      store<u8>(point, <u8>(cells[at] == 1 ? 245 : 16 + glow / 4), 1);
      store<u8>(point, <u8>(cells[at] == 1 ? 255 : 22 + (glow * glow) / 400), 2);
      point += 3;
    }
  }
  return (<u64>picture << 32) | <u64>length;
}

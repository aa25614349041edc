/** A task that is ready to run. */
export interface Example {
  readonly name: string;
  readonly about: string;
  readonly module: URL;
  /** Text that is its input. */
  readonly input: string;
  /** What the output is, as a file's extension. */
  readonly kind: 'bmp' | 'svg';
}

/** Each makes a picture; their sources are in `task-meter/guests/`. */
export const EXAMPLES: readonly Example[] = [
  {
    name: 'Mandelbrot',
    about: 'Rust. A spiral of the Mandelbrot set; the input says where, and how wide.',
    module: new URL('../../../task-meter/guests/built/mandelbrot.wasm', import.meta.url),
    input: '-0.7435 0.1314 0.006',
    kind: 'bmp',
  },
  {
    name: 'Maze',
    about: 'An ordinary Rust program. Any text makes a maze of its own, and the way through it.',
    module: new URL('../../../task-meter/guests/built/maze.wasm', import.meta.url),
    input: 'any text',
    kind: 'svg',
  },
  {
    name: 'Life',
    about: 'AssemblyScript. The Game of Life after so many generations, and what it left behind.',
    module: new URL('../../../task-meter/guests/built/life.wasm', import.meta.url),
    input: '400',
    kind: 'bmp',
  },
];

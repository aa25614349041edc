import { signal, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Result } from 'tabmesh/job';
import { count } from '../../format.ts';
import { hueOf, nameOf } from '../who.ts';
import { type Example, type Work, moduleAt, wholeOf } from '../work.ts';

const TILE = { width: 64, height: 48 };

interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A tile that has come: its points, opaque. */
interface Painted extends Tile {
  readonly by: string | null;
  readonly points: Uint8ClampedArray<ArrayBuffer>;
}

export const TILE_EXAMPLE: Example = {
  key: 'tile',
  name: 'Ray tracing',
  about: 'A picture of spheres, painted tile by tile: each tile shows who painted it.',
  fields: [
    { name: 'width', label: 'Width', value: '960' },
    { name: 'height', label: 'Height', value: '720' },
  ],
  async begin(values) {
    const width = wholeOf(values.width, 64, 4096, 'The width');
    const height = wholeOf(values.height, 48, 4096, 'The height');
    return new Picture(await moduleAt(new URL('../../../../task-meter/guests/built/tile.wasm', import.meta.url)), width, height);
  },
};

class Picture implements Work {
  readonly title: string;
  readonly gas = 5_000_000_000n;
  readonly inputs: string[];
  readonly #tiles: Tile[];
  readonly #painted = signal<readonly Painted[]>([]);

  constructor(
    readonly module: Uint8Array<ArrayBuffer>,
    readonly width: number,
    readonly height: number,
  ) {
    this.#tiles = tilesOf(width, height);
    this.title = `A picture of ${width} × ${height} points`;
    this.inputs = this.#tiles.map(({ left, top, width: across, height: down }) => `${width} ${height} ${left} ${top} ${across} ${down}`);
  }

  take({ index, output, executor, status }: Result): void {
    const tile = this.#tiles[index];
    if (!tile || status !== 'OK' || output.length !== tile.width * tile.height * 3) return;
    this.#painted.value = [...this.#painted.value, { ...tile, by: executor, points: opaque(output) }];
  }

  readonly View = () => {
    const canvas = useRef<HTMLCanvasElement>(null);
    const drawn = useRef(0);
    const isNamed = useSignal(true);
    useSignalEffect(() => {
      const painted = this.#painted.value;
      const context = canvas.current?.getContext('2d');
      for (const { points, left, top, width } of context ? painted.slice(drawn.current) : []) {
        context!.putImageData(new ImageData(points, width), left, top);
      }
      drawn.current = painted.length;
    });
    // A tile that was painted again shows who did it last.
    const tiles = [...new Map(this.#painted.value.map((tile) => [`${tile.left} ${tile.top}`, tile])).values()];
    const painters = new Set(tiles.map(({ by }) => by)).size;
    return (
      <figure class="painting">
        <div class="tiles" data-named={isNamed.value}>
          <canvas ref={canvas} width={this.width} height={this.height} data-testid="picture" aria-label="The picture" role="img" />
          <svg viewBox={`0 0 ${this.width} ${this.height}`} aria-hidden="true">
            {isNamed.value &&
              tiles.map(({ left, top, width, height, by }) => (
                <g key={`${left} ${top}`} data-by={by ?? 'here'} style={{ color: `hsl(${hueOf(by)} 80% 62%)` }}>
                  <title>Painted by {nameOf(by)}</title>
                  <rect x={left + 1} y={top + 1} width={width - 2} height={height - 2} />
                  <circle cx={left + 8} cy={top + height - 8} r="4" />
                </g>
              ))}
          </svg>
        </div>
        <figcaption class="file-note">
          <label class="check">
            <input type="checkbox" checked={isNamed.value} onChange={(event) => (isNamed.value = event.currentTarget.checked)} />
            Show who painted each tile
          </label>
          <span data-testid="painters" data-painters={painters}>
            {painters > 0 && `by ${count(painters, 'painter')}`}
          </span>
        </figcaption>
      </figure>
    );
  };

  async save() {
    const canvas = new OffscreenCanvas(this.width, this.height);
    const context = canvas.getContext('2d')!;
    for (const { points, left, top, width } of this.#painted.value) context.putImageData(new ImageData(points, width), left, top);
    return { name: 'picture.png', blob: await canvas.convertToBlob({ type: 'image/png' }) };
  }
}

function tilesOf(width: number, height: number): Tile[] {
  const tiles: Tile[] = [];
  for (let top = 0; top < height; top += TILE.height) {
    for (let left = 0; left < width; left += TILE.width) {
      tiles.push({ left, top, width: Math.min(TILE.width, width - left), height: Math.min(TILE.height, height - top) });
    }
  }
  return tiles;
}

/** Red, green, blue, and full opacity. */
function opaque(points: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const full = new Uint8ClampedArray((points.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < points.length; from += 3, to += 4) full.set(points.subarray(from, from + 3), to);
  return full;
}

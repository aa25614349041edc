import { signal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Result } from 'tabmesh/job';
import { type Example, type Work, joined, moduleAt } from '../work.ts';
import { zipOf } from '../zip.ts';

/** The longer edge of a picture as it is painted; larger ones are made smaller. */
const EDGE_MAX = 1_600;

/** Rows of a band, and rows around it that the brush reaches. */
const BAND = 64;
const REACH = 4;

/** A picture that is being painted. */
interface Canvas {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

interface Band {
  readonly picture: number;
  readonly top: number;
  readonly rows: number;
}

interface Painted extends Band {
  readonly points: Uint8ClampedArray<ArrayBuffer>;
}

export const FILTER_EXAMPLE: Example = {
  key: 'filter',
  name: 'Painting photographs',
  about: 'Your pictures as oil paintings or pencil drawings, band by band. Those who paint can see them.',
  files: { accept: 'image/*', what: 'pictures' },
  fields: [
    { name: 'filter', label: 'As', value: '0', choices: [['0', 'oil on canvas'], ['1', 'a pencil drawing']] },
  ],
  async begin(values, files) {
    const module = await moduleAt(new URL('../../../../task-meter/guests/built/filter.wasm', import.meta.url));
    const [pictures, bands, inputs]: [Canvas[], Band[], Uint8Array<ArrayBuffer>[]] = [[], [], []];
    for (const [picture, file] of files.entries()) {
      const { width, height, data } = await pointsOf(file);
      pictures.push({ name: file.name, width, height });
      for (let top = 0; top < height; top += BAND) {
        const [first, last] = [Math.max(0, top - REACH), Math.min(height, top + BAND + REACH)];
        const rows = Math.min(BAND, height - top);
        bands.push({ picture, top, rows });
        inputs.push(joined(`${values.filter} ${width} ${last - first} ${top - first} ${last - top - rows}\n`, data.subarray(first * width * 4, last * width * 4)));
      }
    }
    return new Paintings(module, inputs, pictures, bands);
  },
};

class Paintings implements Work {
  readonly title: string;
  readonly gas = 20_000_000_000n;
  readonly #painted = signal<readonly Painted[]>([]);

  constructor(
    readonly module: Uint8Array<ArrayBuffer>,
    readonly inputs: Uint8Array<ArrayBuffer>[],
    readonly pictures: readonly Canvas[],
    readonly bands: readonly Band[],
  ) {
    this.title = pictures.length === 1 ? pictures[0]!.name : `${pictures.length} pictures`;
  }

  take({ index, output, status }: Result): void {
    const band = this.bands[index];
    const picture = band && this.pictures[band.picture];
    if (!picture || status !== 'OK' || output.length !== picture.width * band.rows * 4) return;
    this.#painted.value = [...this.#painted.value, { ...band, points: new Uint8ClampedArray(output) }];
  }

  #bandsOf(picture: number): readonly Painted[] {
    return this.#painted.value.filter((band) => band.picture === picture);
  }

  readonly View = () => (
    <div class="pictures">
      {this.pictures.map((picture, at) => (
        <Growing key={at} picture={picture} bands={() => this.#bandsOf(at)} />
      ))}
    </div>
  );

  async save() {
    const files = this.pictures.map(async ({ name, width, height }, at) => {
      const canvas = new OffscreenCanvas(width, height);
      draw(canvas.getContext('2d')!, width, this.#bandsOf(at));
      return { name: `${name.replace(/\.\w+$/, '')}.png`, blob: await canvas.convertToBlob({ type: 'image/png' }) };
    });
    return zipOf('paintings.zip', await Promise.all(files));
  }
}

function Growing({ picture: { name, width, height }, bands }: { readonly picture: Canvas; readonly bands: () => readonly Painted[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef(0);
  useSignalEffect(() => {
    const painted = bands();
    const context = canvas.current?.getContext('2d');
    if (context) draw(context, width, painted.slice(drawn.current));
    drawn.current = painted.length;
  });
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={name} data-testid="painting" />;
}

function draw(context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, width: number, bands: readonly Painted[]): void {
  for (const { points, top } of bands) context.putImageData(new ImageData(points, width), 0, top);
}

/** @throws Error where it is no picture */
async function pointsOf(file: File): Promise<ImageData> {
  const whole = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser can read`);
  });
  const scale = Math.min(1, EDGE_MAX / Math.max(whole.width, whole.height));
  const [width, height] = [whole.width, whole.height].map((edge) => Math.max(1, Math.round(edge * scale))) as [number, number];
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  return context.getImageData(0, 0, width, height);
}

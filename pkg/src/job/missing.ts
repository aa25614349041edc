// Inputs that a job has by name alone: fetched from the network once they are wanted, for as long as it takes.

import { type Bytes } from '../bytes.js';
import { need } from '../check.js';
import { type Cid, cidText } from '../cid.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import type { Mesh } from '../types.js';
import { pause } from '../wait.js';
import { INPUT_BYTES_MAX } from '../task/limits.js';
import { Lanes } from './lanes.js';
import { INPUTS_FETCHED_AT_ONCE } from './limits.js';

/** What did not come is looked for again after this, twice as long each time, in milliseconds. */
const AGAIN_MS = 2_000;
const AGAIN_MAX_MS = 60_000;

/** Ends that another try does not change. */
const FINAL: readonly number[] = [CODE.tooLarge, CODE.closed, CODE.badOption];

export class Missing {
  /** Something was missed, or came after all. */
  onChange: () => void = () => undefined;
  readonly #mesh: Pick<Mesh, 'get'> | undefined;
  readonly #missed = new Set<string>();
  readonly #stop = new AbortController();
  readonly #lanes = new Lanes(INPUTS_FETCHED_AT_ONCE);

  constructor(mesh: Pick<Mesh, 'get'> | undefined) {
    this.#mesh = mesh;
  }

  /** One of what did not come when it was looked for last. */
  get first(): string | undefined {
    const [first] = this.#missed;
    return first;
  }

  /**
   * Hands the content of a name on, and waits until it was taken: others are not fetched meanwhile.
   *
   * @throws MeshError TooLarge, Closed; the reason of {@link stop}; what `take` throws
   */
  async bring(cid: Cid, maxBytes: number, take: (bytes: Bytes) => Promise<void> | void): Promise<void> {
    const name = cidText(cid);
    const { signal } = this.#stop;
    for (let wait = AGAIN_MS; ; wait = Math.min(2 * wait, AGAIN_MAX_MS)) {
      const came = await this.#lanes.run(() => this.#try(name, maxBytes, take), signal);
      if (came) return;
      this.#missed.add(name);
      this.onChange();
      await pause(wait, signal);
    }
  }

  async #try(name: string, maxBytes: number, take: (bytes: Bytes) => Promise<void> | void): Promise<boolean> {
    const { signal } = this.#stop;
    let bytes: Bytes;
    try {
      need(this.#mesh, 'an input by its name takes a mesh');
      bytes = await (await this.#mesh.get(name, { maxBytes, signal })).bytes();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MeshError && FINAL.includes(error.code)) throw error;
      return false;
    }
    if (this.#missed.delete(name)) this.onChange();
    await take(bytes);
    return true;
  }

  stop(): void {
    this.#missed.clear();
    this.#stop.abort();
  }
}

/** Hands an input on; `undefined` where it has too many bytes for one. */
export async function bringInput(missing: Missing, cid: Cid, take: (input: Bytes | undefined) => Promise<void> | void): Promise<void> {
  try {
    await missing.bring(cid, INPUT_BYTES_MAX, take);
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== CODE.tooLarge) throw error;
    await take(undefined);
  }
}

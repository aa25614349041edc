// A relayed link: what goes through a peer that cannot read it. The engine carries the sealed frames.

import { type Bytes, concat, utf8 } from './bytes.js';
import { Seal } from './seal.js';
import type { Hearer, Wire } from './wire.js';

const INFO = utf8('tabmesh circuit v1');

export class Circuit implements Wire {
  readonly queued = 0;
  readonly #hearer: Hearer;
  readonly #seal = new Seal();
  #isOver = false;

  constructor(hearer: Hearer) {
    this.#hearer = hearer;
  }

  /** Tells this end's public key; with the other end's the link is up. */
  async describe(peer?: Bytes): Promise<void> {
    try {
      const own = await this.#seal.publicKey();
      if (peer) await this.#seal.complete(peer, concat(INFO, peer, own), false);
      if (this.#isOver) return;
      this.#hearer.onDescribed(own);
      if (peer) this.#hearer.onUp();
    } catch {
      // No point of the curve.
      this.#fail();
    }
  }

  /** The other end answered with its public key. */
  async answered(peer: Bytes): Promise<void> {
    try {
      const own = await this.#seal.publicKey();
      await this.#seal.complete(peer, concat(INFO, own, peer), true);
      if (!this.#isOver) this.#hearer.onUp();
    } catch {
      this.#fail();
    }
  }

  /** Seals one frame. */
  send(frame: Bytes): void {
    this.#seal.seal(frame, (sealed) => this.#tell(sealed, this.#hearer.onSealed));
  }

  /** Opens the next sealed frame. */
  unseal(frame: Bytes): void {
    this.#seal.open(frame, (opened) => this.#tell(opened, this.#hearer.onBytes));
  }

  watch(): void {
    // The relay's link is what waits.
  }

  close(): void {
    this.#isOver = true;
  }

  #tell(bytes: Bytes | undefined, tell: (bytes: Bytes) => void): void {
    if (this.#isOver) return;
    if (bytes) tell(bytes);
    else this.#fail();
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hearer.onDown();
  }
}

// A relayed link: what goes through a peer that cannot read it. The engine carries the sealed frames.

import { type Bytes, concat, utf8 } from './bytes.js';
import type { Hearer, Wire } from './wire.js';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;
const INFO = utf8('tabmesh circuit v1');

interface Keys {
  readonly seal: CryptoKey;
  readonly unseal: CryptoKey;
}

export class Circuit implements Wire {
  readonly queued = 0;
  readonly #hearer: Hearer;
  readonly #pair = crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
  #keys: Promise<Keys> | undefined;
  /** Frames so far, each way: the nonces. */
  #sealed = 0;
  #unsealed = 0;
  /** The last frame each way: they come out in the order they went in. */
  #sealing: Promise<void> = Promise.resolve();
  #unsealing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(hearer: Hearer) {
    this.#hearer = hearer;
  }

  /** Tells this end's public key; with the other end's the link is up. */
  async describe(peer?: Bytes): Promise<void> {
    try {
      const own = await publicKey(await this.#pair);
      if (peer) await (this.#keys = this.#derive(peer, concat(peer, own), false));
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
      const own = await publicKey(await this.#pair);
      await (this.#keys = this.#derive(peer, concat(own, peer), true));
      if (!this.#isOver) this.#hearer.onUp();
    } catch {
      this.#fail();
    }
  }

  /** Seals one frame. */
  send(frame: Bytes): void {
    const nonce = nonceOf(this.#sealed);
    this.#sealed += 1;
    const work = this.#keys?.then(({ seal }) => crypto.subtle.encrypt(nonce, seal, frame));
    this.#sealing = this.#next(this.#sealing, work, (sealed) => this.#hearer.onSealed(sealed));
  }

  /** Opens the next sealed frame. */
  unseal(frame: Bytes): void {
    const nonce = nonceOf(this.#unsealed);
    this.#unsealed += 1;
    const work = this.#keys?.then(({ unseal }) => crypto.subtle.decrypt(nonce, unseal, frame));
    this.#unsealing = this.#next(this.#unsealing, work, (opened) => this.#hearer.onBytes(opened));
  }

  close(): void {
    this.#isOver = true;
  }

  async #next(before: Promise<void>, work: Promise<ArrayBuffer> | undefined, tell: (bytes: Bytes) => void): Promise<void> {
    // Heard at once: while this waits for the one before, nobody else would.
    const done = Promise.resolve(work).catch(() => undefined);
    await before;
    const bytes = await done;
    if (this.#isOver) return;
    if (bytes) tell(new Uint8Array(bytes));
    else this.#fail();
  }

  /** 32 bytes for what the offerer sends, then 32 for the answerer. */
  async #derive(peer: Bytes, keys: Bytes, isOfferer: boolean): Promise<Keys> {
    const { privateKey } = await this.#pair;
    const point = concat(Uint8Array.of(4), peer);
    const publicKey = await crypto.subtle.importKey('raw', point, CURVE, false, []);
    const secret = await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256);
    const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: concat(INFO, keys) };
    const bits = await crypto.subtle.deriveBits(hkdf, material, 512);
    const half = (start: number, use: KeyUsage): Promise<CryptoKey> =>
      crypto.subtle.importKey('raw', bits.slice(start, start + 32), 'AES-GCM', false, [use]);
    const [own, theirs] = isOfferer ? [0, 32] : [32, 0];
    return { seal: await half(own, 'encrypt'), unseal: await half(theirs, 'decrypt') };
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hearer.onDown();
  }
}

async function publicKey({ publicKey }: CryptoKeyPair): Promise<Bytes> {
  // Behind the 4 of an uncompressed point.
  return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)).slice(1);
}

/** 4 zero bytes and the count. */
function nonceOf(count: number): AesGcmParams {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(count));
  return { name: 'AES-GCM', iv };
}

// What a link is sealed with from end to end: fresh P-256 keys, HKDF-SHA-256, AES-256-GCM.

import { type Bytes, concat } from './bytes.js';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;

interface Keys {
  readonly seal: CryptoKey;
  readonly open: CryptoKey;
}

/** Gets a message, or nothing where it did not come out. */
type Taker = (message: Bytes | undefined) => void;

export class Seal {
  readonly #pair = crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
  #keys: Promise<Keys> | undefined;
  readonly #out = new Line();
  readonly #in = new Line();

  /** The public half of this end's key: X ‖ Y. */
  async publicKey(): Promise<Bytes> {
    const { publicKey } = await this.#pair;
    // Behind the 4 of an uncompressed point.
    return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)).slice(1);
  }

  /**
   * Takes in the other end's public key. `info` is what both ends put into HKDF; what this end sends is sealed with the first 32
   * bytes that it gives if `isFirst`, else with the next.
   *
   * @throws where it is no point of the curve
   */
  async complete(peer: Bytes, info: Bytes, isFirst: boolean): Promise<void> {
    await (this.#keys = this.#derive(peer, info, isFirst));
  }

  /** Seals a message; it comes out behind those that went in before. */
  seal(message: Bytes, tell: Taker): void {
    this.#out.next((nonce) => this.#keys?.then(({ seal }) => crypto.subtle.encrypt(nonce, seal, message)), tell);
  }

  /** Opens the next sealed message, likewise. */
  open(sealed: Bytes, tell: Taker): void {
    this.#in.next((nonce) => this.#keys?.then(({ open }) => crypto.subtle.decrypt(nonce, open, sealed)), tell);
  }

  /** Once everything that went in to be sealed, or opened, has come out. */
  get sealed(): Promise<void> {
    return this.#out.last;
  }

  get opened(): Promise<void> {
    return this.#in.last;
  }

  async #derive(peer: Bytes, info: Bytes, isFirst: boolean): Promise<Keys> {
    const { privateKey } = await this.#pair;
    const point = concat(Uint8Array.of(4), peer);
    const publicKey = await crypto.subtle.importKey('raw', point, CURVE, false, []);
    const secret = await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256);
    const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
    const bits = await crypto.subtle.deriveBits(hkdf, material, 512);
    const half = (start: number, use: KeyUsage): Promise<CryptoKey> =>
      crypto.subtle.importKey('raw', bits.slice(start, start + 32), 'AES-GCM', false, [use]);
    const [own, theirs] = isFirst ? [0, 32] : [32, 0];
    return { seal: await half(own, 'encrypt'), open: await half(theirs, 'decrypt') };
  }
}

/** One direction: what is worked on at once comes out in the order it went in. */
class Line {
  last: Promise<void> = Promise.resolve();
  /** Messages so far: the nonces. */
  #count = 0;

  next(work: (nonce: AesGcmParams) => Promise<ArrayBuffer> | undefined, tell: Taker): void {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setBigUint64(4, BigInt(this.#count));
    this.#count += 1;
    this.last = this.#after(this.last, work({ name: 'AES-GCM', iv }), tell);
  }

  async #after(before: Promise<void>, work: Promise<ArrayBuffer> | undefined, tell: Taker): Promise<void> {
    // Heard at once: while this waits for the one before, nobody else would.
    const done = Promise.resolve(work).catch(() => undefined);
    await before;
    const bytes = await done;
    tell(bytes && new Uint8Array(bytes));
  }
}

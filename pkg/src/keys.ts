// The node's key: ECDSA P-256 by WebCrypto. Its private half can be used but not read, not even by this page.

import { type Bytes, hex, keyOf, sha256 } from './bytes.js';
import * as CODE from './codes.js';
import { type Database, resultOf } from './database.js';
import { MeshError } from './errors.js';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Keys of peers kept ready; the one used longest ago goes. */
const READY_MAX = 64;

/** Keys tried for a level, as a multiple of what it takes on average: that none is found has odds of one in 10^13. */
const TRIES_FACTOR = 30;

/** Told after so many tries. */
const TELL_EVERY = 64;

interface Stored {
  readonly privateKey: CryptoKey;
  /** X ‖ Y: 64 bytes. */
  readonly publicKey: Bytes;
}

export class Identity {
  readonly publicKey: Bytes;
  /** SHA-256 of the public key: 32 bytes. */
  readonly id: Bytes;
  readonly #privateKey: CryptoKey;

  private constructor(stored: Stored, id: Bytes) {
    this.publicKey = stored.publicKey;
    this.#privateKey = stored.privateKey;
    this.id = id;
  }

  /**
   * The key of this slot, or a new one of `level`, which is kept. Without a database it lives as long as the page.
   *
   * @throws MeshError LevelNotReached
   */
  static async open(
    database: Database | undefined,
    level: number,
    options: { signal?: AbortSignal | undefined; onTry?(tries: number): void } = {},
  ): Promise<Identity> {
    const kept: unknown = await database?.read('identity', (store) => resultOf(store.get('key')));
    const found = isStored(kept) ? await Identity.#ofLevel(kept, level) : undefined;
    if (found) return found;
    for (let tries = 1; tries <= TRIES_FACTOR * 2 ** level; tries += 1) {
      options.signal?.throwIfAborted();
      if (tries % TELL_EVERY === 0) options.onTry?.(tries);
      const made = await make();
      const identity = await Identity.#ofLevel(made, level);
      if (!identity) continue;
      await identity.keep(database);
      return identity;
    }
    throw new MeshError(CODE.levelNotReached, `level ${level}`);
  }

  static async #ofLevel(stored: Stored, level: number): Promise<Identity | undefined> {
    const id = await sha256(stored.publicKey);
    return level === 0 || (await levelOf(id)) >= level ? new Identity(stored, id) : undefined;
  }

  /** Keeps the key for the next time. */
  async keep(database: Database | undefined): Promise<void> {
    const stored: Stored = { privateKey: this.#privateKey, publicKey: this.publicKey };
    await database?.write(['identity'], (tx) => tx.objectStore('identity').put(stored, 'key'));
  }

  get text(): string {
    return hex(this.id);
  }

  /** r ‖ s: 64 bytes. */
  async sign(bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(SIGNING, this.#privateKey, bytes));
  }
}

async function make(): Promise<Stored> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
  return { privateKey, publicKey: raw.slice(1) };
}

function isStored(value: unknown): value is Stored {
  const { privateKey, publicKey } = (value ?? {}) as Partial<Stored>;
  return privateKey instanceof CryptoKey && publicKey instanceof Uint8Array && publicKey.length === 64;
}

/** The security level of an id: the leading zero bits of SHA-256(id). */
export async function levelOf(id: Bytes): Promise<number> {
  let bits = 0;
  for (const byte of await sha256(id)) {
    bits += Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}

/** Checks signatures of peers; their keys are imported once. */
export class Verifier {
  /** The one used longest ago first. */
  readonly #ready = new Map<string, Promise<CryptoKey>>();

  /** Whether `signature` (64 bytes) over `bytes` is by `key` (64 bytes). A key that is no point of the curve signs nothing. */
  async holds(key: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean> {
    try {
      return await crypto.subtle.verify(SIGNING, await this.#import(key), signature, bytes);
    } catch {
      return false;
    }
  }

  #import(key: Bytes): Promise<CryptoKey> {
    const name = keyOf(key);
    const ready = this.#ready.get(name) ?? importKey(key);
    this.#ready.delete(name);
    this.#ready.set(name, ready);
    ready.catch(() => this.#ready.delete(name));
    const [oldest] = this.#ready.keys();
    if (this.#ready.size > READY_MAX && oldest !== undefined) this.#ready.delete(oldest);
    return ready;
  }
}

function importKey(key: Bytes): Promise<CryptoKey> {
  const raw = new Uint8Array(65);
  raw[0] = 4;
  raw.set(key, 1);
  return crypto.subtle.importKey('raw', raw, CURVE, false, ['verify']);
}

// Answers the engine's jobs: WebCrypto and the block store.

import type { Blocks } from './blocks.js';
import { type Bytes, concat, isEqual, pieces, sha256 } from './bytes.js';
import { type Identity, Verifier } from './keys.js';
import * as INPUT from './kinds/input.js';
import * as OUTPUT from './kinds/output.js';
import { keyIn, sign, signatureIn, signedBytes } from './topic-wire.js';

/** A result: its kind among {@link INPUT}, and its bytes. */
type Result = readonly [kind: number, bytes?: Bytes];

export class Jobs {
  readonly #identity: Identity;
  readonly #network: Bytes;
  readonly #blocks: Blocks;
  readonly #answer: (kind: number, job: number, bytes?: Bytes) => void;
  readonly #verifier = new Verifier();

  constructor(
    identity: Identity,
    network: Bytes,
    blocks: Blocks,
    answer: (kind: number, job: number, bytes?: Bytes) => void,
  ) {
    this.#identity = identity;
    this.#network = network;
    this.#blocks = blocks;
    this.#answer = answer;
  }

  /** Begins a job; `id` and `bytes` must have memory of their own. */
  start(kind: number, job: number, value: number, id: Bytes, bytes: Bytes): void {
    this.#run(kind, value, id, bytes).then(
      ([result, data]) => this.#answer(result, job, data),
      () => this.#answer(INPUT.failed, job),
    );
  }

  async #run(kind: number, value: number, id: Bytes, bytes: Bytes): Promise<Result> {
    switch (kind) {
      case OUTPUT.sign:
        return [INPUT.signature, await this.#identity.sign(bytes)];
      case OUTPUT.verify:
        return [INPUT.verified, await this.#verify(id, bytes)];
      case OUTPUT.signMessage:
        return [INPUT.loaded, sign(bytes, await this.#identity.sign(signedBytes(this.#network, bytes)))];
      case OUTPUT.checkMessage:
        return (await this.#isSigned(bytes)) ? [INPUT.loaded, bytes] : [INPUT.missing];
      case OUTPUT.load:
        return this.#load(id);
      case OUTPUT.store:
        return this.#store(id, bytes, value === 1);
      case OUTPUT.absent:
        return [INPUT.hashes, concat(...this.#blocks.absent(pieces(id, 32)))];
      case OUTPUT.scan:
        return [INPUT.hashes, concat(...(await this.#blocks.scan(id.length > 0 ? id : undefined, value)))];
      default:
        return [INPUT.failed];
    }
  }

  async #verify(keyAndSignature: Bytes, bytes: Bytes): Promise<Bytes> {
    const [key, signature] = [keyAndSignature.slice(0, 64), keyAndSignature.slice(64)];
    return Uint8Array.of((await this.#verifier.holds(key, signature, bytes)) ? 1 : 0);
  }

  #isSigned(raw: Bytes): Promise<boolean> {
    return this.#verifier.holds(keyIn(raw), signatureIn(raw), signedBytes(this.#network, raw));
  }

  async #load(hash: Bytes): Promise<Result> {
    const bytes = await this.#blocks.load(hash);
    return bytes ? [INPUT.loaded, bytes] : [INPUT.missing];
  }

  async #store(hash: Bytes, bytes: Bytes, held: boolean): Promise<Result> {
    if (!isEqual(await sha256(bytes), hash)) return [INPUT.mismatch];
    if (held) return [(await this.#blocks.store(hash, bytes, true)) ? INPUT.stored : INPUT.full];
    // What this tab reads goes on, whether or not it can be kept.
    const isKept = await this.#blocks.store(hash, bytes, false).catch(() => false);
    if (!isKept) this.#blocks.lend(hash, bytes);
    return [INPUT.stored];
  }
}

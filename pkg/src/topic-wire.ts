// Messages of topics as they travel; `core-wasm/engine/src/wire/topic.rs` says what they look like.

import { type Bytes, concat, sha256, utf8 } from './bytes.js';

/** Where the key stands in a message, where the signature, and where what is said. */
const [KEY, SIGNATURE, HEAD] = [36, 112, 176];

const NAMES = utf8('tabmesh topic v1');
const MESSAGES = utf8('tabmesh topic v2');

/** The id of the topic with this name. */
export const topicId = (name: string): Promise<Bytes> => sha256(concat(NAMES, utf8(name)));

export const topicOf = (raw: Uint8Array): Uint8Array => raw.subarray(0, 32);

export const keyIn = (raw: Bytes): Bytes => raw.slice(KEY, KEY + 64);

export const signatureIn = (raw: Bytes): Bytes => raw.slice(SIGNATURE, HEAD);

export const payloadIn = (raw: Bytes): Bytes => raw.slice(HEAD);

/** What the signature of a message covers; `network` is the first 8 bytes of the hash of its name. */
export const signedBytes = (network: Bytes, raw: Bytes): Bytes =>
  concat(MESSAGES, network, raw.subarray(0, SIGNATURE), raw.subarray(HEAD));

/** Puts its signature into a message. */
export function sign(raw: Bytes, signature: Bytes): Bytes {
  raw.set(signature, SIGNATURE);
  return raw;
}

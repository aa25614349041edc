// Content ids as text: CIDv1, base32, sha2-256, raw or dag-cbor. Read strictly: one name has one spelling.

import { type Bytes, concat, sha256 } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';

/** How the bytes of a block are to be read. */
export const RAW = 0x55;
export const DAG_CBOR = 0x71;

/** The name of some content. */
export interface Cid {
  readonly codec: typeof RAW | typeof DAG_CBOR;
  /** SHA-256 of the block: 32 bytes. */
  readonly hash: Bytes;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const TEXT = 59;

/** The 36 bytes of a content id. */
export const cidBytes = ({ codec, hash }: Cid): Bytes => concat(Uint8Array.of(1, codec, 0x12, 0x20), hash);

/** The 59 characters of a content id. */
export function cidText(cid: Cid): string {
  let text = 'b';
  let buffer = 0;
  let bits = 0;
  for (const byte of cidBytes(cid)) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(buffer >> (bits - 5)) & 31];
  }
  return text + ALPHABET[(buffer << (5 - bits)) & 31];
}

/** The 59 characters of the id of raw bytes. */
export const contentId = async (bytes: Uint8Array): Promise<string> => cidText({ codec: RAW, hash: await sha256(bytes) });

const bad = (detail: string): MeshError => new MeshError(CODE.badCid, detail);

/**
 * Reads a content id.
 *
 * @throws MeshError BadCid, with what is wrong
 */
export function parseCid(text: unknown): Cid {
  if (typeof text !== 'string') throw bad('it is no text');
  if (!text.startsWith('b')) throw bad('it does not begin with b: convert it to base32');
  if (text.length !== TEXT) throw bad(`it has ${text.length} characters`);
  const bytes = new Uint8Array(36);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const character of text.slice(1)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) throw bad(`${JSON.stringify(character)} does not belong there`);
    buffer = (buffer << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = buffer >> bits;
      at += 1;
      buffer &= (1 << bits) - 1;
    }
  }
  if (buffer !== 0) throw bad('there are bits behind its end');
  return readCid(bytes);
}

/**
 * Reads the 36 bytes of a content id.
 *
 * @throws MeshError BadCid, with what is wrong
 */
export function readCid(bytes: Bytes): Cid {
  const [version, codec, hash, length] = bytes;
  if (version !== 1) throw bad('it is not of version 1');
  if (codec !== RAW && codec !== DAG_CBOR) throw bad('it names neither raw bytes nor dag-cbor');
  if (hash !== 0x12 || length !== 0x20) throw bad('its hash is not sha2-256');
  return { codec, hash: bytes.slice(4) };
}

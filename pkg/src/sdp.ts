// SDP text ⇄ the compact description of `core-wasm/engine/src/wire/description.rs`.

import { type Bytes, fromHex, hex } from './bytes.js';
import { groupsOf, parseUrl } from './urls.js';

/** Candidates in a description; those of highest priority stay. */
const CANDIDATES_MAX = 8;

const TYPES = ['host', 'srflx', 'relay'] as const;

/** Type preferences of RFC 8445 §5.1.2.2, in the order of {@link TYPES}. */
const PREFERENCES = [126, 100, 0] as const;

const V4 = 0;
const V6 = 1;
const MDNS = 2;

interface Candidate {
  readonly priority: number;
  readonly type: number;
  readonly kind: number;
  readonly address: readonly number[];
  readonly port: number;
}

/** What a browser wrote about its end of a connection, in bytes; `undefined` if something is missing. */
export function compact(sdp: string): Bytes | undefined {
  const line = (name: string): string | undefined => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)?.[1];
  const digits = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})\s*$/im.exec(sdp)?.[1];
  const ufrag = line('ice-ufrag');
  const password = line('ice-pwd');
  if (!digits || !ufrag || !password || ufrag.length > 255 || password.length > 255) return undefined;

  const bytes = digits.split(':').map((digit) => Number.parseInt(digit, 16));
  for (const text of [ufrag, password]) {
    bytes.push(text.length, ...Array.from(text, (character) => character.charCodeAt(0)));
  }
  const candidates = candidatesOf(sdp);
  bytes.push(candidates.length);
  for (const { kind, type, address, port } of candidates) {
    bytes.push((type << 2) | kind, ...address, port >> 8, port & 255);
  }
  return Uint8Array.from(bytes);
}

/** How many candidates of other kinds than `host` the text has. */
export function reflexiveCount(sdp: string): number {
  return candidatesOf(sdp).filter(({ type }) => type > 0).length;
}

function candidatesOf(sdp: string): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const [, line = ''] of sdp.matchAll(/^a=candidate:(.+)$/gm)) {
    const [, component, transport, priority, text = '', port, , typ = ''] = line.trim().split(' ');
    const type = TYPES.indexOf(typ as (typeof TYPES)[number]);
    const address = addressOf(text);
    if (component !== '1' || transport?.toLowerCase() !== 'udp' || type < 0 || !address) continue;
    found.set(`${text} ${port} ${typ}`, { priority: Number(priority), type, ...address, port: Number(port) });
  }
  return [...found.values()].sort((a, b) => b.priority - a.priority).slice(0, CANDIDATES_MAX);
}

function addressOf(text: string): { kind: number; address: number[] } | undefined {
  const uuid = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.local$/i.exec(text)?.[1];
  if (uuid) return { kind: MDNS, address: [...(fromHex(uuid.replaceAll('-', ''), 16) ?? [])] };
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const address = text.split('.').map(Number);
    return address.every((byte) => byte < 256) ? { kind: V4, address } : undefined;
  }
  return v6(text);
}

function v6(text: string): { kind: number; address: number[] } | undefined {
  const url = /^[0-9a-f:]+$/i.test(text) ? parseUrl(`ws://[${text}]`) : undefined;
  return url && { kind: V6, address: groupsOf(url.hostname).flatMap((group) => [group >> 8, group & 255]) };
}

/**
 * The SDP text of the other end's description; `undefined` if the bytes are none. The offerer may take either DTLS role, the
 * answerer is active.
 */
export function expand(bytes: Uint8Array, from: 'offer' | 'answer'): string | undefined {
  const reader = new Reader(bytes);
  const fingerprint = reader.take(32);
  const ufrag = reader.iceText(4);
  const password = reader.iceText(22);
  const count = reader.byte();
  if (count > CANDIDATES_MAX) return undefined;
  const candidates = Array.from({ length: count }, (_, index) => reader.candidate(index));
  if (!reader.isSound() || ufrag === '' || password === '' || candidates.includes('')) return undefined;
  return [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    ...candidates,
    'a=end-of-candidates',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${(hex(fingerprint).toUpperCase().match(/../g) ?? []).join(':')}`,
    `a=setup:${from === 'offer' ? 'actpass' : 'active'}`,
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n');
}

/** Reads a description; once something is missing or wrong it is not sound any more. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isSound(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** Letters, digits, + and / only (RFC 8839 §5.4), so that it can stand in SDP as it is; empty if it is not. */
  iceText(shortest: number): string {
    const text = String.fromCharCode(...this.take(this.byte()));
    return text.length >= shortest && /^[0-9A-Za-z+/]*$/.test(text) ? text : '';
  }

  /** One line of SDP; empty if it is no candidate. */
  candidate(index: number): string {
    const tag = this.byte();
    const type = TYPES[tag >> 2];
    const address = this.#address(tag & 3);
    const port = (this.byte() << 8) | this.byte();
    if (type === undefined || address === '') return '';
    const priority = (PREFERENCES[tag >> 2] ?? 0) * 2 ** 24 + (65_535 - index) * 256 + 255;
    const base = type === 'host' ? '' : ' raddr 0.0.0.0 rport 0';
    return `a=candidate:${index + 1} 1 udp ${priority} ${address} ${port} typ ${type}${base}`;
  }

  #address(kind: number): string {
    if (kind === V4) return this.take(4).join('.');
    const digits = kind === V6 || kind === MDNS ? hex(this.take(16)) : '';
    if (kind === V6) return (digits.match(/.{4}/g) ?? []).join(':');
    return kind === MDNS ? `${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}.local` : '';
  }
}

/** A file as a link names it: `#/<cid>/<name>`. */
export interface SharedFile {
  readonly cid: string;
  readonly name: string;
}

/** What the part behind `#` says. */
export type Target =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'file' } & SharedFile)
  | { readonly kind: 'broken'; readonly why: string };

/** Characters of a name; longer ones are cut before their extension. */
const NAME_MAX = 120;

/** Base32 of RFC 4648 in small letters: what the `b` at the front of a CID announces. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Version 1, then raw bytes (0x55) or a dag-cbor tree (0x71), then SHA-256 of 32 bytes. */
const CID_HEADS = ['01551220', '01711220'];

/**
 * The SHA-256 that a CID names, as 64 hex digits: a place in the id space, like a node's id. `null` unless the text
 * is a CIDv1 in base32 of raw or dag-cbor with SHA-256, which is all the network stores.
 */
export function digestOfCid(cid: string): string | null {
  if (cid.length !== 59 || cid[0] !== 'b') return null;
  let hex = '';
  let bits = 0;
  let value = 0;
  for (const letter of cid.slice(1)) {
    const digit = BASE32.indexOf(letter);
    if (digit < 0) return null;
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      hex += ((value >> bits) & 0xff).toString(16).padStart(2, '0');
      value &= (1 << bits) - 1;
    }
  }
  // Leftover bits must be zero: otherwise four texts would name the same content.
  return value === 0 && CID_HEADS.includes(hex.slice(0, 8)) ? hex.slice(8) : null;
}

/** Reads the part of an address from `#` on. Never throws. */
export function readLink(hash: string): Target {
  const path = hash.replace(/^#\/?/, '');
  if (path === '') return { kind: 'none' };
  const slash = path.indexOf('/');
  const cid = slash < 0 ? path : path.slice(0, slash);
  if (digestOfCid(cid) === null) {
    return { kind: 'broken', why: 'The link names no content: some of its characters are missing or changed.' };
  }
  return { kind: 'file', cid, name: cleanName(slash < 0 ? '' : decode(path.slice(slash + 1))) };
}

/** The link under which another tab fetches the file: this page's address with the file behind `#`. */
export function writeLink(page: string, file: SharedFile): string {
  const url = new URL(page);
  url.hash = `/${file.cid}/${encodeURIComponent(cleanName(file.name))}`;
  return url.href;
}

/**
 * A name that is safe to show and to save under: one line, no path, none of the characters that turn the reading
 * direction (they make `gpj.exe` look like `exe.jpg`), at most 120 characters, never empty.
 */
export function cleanName(name: string): string {
  const clean = name
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  if (clean === '') return 'file';
  const letters = [...clean];
  if (letters.length <= NAME_MAX) return clean;
  const extension = /\.[^.\s]{1,12}$/u.exec(clean)?.[0] ?? '';
  return letters.slice(0, NAME_MAX - [...extension].length).join('').trimEnd() + extension;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

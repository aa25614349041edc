/** How fetched content is shown. What is none of these is offered to save only. */
export type Kind = 'image' | 'drawing' | 'video' | 'audio' | 'pdf' | 'text';

/** A way to show content, and the type its bytes are given. Never a type that a browser would run. */
export interface Preview {
  readonly kind: Kind;
  readonly type: string;
}

/** Content, and how to show it; `null`: not at all. */
export interface Shown {
  readonly name: string;
  readonly blob: Blob;
  readonly preview: Preview | null;
}

/** Bytes looked at to tell what content is. */
const HEAD = 4096;

/** Bytes of text that are shown; the rest is in the saved file. */
export const TEXT_SHOWN = 256 * 1024;

/** The largest file shown, by kind, in bytes: what is beyond would cost the tab its memory. */
const LARGEST: Record<Kind, number> = {
  image: 64e6,
  drawing: 1e6,
  video: 2e9,
  audio: 2e9,
  pdf: 256e6,
  text: 2e9,
};

/** The type of an extension's bytes. A closed list: nothing that a browser would run as a page is in it. */
const TYPES: Record<Exclude<Kind, 'text'>, Record<string, string>> = {
  image: {
    png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp',
    avif: 'image/avif', bmp: 'image/bmp', ico: 'image/x-icon',
  },
  drawing: { svg: 'image/svg+xml' },
  video: { mp4: 'video/mp4', m4v: 'video/mp4', webm: 'video/webm', ogv: 'video/ogg', mov: 'video/quicktime' },
  audio: {
    mp3: 'audio/mpeg', m4a: 'audio/mp4', aac: 'audio/aac', ogg: 'audio/ogg', oga: 'audio/ogg', opus: 'audio/ogg',
    wav: 'audio/wav', flac: 'audio/flac',
  },
  pdf: { pdf: 'application/pdf' },
};

/** Shown as plain text, markup and programs too: they are read here, never run. */
const TEXTS = `txt md markdown csv tsv log json jsonl xml html htm css js mjs ts tsx jsx rs py rb go c h cpp java sh
  toml yaml yml ini tex srt vtt`.split(/\s+/);

const BY_EXTENSION = new Map<string, Preview>([
  ...Object.entries(TYPES).flatMap(([kind, types]) =>
    Object.entries(types).map(([extension, type]) => [extension, { kind: kind as Kind, type }] as const),
  ),
  ...TEXTS.map((extension) => [extension, { kind: 'text', type: 'text/plain' }] as const),
]);

/** First bytes that give a format away, in hex, and the extension of that format. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/^89504e470d0a1a0a/, 'png'],
  [/^ffd8ff/, 'jpg'],
  [/^47494638/, 'gif'],
  [/^52494646.{8}57454250/, 'webp'],
  [/^52494646.{8}57415645/, 'wav'],
  [/^.{8}6674797061766966/, 'avif'],
  [/^.{8}66747970/, 'mp4'],
  [/^1a45dfa3/, 'webm'],
  [/^255044462d/, 'pdf'],
  [/^494433/, 'mp3'],
  [/^664c6143/, 'flac'],
  [/^4f676753/, 'ogg'],
];

/**
 * How to show a file: by its name's extension, or by its first bytes where the name has none (16 are enough for the
 * signs; some thousand decide better about text). `null`: not at all.
 */
export function previewOf(name: string, size: number, head: Uint8Array): Preview | null {
  const extension = /\.([a-z0-9]{1,12})$/i.exec(name)?.[1]?.toLowerCase() ?? signOf(head);
  const preview = BY_EXTENSION.get(extension);
  return preview && size > 0 && size <= LARGEST[preview.kind] ? preview : null;
}

/** Content made ready to be shown or saved: its blob gets the type that its preview has. */
export async function shownOf(name: string, content: Blob): Promise<Shown> {
  const head = new Uint8Array(await content.slice(0, HEAD).arrayBuffer());
  const preview = previewOf(name, content.size, head);
  return { name, preview, blob: content.slice(0, content.size, preview?.type ?? 'application/octet-stream') };
}

/** The extension that the first bytes deserve; empty for none. */
function signOf(head: Uint8Array): string {
  const hex = Array.from(head.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return SIGNS.find(([sign]) => sign.test(hex))?.[1] ?? (isText(head) ? 'txt' : '');
}

/** Whether the bytes read as UTF-8 without control characters other than white space; the last letter may be cut. */
function isText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return text !== '' && !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\u007f]/.test(text);
  } catch {
    return false;
  }
}

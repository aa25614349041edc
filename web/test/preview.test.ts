import { describe, expect, test } from 'vitest';
import { previewOf } from '../src/preview.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const none = new Uint8Array();

describe('what is shown, and as what', () => {
  test.each([
    ['a.png', 'image', 'image/png'], ['A.JPEG', 'image', 'image/jpeg'], ['a.svg', 'drawing', 'image/svg+xml'],
    ['a.webm', 'video', 'video/webm'], ['a.mp3', 'audio', 'audio/mpeg'], ['a.pdf', 'pdf', 'application/pdf'],
    ['a.md', 'text', 'text/plain'],
  ])('%s is %s', (name, kind, type) => expect(previewOf(name, 10, none)).toEqual({ kind, type }));

  test('pages and programs are read as text, never run', () => {
    for (const name of ['a.html', 'a.htm', 'a.js', 'a.mjs', 'a.xml']) {
      expect(previewOf(name, 10, bytes('<script>alert(1)</script>'))).toEqual({ kind: 'text', type: 'text/plain' });
    }
    expect(previewOf('file', 30, bytes('<!doctype html><script>'))).toEqual({ kind: 'text', type: 'text/plain' });
  });

  test('what a browser would run and we do not know is not shown', () => {
    for (const name of ['a.xhtml', 'a.mht', 'a.swf', 'a.wasm', 'a.exe', 'a.constructor']) {
      expect(previewOf(name, 10, bytes('<html>')), name).toBeNull();
    }
  });

  test.each([
    ['\x89PNG\r\n\x1a\n....', 'image/png'], ['\xff\xd8\xff\xe0', 'image/jpeg'], ['GIF89a', 'image/gif'],
    ['RIFF....WEBPVP8 ', 'image/webp'], ['RIFF....WAVEfmt ', 'audio/wav'], ['....ftypavif', 'image/avif'],
    ['....ftypisom', 'video/mp4'], ['%PDF-1.7', 'application/pdf'], ['just words\n', 'text/plain'],
  ])('without an extension the first bytes decide: %j', (head, type) => {
    expect(previewOf('file', 10, bytes(head))?.type).toBe(type);
  });

  test('bytes that are nothing known are not shown', () => {
    for (const head of ['\x00\x01\x02', '\xff\xfe\x00', 'text with \x00 in it']) {
      expect(previewOf('file', 10, bytes(head)), head).toBeNull();
    }
  });

  test('text may be cut inside its last letter', () => {
    expect(previewOf('file', 10, new TextEncoder().encode('Zürich ü').slice(0, -1))?.kind).toBe('text');
  });

  test('neither nothing nor too much is shown', () => {
    expect(previewOf('a.png', 0, none)).toBeNull();
    expect(previewOf('a.svg', 2e6, none)).toBeNull();
    expect(previewOf('a.png', 1e9, none)).toBeNull();
  });
});

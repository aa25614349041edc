// What the tasks of the corpus work on: texts of the packages themselves, programs of inputs/, and pictures, meshes and
// requests that are made here, in whole numbers and exact fractions, so that they are the same wherever they are made.

import { pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { text } from './files.js';

const README = ['undici', 'source-map', 'hash-wasm', 'meshoptimizer', 'es-module-lexer', 'cjs-module-lexer'];

/** A file of the folder inputs/. */
export const own = (name) => readFileSync(new URL(`inputs/${name}`, import.meta.url));

/** So many bytes of people's words, in Markdown. */
export function prose(bytes) {
  const all = Buffer.from(README.map((name) => text(`${name}/README.md`)).join('\n'));
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / all.length) }, () => all)).subarray(0, bytes);
}

/** Files of packages, one behind the other, in UTF-16. */
export const script = (...paths) => Buffer.from(paths.map(text).join('\n'), 'utf16le');

/** CommonJS modules, and an ES module. */
export const COMMON_MODULES = ['cjs-module-lexer/lexer.js', 'undici/index.js'];
export const MODULE = 'hash-wasm/dist/index.esm.js';

/** The mappings of a package's source map, twenty times over. */
export function mappings() {
  const { mappings: once } = JSON.parse(text('@jitl/quickjs-wasmfile-release-sync/dist/index.js.map'));
  return Buffer.from(Array.from({ length: 20 }, () => once).join(';'));
}

export const PASSWORD = Buffer.from('correct horse battery staple');

/** What scrypt makes of the password first: a block of 1 KiB, without salt. */
export const block = () => pbkdf2Sync(PASSWORD, '', 1, 1024, 'sha256');

/** A stream of requests, as a browser sends them. */
export function requests(count) {
  const body = (n) => `{"number":${n},"square":${n * n}}`;
  const head = (n) => `Host: example.org\r\nAccept: text/html,application/json;q=0.9\r\nCookie: session=${n * 7919}\r\nX-Number: ${n}\r\n`;
  const one = (n) => {
    if (n % 3 === 0) return `GET /page/${n}?part=${n % 7} HTTP/1.1\r\n${head(n)}\r\n`;
    if (n % 3 === 1) return `POST /form HTTP/1.1\r\n${head(n)}Content-Length: ${body(n).length}\r\n\r\n${body(n)}`;
    return `PUT /file/${n} HTTP/1.1\r\n${head(n)}Transfer-Encoding: chunked\r\n\r\n${body(n).length.toString(16)}\r\n${body(n)}\r\n0\r\n\r\n`;
  };
  return Buffer.from(Array.from({ length: count }, (_, n) => one(n)).join(''));
}

/** A picture of 256 columns, four bytes a pixel. */
export function picture(rows) {
  const pixels = Buffer.alloc(256 * rows * 4);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < 256; x += 1) {
      const isInside = (x - 128) ** 2 + (y * 4 - 128) ** 2 < 100 ** 2;
      const shade = (x * x + 3 * y * y) >> 6;
      pixels.set(isInside ? [shade, 255 - x, (x ^ y) & 255, 255] : [240, 240, 255, 255], (y * 256 + x) * 4);
    }
  }
  return pixels;
}

/** A drawing in SVG. */
export function drawing(shapes) {
  const one = (_, n) => {
    const [x, y, size] = [(n * 97) % 300, (n * 61) % 300, 5 + ((n * 13) % 40)];
    const colour = `#${((n * 2654435761) & 0xffffff).toString(16).padStart(6, '0')}`;
    if (n % 3 === 0) return `<circle cx="${x}" cy="${y}" r="${size}" fill="url(#g)" stroke="${colour}" opacity="0.7"/>`;
    if (n % 3 === 1) return `<path d="M${x} ${y} q ${size} ${-size} ${size * 2} 0 t ${size} ${size} a ${size} 9 30 0 1 9 9 z" fill="${colour}" transform="rotate(${n} ${x} ${y})"/>`;
    return `<rect x="${x}" y="${y}" width="${size}" height="9" rx="4" stroke="${colour}" stroke-width="2" stroke-dasharray="5 2" fill="none"/>`;
  };
  const gradient = '<linearGradient id="g"><stop offset="0" stop-color="gold"/><stop offset="1" stop-color="teal" stop-opacity="0.3"/></linearGradient>';
  const body = Array.from({ length: shapes }, one).join('\n');
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><defs>${gradient}</defs>\n${body}\n</svg>`);
}

/** The height of the hills at a place of a grid: a fraction that every machine rounds alike. */
const height = (x, y) => ((x * x - y * y + ((x * y) % 17)) % 4096) / 256;

/** Vertices of a grid of `side` columns and rows: place as three f32, and four bytes of colour. */
export function vertices(side) {
  const bytes = Buffer.alloc(side * side * 16);
  for (let at = 0; at < side * side; at += 1) {
    const [x, y] = [at % side, Math.floor(at / side)];
    [x, y, height(x, y)].forEach((value, axis) => bytes.writeFloatLE(value, at * 16 + axis * 4));
    bytes.set([x & 255, y & 255, (x + y) & 255, 255], at * 16 + 12);
  }
  return bytes;
}

/** A mesh over the same grid: how many indices, the indices, the places. */
export function mesh(side) {
  const indices = [];
  for (let y = 0; y + 1 < side; y += 1) {
    for (let x = 0; x + 1 < side; x += 1) {
      const at = y * side + x;
      indices.push(at, at + 1, at + side, at + 1, at + side + 1, at + side);
    }
  }
  const bytes = Buffer.alloc(4 + indices.length * 4 + side * side * 12);
  [indices.length, ...indices].forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
  for (let at = 0; at < side * side; at += 1) {
    const [x, y] = [at % side, Math.floor(at / side)];
    const place = 4 + indices.length * 4 + at * 12;
    [x, y, height(x, y)].forEach((value, axis) => bytes.writeFloatLE(value, place + axis * 4));
  }
  return bytes;
}

/** So many private keys of 32 bytes. */
export const keys = (count) => Buffer.from(Array.from({ length: count * 32 }, (_, at) => ((at * 167 + 13) % 251) + 1));

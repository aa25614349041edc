// Goal: a task of the corpus answers what its package answers, so that engines do not merely agree on nonsense.
// Method: each built module, unmetered, in this engine; its answer against the package's own interface, Node.js or a known
// value, and against expected.json, whose answers metered modules gave. What is packed is unpacked and compared by the door.

import assert from 'node:assert/strict';
import { createHash, scryptSync, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

import * as esm from 'es-module-lexer';
import * as hash from 'hash-wasm';
import { MeshoptDecoder, MeshoptEncoder, MeshoptSimplifier } from 'meshoptimizer';
import xxhash from 'xxhash-wasm';

import { built, bytes, file, text, version } from '../files.js';
import { COMMON_MODULES, MODULE, PASSWORD } from '../inputs.js';
import { GUESTS } from '../list.js';

const EXPECTED = JSON.parse(readFileSync(new URL('../expected.json', import.meta.url), 'utf8'));

const sha256 = (data) => createHash('sha256').update(data).digest();

/** The name of an output: CID of version 1, raw, SHA-256, in base 32. */
function id(output) {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567';
  const bits = [1, 0x55, 0x12, 32, ...sha256(output)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `b${bits.match(/.{1,5}/g).map((five) => letters[parseInt(five.padEnd(5, '0'), 2)]).join('')}`;
}

/** What a task answers without a meter. */
function run(guest, input) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(built(`${guest}.wasm`))));
  const place = exports.alloc(32 + input.length) >>> 0;
  new Uint8Array(exports.memory.buffer).set(input, place + 32);
  const answer = BigInt.asUintN(64, exports.run(place, 32 + input.length));
  return Buffer.from(exports.memory.buffer, Number(answer >> 32n), Number(answer & 0xffffffffn));
}

/** An output of numbers of 32 bits, in rows. */
function rows(output, columns) {
  const numbers = new Int32Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.length));
  return Array.from({ length: numbers.length / columns }, (_, at) => Array.from(numbers.subarray(at * columns, (at + 1) * columns)));
}

/** The text between two places, for each row. */
const pieces = (output, source) => rows(output, 2).map(([start, end]) => source.slice(start, end));

/** Of each guest, a check of its output; nothing more than the door's is needed where there is none. */
const CHECKS = {
  blake3: async (input, output) => assert.equal(output.toString('hex'), await hash.blake3(input)),
  sha3: (input, output) => assert.deepEqual(output, createHash('sha3-256').update(input).digest()),
  bcrypt: async (input, output) => {
    const options = { password: input, salt: input.subarray(0, 16), costFactor: 5, outputType: 'encoded' };
    assert.equal(output.toString(), await hash.bcrypt(options));
  },
  scrypt: (input, output) => {
    const whole = scryptSync(PASSWORD, '', 64, { N: 2048, r: 8, p: 1 });
    assert.deepEqual(pbkdf2Sync(PASSWORD, output, 1, 64, 'sha256'), whole);
  },
  xxhash: async (input, output) => {
    const { h32Raw, h64Raw } = await xxhash();
    assert.equal(output.readBigUInt64LE(), h64Raw(input));
    assert.equal(output.readUInt32LE(8), h32Raw(input));
  },
  secp256k1: async (input, output) => {
    const { sign } = await import('tiny-secp256k1');
    const keys = Array.from({ length: input.length / 32 }, (_, at) => input.subarray(at * 32, at * 32 + 32));
    assert.deepEqual(output, Buffer.concat(keys.map((key) => sign(key, key))));
  },
  brotli: (input, output) => assert.deepEqual(brotliDecompressSync(output), input),
  xz: (input, output) => assert.equal(sha256(output).toString('hex'), PROSE),
  oxipng: async (input, output) => {
    const { initSync, optimise_raw: optimise } = await import('@jsquash/oxipng/codec/pkg/squoosh_oxipng.js');
    initSync(new WebAssembly.Module(await bytes(GUESTS.find(({ guest }) => guest === 'oxipng'))));
    assert.deepEqual(output, Buffer.from(optimise(new Uint8ClampedArray(input), 256, 16, 2, false, false)));
  },
  'mesh-encoder': async (input, output) => {
    await Promise.all([MeshoptEncoder.ready, MeshoptDecoder.ready]);
    assert.deepEqual(output, Buffer.from(MeshoptEncoder.encodeVertexBufferLevel(input, input.length / 16, 16, 3, 1)));
    const unpacked = Buffer.alloc(input.length);
    MeshoptDecoder.decodeVertexBuffer(unpacked, input.length / 16, 16, output);
    assert.deepEqual(unpacked, input);
  },
  'mesh-simplifier': async (input, output) => {
    await MeshoptSimplifier.ready;
    const count = input.readUInt32LE();
    const indices = new Uint32Array(input.buffer.slice(input.byteOffset + 4, input.byteOffset + 4 + count * 4));
    const places = new Float32Array(input.buffer.slice(input.byteOffset + 4 + count * 4, input.byteOffset + input.length));
    const [left] = MeshoptSimplifier.simplify(indices, places, 3, Math.floor(count / 30) * 3, 0.1);
    assert.deepEqual(output, Buffer.from(left.buffer));
  },
  'cjs-lexer': async (input, output) => {
    const { initSync, parse } = await import('cjs-module-lexer');
    initSync();
    const source = COMMON_MODULES.map(text).join('\n');
    const { exports, reexports } = parse(source);
    assert.deepEqual([...new Set(pieces(output, source))].sort(), [...new Set([...exports, ...reexports])].sort());
  },
  'esm-lexer': async (input, output) => {
    await esm.init;
    const source = text(MODULE);
    const [imports, exports] = esm.parse(source);
    assert.deepEqual(rows(output, 2), [...imports, ...exports].map(({ s, e }) => [s, e]));
  },
  llhttp: (input, output) => {
    const urls = rows(output, 3).filter(([kind]) => kind === 1);
    const lines = input.toString().matchAll(/(?:GET|POST|PUT) (\S+) HTTP/g);
    assert.deepEqual(urls.map(([, start, end]) => input.toString('utf8', start, end)), Array.from(lines, ([, url]) => url));
    assert.equal(rows(output, 3).filter(([kind]) => kind === 4).length, 2000);
  },
  'source-map': async (input, output) => {
    const { SourceMapConsumer } = (await import('source-map')).default;
    const sources = Array.from({ length: 10_000 }, (_, at) => `${at}`);
    const map = { version: 3, sources, names: sources, mappings: input.toString() };
    await SourceMapConsumer.with(map, null, (consumer) => {
      const all = [];
      const add = (one) => all.push([one.generatedLine - 1, one.generatedColumn, Number(one.source), one.originalLine - 1, one.originalColumn]);
      consumer.eachMapping(add, null, SourceMapConsumer.ORIGINAL_ORDER);
      assert.deepEqual(rows(output, 5), all);
    });
  },
  markdown: async (input, output) => {
    const { parse } = (await import('markdown-wasm')).default;
    assert.equal(output.toString(), parse(input));
  },
  resvg: async (input, output) => {
    const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
    await initWasm(file('@resvg/resvg-wasm/index_bg.wasm'));
    assert.deepEqual(output, Buffer.from(new Resvg(input.toString()).render().asPng()));
  },
  quickjs: (input, output) => assert.equal(output.toString(), vm.runInNewContext(input.toString())),
  lua: async (input, output) => {
    const { LuaFactory } = (await import('wasmoon')).default;
    const engine = await new LuaFactory().createEngine();
    assert.equal(output.toString(), await engine.doString(input.toString()));
  },
  sqlite: async (input, output) => {
    const { default: open } = await import('sql.js');
    const { Database } = await open();
    const results = new Database().exec(input.toString());
    assert.equal(output.toString(), results.flatMap(({ values }) => values.map(([first]) => `${first}\n`)).join(''));
  },
};

/** The text that was packed into inputs/prose.xz. */
const PROSE = '9293d96ee65f0e91e884f286e39982e77261735b33f64bc514f602ddc05dceb9';

test('the list holds what is built, of the versions that are installed', () => {
  const kept = EXPECTED.map(({ guest, sha256: hex, version: there }) => [guest, hex, there]);
  const now = GUESTS.map(({ guest, package: name }) => [guest, sha256(readFileSync(built(`${guest}.wasm`))).toString('hex'), version(name)]);
  assert.deepEqual(kept, now, 'write it anew with `cargo xtask tasks --write`');
});

for (const { guest } of GUESTS) {
  test(`${guest} answers what its package answers`, async () => {
    const input = readFileSync(built(`${guest}.in`));
    const output = run(guest, input);
    await CHECKS[guest]?.(input, output);
    assert.equal(id(output), EXPECTED.find((one) => one.guest === guest).output);
  });
}

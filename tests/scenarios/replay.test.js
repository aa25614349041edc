// Goal: the Wasm build does what the native build does, byte for byte.
// Method: a tab's whole life in the virtual network, written down input by input by the engine's own test (which says how:
// core-wasm/engine/tests/scenarios/replay.rs), is replayed through the module that ships.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { pkg, replay } from '../harness/places.js';

const CONFIG = 108;

test('a life replayed through the Wasm build has the same outputs', async () => {
  const { initSync, start, input } = await import(join(pkg(), 'wasm/tabmesh_core.js'));
  const { receive } = await import(join(pkg(), 'dist/output.js'));
  initSync({ module: readFileSync(join(pkg(), 'wasm/tabmesh_core_bg.wasm')) });

  const life = replay();
  let hash;
  const field = (bytes) => hash.update(numbers(bytes.length)).update(bytes);
  const core = start(
    receive((kind, number, value, id, bytes) => {
      hash.update(numbers(kind, number, value, id.length)).update(id);
      field(bytes);
    }),
    life.subarray(0, CONFIG),
  );
  let count = 0;
  for (const { now, kind, number, bytes, digest } of inputs(life)) {
    hash = createHash('sha256');
    const wanted = Buffer.alloc(8);
    wanted.writeDoubleBE(input(core, now, kind, number, bytes));
    const found = hash.update(wanted).digest().subarray(0, 8);
    assert.deepEqual(found, digest, `input ${count}, of kind ${kind}, has other outputs`);
    count += 1;
  }
  assert.ok(count > 1000);
});

function numbers(...values) {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, place) => bytes.writeUInt32BE(value, place * 4));
  return bytes;
}

/** The inputs of the file, one after another. */
function* inputs(file) {
  for (let at = CONFIG; at < file.length; ) {
    const [kind, number, length] = [8, 12, 16].map((place) => file.readUInt32BE(at + place));
    const end = at + 20 + length;
    yield {
      now: file.readDoubleBE(at),
      kind,
      number,
      bytes: file.subarray(at + 20, end),
      digest: file.subarray(end, end + 8),
    };
    at = end + 8;
  }
}

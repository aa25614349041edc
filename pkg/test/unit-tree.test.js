// Goal: content has the tree that the engine and IPLD libraries give it, and any range of it is read back.
// Method: the engine's vectors (`core-wasm/engine/tests/content`), then trees in a map.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, hex, keyOf, sha256, utf8 } from '../dist/bytes.js';
import { cidText } from '../dist/cid.js';
import * as CODE from '../dist/codes.js';
import { BLOCK_MAX } from '../dist/limits.js';
import { TreeBuilder, contentSize, leavesOf } from '../dist/tree.js';

const pattern = (size) => Uint8Array.from({ length: size }, (_, i) => i + (i >> 8) * 7);

/** Builds the tree of `bytes` into `store`. */
async function built(bytes, store = new Map()) {
  const builder = new TreeBuilder();
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_MAX) {
    const leaf = bytes.slice(at, at + BLOCK_MAX);
    const hash = await sha256(leaf);
    store.set(keyOf(hash), leaf);
    for (const node of await builder.push(hash, leaf.length)) store.set(keyOf(node.hash), node.bytes);
  }
  const { nodes, root } = await builder.end();
  for (const node of nodes) store.set(keyOf(node.hash), node.bytes);
  return root;
}

test('real bytes have the roots that IPLD libraries compute', async () => {
  const cases = [
    [0, 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
    [1, 'bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu'],
    [16_383, 'bafkreidzogi4rfgxvre3w5k56k2xst3ayzffkcbvijlukqhvroldysgjca'],
    [16_384, 'bafkreihrygw34i626v4f3rnstbcscm2ivxvbycze6hnel3v6cfqxp3ncmq'],
    [16_385, 'bafyreidinihcpvbdylnav5cspudqq6kmjabojyfocwxs4g6hnviq3bvska'],
    [65_536, 'bafyreiet3s4uzm6532te52inhguglll3qe3rswbxqbbi6tghfrypp3gnpi'],
    [65_537, 'bafyreian2ve7d75svada65ywcgfibtumo2an7vcr5rrbmyzlsnnhwex2ia'],
    [4_194_304, 'bafyreigciome64xjb3dzvblcu2aaqez5etaelgu5eorxl2araw2aljhoba'],
    [4_194_305, 'bafyreiglwhta6oqvewhra3zs7gpe7cj3t5lzlywdk44qt4epdvivvsj4d4'],
    [5_000_000, 'bafyreig2466nmjcattc7k7qa2imv555pq6mq7lzbf2ktmtigexmwlfccyq'],
  ];
  for (const [size, cid] of cases) assert.equal(cidText(await built(pattern(size))), cid, `${size} bytes`);
});

test('a small node is these bytes', async () => {
  const builder = new TreeBuilder();
  await builder.push(await sha256(utf8('a')), BLOCK_MAX);
  await builder.push(await sha256(utf8('b')), 1);
  const { nodes } = await builder.end();
  assert.equal(
    nodes.map(({ bytes }) => hex(bytes)).join(),
    '8219400182d82a58250001551220ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb' +
      'd82a582500015512203e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
  );
});

test('any range is read back, and only its path is fetched', async () => {
  const bytes = pattern(4_300_000);
  const store = new Map();
  const root = await built(bytes, store);
  const rootBytes = store.get(keyOf(root.hash));
  assert.equal(contentSize(rootBytes), bytes.length);
  const ranges = [[0, 4_300_000], [0, 1], [16_383, 16_385], [4_194_303, 4_194_305], [4_299_999, 4_300_000], [70_000, 90_000]];
  for (const [from, to] of ranges) {
    let fetched = 0;
    const fetch = async (hash) => {
      fetched += 1;
      return store.get(keyOf(hash));
    };
    const parts = [];
    for await (const leaf of leavesOf(root.hash, bytes.length, from, to, fetch)) {
      const data = store.get(keyOf(leaf.hash));
      assert.equal(data.length, leaf.size);
      parts.push(data.subarray(leaf.from, leaf.to));
    }
    assert.deepEqual(concat(...parts), bytes.slice(from, to), `${from} to ${to}`);
    assert.ok(fetched <= (from < 4_194_304 && to > 4_194_304 ? 3 : 2), `${fetched} nodes for ${from} to ${to}`);
  }
});

test('a node that is not exactly one is malformed', async () => {
  const store = new Map();
  const root = await built(pattern(100_000), store);
  const node = store.get(keyOf(root.hash));
  const read = async (bytes, size = 100_000) => {
    for await (const _ of leavesOf(root.hash, size, 0, size, async () => bytes)) assert.ok(_);
  };
  await read(node);
  for (let at = 0; at < node.length; at += 1) {
    // The hashes of leaves may be anything.
    if (at >= 7 && (at - 7) % 41 >= 9) continue;
    const broken = node.slice();
    broken[at] ^= 1;
    await assert.rejects(read(broken), { code: CODE.malformedContent }, `byte ${at}`);
  }
  await assert.rejects(read(node.slice(0, -1)), { code: CODE.malformedContent });
  await assert.rejects(read(concat(node, Uint8Array.of(0))), { code: CODE.malformedContent });
  await assert.rejects(read(node, 120_000), { code: CODE.malformedContent });
  assert.throws(() => contentSize(Uint8Array.of(0x82, 0x19, 0x40, 0x00)), { code: CODE.malformedContent });
  assert.throws(() => contentSize(new Uint8Array(0)), { code: CODE.malformedContent });
});

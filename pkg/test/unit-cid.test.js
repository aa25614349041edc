// Goal: content ids are those of IPFS tools, and nothing else is taken for one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DAG_CBOR, RAW, cidText, parseCid } from '../dist/cid.js';
import { sha256, utf8 } from '../dist/bytes.js';

const HELLO = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';

test('the names that other tools give', async () => {
  assert.equal(cidText({ codec: RAW, hash: await sha256(utf8('hello world')) }), HELLO);
  const { codec, hash } = parseCid('bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae');
  assert.equal(codec, DAG_CBOR);
  assert.equal(hash.length, 32);
});

test('text and name go both ways', async () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const cid = { codec: seed % 2 ? RAW : DAG_CBOR, hash: await sha256(utf8(`${seed}`)) };
    assert.deepEqual(parseCid(cidText(cid)), cid);
  }
});

test('anything else is refused with a code and what is wrong', () => {
  const cases = [
    [undefined, /no text/],
    [42, /no text/],
    ['', /does not begin with b/],
    ['QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG', /does not begin with b/],
    [HELLO.slice(0, -1), /58 characters/],
    [`${HELLO}a`, /60 characters/],
    [HELLO.replace('3', '1'), /"1" does not belong/],
    [HELLO.toUpperCase().replace('B', 'b'), /does not belong/],
    [`b${'a'.repeat(58)}`, /version 1/],
    [`${HELLO.slice(0, -1)}f`, /behind its end/],
    ['bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi', /neither raw/],
  ];
  for (const [text, detail] of cases) assert.throws(() => parseCid(text), { name: 'BadCid', code: 1002, message: detail });
});

// Goal: the face of the ledger says what its module says: amounts are exact, bytes are those of the vectors, a transfer comes to its end by
// each way there is, and every wait ends. Method: the real module in four voters and a few who are none, joined by memory.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { fromHex, hex } from '../dist/bytes.js';
import { isConflict, readBlock, readOperation } from '../dist/ledger/block.js';
import { read, readRecord } from '../dist/ledger/face.js';
import { readGenesis } from '../dist/ledger/genesis.js';
import { credits, formatCredits, ledgerOf } from '../dist/ledger/index.js';
import * as limits from '../dist/ledger/limits.js';
import { WORD, refused } from '../dist/ledger/words.js';
import { genesisOf, town, voter } from './town.js';

const LEDGER = readFileSync(new URL('../wasm/tabmesh_ledger.wasm', import.meta.url));
const VECTORS = JSON.parse(readFileSync(new URL('../../tests/vectors/ledger.json', import.meta.url), 'utf8'));
const bytes = (text) => fromHex(text, text.length / 2);
const name = (name) => (error) => error.name === name;

async function allOf(iterable) {
  const all = [];
  for await (const each of iterable) all.push(each);
  return all;
}

let nodes;
let genesis;
/** What voters answer who is asked for test credits, one after the other; then they refuse. */
let gifts = [];

/** Four voters, one with 50 credits, and others without. */
before(async () => {
  nodes = await town(10);
  genesis = genesisOf(nodes.slice(0, 4), [nodes[4], nodes[7]]);
  const drip = () => gifts.shift() ?? [205, new Uint8Array(0)];
  await Promise.all(nodes.slice(0, 4).map((node) => voter(node, genesis, { module: LEDGER, drip })));
});
after(() => nodes.forEach(({ mesh }) => mesh.close()));

const follow = (number) => ledgerOf(nodes[number].mesh, { genesis, module: LEDGER });

test('amounts are exact, and what is none is refused', () => {
  for (const [text, grains] of [['1.25', 1_250_000n], ['0.000001', 1n], ['0', 0n], ['4611686018427.387904', limits.SUPPLY_MAX], ['007', 7_000_000n]]) {
    assert.equal(credits(text), grains);
    assert.equal(credits(formatCredits(grains)), grains);
  }
  assert.deepEqual([1n, 1_500_000n, 20_000_000n, 0n].map(formatCredits), ['0.000001', '1.5', '20', '0']);
  for (const text of [1.25, 1, '1,25', '1.2500000', '.5', '1.', '-1', '1e3', ' 1', '', '4611686018427.387905', '99999999999999', null, undefined, 1n]) {
    assert.throws(() => credits(text), name('BadAmount'), String(text));
  }
  for (const grains of [1, '1', -1n, undefined]) assert.throws(() => formatCredits(grains), name('BadAmount'));
});

test('bytes are those of the vectors', () => {
  const read = readGenesis(bytes(VECTORS.genesis.bytes));
  assert.equal(hex(read.hash), VECTORS.genesis.hash);
  assert.deepEqual([read.epochMs, read.stake, read.fee, read.isTest], [10_000, 1_000, 1_000n, true]);
  for (const { bytes: text, id, kind } of VECTORS.operations) {
    const operation = readOperation(bytes(text));
    assert.deepEqual([hex(operation.id), operation.kind], [id, kind]);
  }
  const transfer = readOperation(bytes(VECTORS.operations[0].bytes));
  assert.deepEqual([transfer.fee, transfer.sequence, transfer.until], [2_000n, 0, 100]);
  const [{ bytes: block }] = VECTORS.blocks;
  const statement = new Uint8Array(45 + 8);
  statement[52] = 0b101;
  const shown = readBlock(Uint8Array.of(...statement, ...new Uint8Array(128), ...bytes(block)));
  assert.deepEqual([shown.height, shown.signers, shown.operations.length], [1, [0, 2], 7]);
  // Where a term opens, who votes stands between the two.
  new DataView(statement.buffer).setUint32(5, 721);
  const voters = Uint8Array.of(1, 2, ...new Uint8Array(2 * 82), 0, 1, ...new Uint8Array(82));
  const opening = readBlock(Uint8Array.of(...statement, ...new Uint8Array(128), ...voters, ...bytes(block)));
  assert.deepEqual(opening, shown);
  assert.equal(isConflict(shown.operations, shown.operations[0]), false);
  assert.equal(isConflict([...shown.operations, shown.operations[0]], shown.operations[0]), true);
  const account = bytes(VECTORS.units).slice(0, 64);
  assert.equal(typeof readRecord(account).balance, 'bigint');
});

test('what is no genesis, event, operation or record is none', () => {
  const whole = bytes(VECTORS.genesis.bytes);
  for (const wrong of [new Uint8Array(0), whole.slice(0, 40), whole.slice(0, -1), Uint8Array.of(2, ...whole.slice(1)), new Uint8Array(2_000_000)]) {
    assert.throws(() => readGenesis(wrong), name('BadGenesis'));
  }
  for (const wrong of [[], [99], [12, 1], [6, ...new Array(35)], [13, 0, 0, 0, 1]]) assert.throws(() => read(Uint8Array.from(wrong)), RangeError);
  assert.throws(() => readOperation(new Uint8Array(184)), RangeError);
  assert.throws(() => readRecord(new Uint8Array(64)), RangeError);
  assert.throws(() => readBlock(new Uint8Array(60)), RangeError);
});

test('bounds are those of the module, and each refusal has a sentence', () => {
  const source = (path) => readFileSync(new URL(`../../core-wasm/ledger/src/${path}`, import.meta.url), 'utf8');
  const bound = (text, name) => BigInt(new RegExp(`pub const ${name}: \\w+ = ([\\d_]+)`).exec(text)[1].replaceAll('_', ''));
  const text = source('limits.rs');
  assert.equal(bound(text, 'CREDIT'), limits.CREDIT);
  for (const each of ['VOTERS_MIN', 'VOTERS_MAX', 'SUBMISSIONS_MAX']) assert.equal(bound(text, each), BigInt(limits[each]));
  assert.match(text, /SUPPLY_MAX: u64 = 1 << 62;/);
  const numbers = [...source('refusal.rs').matchAll(/^    \w+ = (\d+),/gm)].map(([, number]) => Number(number));
  assert.ok(numbers.length >= 34);
  for (const number of numbers) assert.ok(refused(number).message.length > 20);
  assert.equal(refused(12).code, WORD.insufficient);
  assert.match(refused(25).message, /refusal 25/);
});

test('a transfer comes to be final by its steps, both ends see it, and it is a promise too', async () => {
  const [payer, receiver] = [await follow(4), await follow(5)];
  await Promise.all([payer.ready, receiver.ready]);
  const before = await payer.account();
  const told = [];
  const stop = receiver.watch(nodes[5].mesh.id, (account) => told.push(account));
  const pay = payer.transfer(nodes[5].mesh.id, credits('1.25'), { validForMs: 30_000 });
  assert.equal(pay.fee, 1_000n);
  const during = payer.transfers();
  assert.deepEqual(during, [pay]);
  const { id, finality } = await pay;
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.ok(['settled', 'final'].includes(finality));
  const steps = [];
  for await (const step of pay) steps.push(step.finality);
  assert.equal(steps[0], 'tentative');
  assert.equal(steps.at(-1), 'final');
  assert.deepEqual(steps, ['tentative', 'certified', 'settled', 'final'].filter((each) => steps.includes(each)));
  assert.deepEqual(payer.transfers(), []);
  const after = await payer.account();
  assert.equal(before.spendable - after.spendable, credits('1.25') + pay.fee);
  assert.equal(after.promised, 0n);
  while (told.at(-1)?.spendable !== credits('1.25')) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(told[0].exists, false);
  stop();
  for (const [ledger, isOwn] of [[payer, true], [receiver, false]]) {
    const entries = await allOf(ledger.history());
    assert.deepEqual(entries.map((entry) => [entry.id, entry.isOwn, entry.amount, entry.from, entry.to]), [[id, isOwn, credits('1.25'), nodes[4].mesh.id, nodes[5].mesh.id]]);
    assert.deepEqual(await allOf(ledger.history({ since: entries[0].height + 1 })), []);
  }
  const signed = receiver.voters();
  assert.equal(signed.length, 4);
  assert.ok(signed.reduce((sum, one) => sum + one.signed, 0) >= 3, 'a certificate has three signatures');
});

test('whoever was just sent credits may send at once, and it is done an epoch later', async () => {
  const [payer, newcomer] = [await follow(4), await follow(8)];
  await newcomer.ready;
  await payer.transfer(nodes[8].mesh.id, credits('2')).until('final');
  while (!(await newcomer.account()).exists) await new Promise((resolve) => setTimeout(resolve, 10));
  const pay = newcomer.transfer(nodes[5].mesh.id, credits('1'));
  assert.equal(newcomer.transfers().length, 1);
  assert.equal((await pay.until('final')).finality, 'final');
});

test('what cannot be done ends as final, and nothing is promised for it', async () => {
  const [payer, poor] = [await follow(4), await follow(6)];
  await Promise.all([payer.ready, poor.ready]);
  const ends = async (pay, word) => {
    const failure = await pay.then(() => assert.fail('it went well'), (error) => error);
    assert.deepEqual([failure.name, failure.isFinal], [word, true]);
    await assert.rejects(allOf(pay), name(word));
    await assert.rejects(pay.until('final'), name(word));
  };
  await ends(payer.transfer(nodes[5].mesh.id, credits('5000')), 'Insufficient');
  await ends(payer.transfer(nodes[4].mesh.id, 1n), 'ToSelf');
  await ends(payer.transfer('7'.repeat(64), 1n), 'TooLittle');
  await ends(poor.transfer(nodes[5].mesh.id, 1n), 'NoAccount');
  assert.deepEqual([payer.transfers(), (await payer.account()).promised], [[], 0n]);
});

test('arguments that are none are refused at once', async () => {
  const ledger = await follow(4);
  const id = nodes[5].mesh.id;
  for (const amount of [1, '1', 0n, -1n, limits.SUPPLY_MAX + 1n]) assert.throws(() => ledger.transfer(id, amount), name('BadAmount'));
  assert.throws(() => ledger.transfer('nobody', 1n), name('BadId'));
  assert.throws(() => ledger.transfer(id, 1n, { memo: '' }), name('BadOption'));
  assert.throws(() => ledger.transfer(id, 1n, { validForMs: 0 }), name('BadOption'));
  assert.throws(() => ledger.transfer(id, 1n, { signal: AbortSignal.abort(new Error('mine')) }), /mine/);
  assert.throws(() => ledger.on('block', () => {}), name('BadOption'));
  await assert.rejects(ledger.account('nobody'), name('BadId'));
  await assert.rejects(ledgerOf(nodes[4].mesh, { genesis: 'text' }), name('BadOption'));
  await assert.rejects(ledgerOf(nodes[4].mesh, { genesis: new Uint8Array(5) }), name('BadGenesis'));
  await assert.rejects(ledgerOf({}, { genesis }), name('BadOption'));
  await assert.rejects(ledgerOf(nodes[4].mesh, { genesis: genesisOf(nodes.slice(1, 5)), module: LEDGER }), name('OtherLedger'));
  await assert.rejects(ledgerOf(nodes[9].mesh, { genesis, module: LEDGER, begin: true }), name('NoVoter'));
  const elsewhere = genesis.slice();
  elsewhere[1] ^= 1;
  await assert.rejects(ledgerOf(nodes[9].mesh, { genesis: elsewhere, module: LEDGER }), name('WrongNetwork'));
  assert.equal(await ledgerOf(nodes[4].mesh, { genesis }), ledger, 'the same for all who ask');
});

test('who waits can give up, and hears when it takes too long', async () => {
  const ledger = await follow(7);
  await ledger.ready;
  nodes[7].isCut = true;
  const controller = new AbortController();
  const pay = ledger.transfer(nodes[5].mesh.id, credits('1'), { validForMs: 600_000 });
  await pay.until('tentative');
  await assert.rejects(pay.until('final', { timeoutMs: 20 }), name('NotYet'));
  const given = pay.until('final', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  assert.equal((await ledger.account()).promised, credits('1') + pay.fee);
  const other = new AbortController();
  const abortable = ledger.transfer(nodes[5].mesh.id, credits('1'), { signal: other.signal });
  await abortable.until('tentative');
  other.abort(new Error('mine'));
  await assert.rejects(abortable.until('final'), /mine/);
  await assert.rejects(Promise.resolve(abortable), /mine/);
  nodes[7].isCut = false;
  assert.equal((await pay.until('final')).finality, 'final', 'it went on');
});

test('a server that never ends, or is silent, is no wait for good', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/silent') return;
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const more = () => response.destroyed || response.write(new Uint8Array(65_536), more);
    more();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = (path) => new URL(path, `http://127.0.0.1:${server.address().port}`);
  await assert.rejects(ledgerOf(nodes[8].mesh, { genesis: at('/endless'), module: LEDGER }), name('BadGenesis'));
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === limits.GENESIS_MS ? 50 : ms);
  try {
    await assert.rejects(ledgerOf(nodes[8].mesh, { genesis: at('/silent'), module: LEDGER }), name('NotLoaded'));
  } finally {
    AbortSignal.timeout = timeout;
    server.closeAllConnections();
    server.close();
  }
});

test('a voter gives test credits, or says why not', async () => {
  const ledger = await follow(5);
  await ledger.ready;
  // Who gives something to somebody else, or no operation, has given nothing, and the next one is asked.
  const other = bytes(VECTORS.operations[0].bytes);
  const gift = other.slice();
  gift.set(fromHex(ledger.self, 32), 13);
  gifts = [[100, other], [100, new Uint8Array(7)], [100, new Uint8Array(0)], [100, gift]];
  const { id, amount, from } = await ledger.faucet();
  assert.deepEqual([id, amount], [hex(readOperation(gift).id), readOperation(other).amount]);
  assert.ok(nodes.slice(0, 4).some(({ mesh }) => mesh.id === from));
  assert.deepEqual(gifts, []);
  await assert.rejects(ledger.faucet(), /NoFaucet|enough for now/);
  await assert.rejects(ledger.faucet({ signal: AbortSignal.abort(new Error('mine')) }), /mine/);
});

test('it ends with its mesh, and whoever waits hears that', async () => {
  const ledger = await follow(8);
  let isClosed = false;
  ledger.on('closed', () => (isClosed = true));
  const { mesh } = nodes[4];
  const payer = await follow(4);
  nodes[4].isCut = true;
  const pay = payer.transfer(nodes[5].mesh.id, credits('1'));
  await pay.until('tentative');
  const waits = pay.until('final');
  mesh.close();
  const failure = await waits.catch((error) => error);
  assert.deepEqual([failure.name, failure.isFinal], ['Closed', false]);
  assert.throws(() => payer.transfer(nodes[5].mesh.id, 1n), name('Closed'));
  await assert.rejects(payer.account(), name('Closed'));
  ledger.close();
  assert.equal(isClosed, true);
  assert.throws(() => ledger.watch(nodes[5].mesh.id, () => {}), name('Detached'));
  assert.notEqual(await follow(8), ledger, 'it can be begun again');
});

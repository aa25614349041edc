// Goal: two ends of a relayed link understand each other, in order, and nothing that was tampered with opens.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Circuit } from '../dist/circuit.js';

/** One end, what it told, and a way to wait for that. */
function end() {
  const told = { described: [], up: [], sealed: [], bytes: [], down: [] };
  const note = (name) => (value) => told[name].push(value);
  const circuit = new Circuit({
    onDescribed: note('described'),
    onUp: note('up'),
    onSealed: note('sealed'),
    onBytes: note('bytes'),
    onDown: note('down'),
  });
  const until = async (name, count) => {
    for (let turn = 0; told[name].length < count; turn += 1) {
      assert.ok(turn < 200, `${name} was told ${told[name].length} times`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return told[name];
  };
  return { circuit, told, until };
}

async function pair() {
  const [offerer, answerer] = [end(), end()];
  await offerer.circuit.describe();
  await answerer.circuit.describe(offerer.told.described[0]);
  await offerer.circuit.answered(answerer.told.described[0]);
  assert.equal(offerer.told.described[0].length, 64);
  assert.deepEqual([offerer.told.up.length, answerer.told.up.length], [1, 1]);
  return [offerer, answerer];
}

test('frames come out at the other end in their order, both ways', async () => {
  const [one, two] = await pair();
  for (const [from, to] of [[one, two], [two, one]]) {
    for (let number = 0; number < 20; number += 1) from.circuit.send(new Uint8Array(1000 * number).fill(number));
    for (const sealed of await from.until('sealed', 20)) to.circuit.unseal(sealed);
    const came = await to.until('bytes', 20);
    assert.deepEqual(came.map(({ length }) => length), Array.from({ length: 20 }, (_, number) => 1000 * number));
    assert.ok(came.every((bytes, number) => bytes.every((byte) => byte === number)));
    assert.equal(from.told.sealed[3].length, 3000 + 16);
  }
});

test('a changed, lost or repeated frame ends the link', async () => {
  const spoil = {
    changed: ([first]) => [first.map((byte, at) => (at === 2 ? byte ^ 1 : byte))],
    lost: ([, second]) => [second],
    repeated: ([first]) => [first, first],
    empty: () => [new Uint8Array(0)],
  };
  for (const [name, spoiled] of Object.entries(spoil)) {
    const [one, two] = await pair();
    one.circuit.send(Uint8Array.of(1, 2, 3));
    one.circuit.send(Uint8Array.of(4));
    for (const frame of spoiled(await one.until('sealed', 2))) two.circuit.unseal(frame);
    await two.until('down', 1);
    assert.equal(two.told.bytes.length, name === 'repeated' ? 1 : 0, name);
  }
});

test('a key that is no point of the curve ends the link', async () => {
  const [offerer, answerer] = [end(), end()];
  await answerer.circuit.describe(new Uint8Array(64).fill(7));
  assert.equal(answerer.told.down.length, 1);
  await offerer.circuit.describe();
  await offerer.circuit.answered(new Uint8Array(10));
  assert.equal(offerer.told.down.length, 1);
});

test('a closed link says nothing more', async () => {
  const [one] = await pair();
  one.circuit.send(Uint8Array.of(1));
  one.circuit.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(one.told.sealed, []);
});

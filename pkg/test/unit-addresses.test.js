// Goal: addresses that strangers claim lead nowhere private, and however many they claim, what a tab needs to come back stays.
// Method: the table of examples that native peers keep to, too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Addresses, learnable } from '../dist/addresses.js';
import { ADDRESSES_MAX } from '../dist/limits.js';
import { reachOf } from '../dist/reach.js';

const { addresses: examples } = JSON.parse(readFileSync(new URL('../../tests/vectors/addresses.json', import.meta.url), 'utf8'));

const all = (addresses) => Array.from({ length: addresses.count }, (_, number) => addresses.at(number));

test('every example is judged as the table says', () => {
  assert.ok(examples.length > 60);
  for (const { address, reach, why } of examples) {
    const here = reach === 'private' || reach === null ? undefined : reach;
    assert.equal(reachOf(address), here, `${address}: ${why}`);
  }
});

test('a page learns public wss addresses, and those of this machine only when it came from it', () => {
  for (const { address, reach } of examples) {
    const isPublic = reach === 'public' && /^wss:/i.test(address);
    const href = URL.canParse(address) ? new URL(address).href : undefined;
    assert.equal(learnable(address, 'app.example'), isPublic ? href : undefined, address);
    assert.equal(learnable(address, 'localhost'), isPublic || reach === 'loopback' ? href : undefined, address);
  }
});

test('given addresses come first, whatever they are, and none comes twice', async () => {
  const given = ['ws://10.0.0.1/mesh', 'wss://a.org/peer', 'ws://10.0.0.1/mesh'];
  const addresses = await Addresses.open(given, undefined, 'app.example');
  assert.equal(addresses.learn('wss://a.org/peer', 'ann'), false);
  assert.equal(addresses.learn('wss://b.org', 'ann'), true);
  assert.equal(addresses.learn('WSS://B.ORG/', 'ben'), false);
  assert.deepEqual(all(addresses), ['ws://10.0.0.1/mesh', 'wss://a.org/peer', 'wss://b.org/']);
});

test('one peer has one place, and one owner four', async () => {
  const addresses = await Addresses.open([], undefined, 'app.example');
  for (let number = 0; number < 64; number += 1) assert.equal(addresses.learn(`wss://h${number}.org`, 'mallory'), true);
  assert.deepEqual(all(addresses), ['wss://h63.org/']);
  for (let number = 0; number < 64; number += 1) addresses.learn(`wss://h${number}.evil.org`, `mallory ${number}`);
  assert.equal(addresses.count, 1 + 4);
  for (let number = 0; number < 64; number += 1) addresses.learn(`wss://20.1.${number}.1`, `mallory ${number + 64}`);
  for (let number = 0; number < 64; number += 1) addresses.learn(`wss://[2600:1:${number}::1]`, `mallory ${number + 128}`);
  assert.equal(addresses.count, 1 + 4 + 4 + 4);
});

test('what was tried stays, however many claims come', async () => {
  const addresses = await Addresses.open(['wss://given.org/'], undefined, 'app.example');
  for (const name of ['one', 'two', 'three']) addresses.learn(`wss://${name}.org`, name);
  for (const number of [0, 1, 2]) addresses.prove(number);
  addresses.prove(99);
  for (let number = 0; number < 500; number += 1) addresses.learn(`wss://h.e${number}.org`, `mallory ${number}`);
  const known = all(addresses);
  assert.deepEqual(known.slice(0, 3), ['wss://given.org/', 'wss://one.org/', 'wss://two.org/']);
  assert.ok(!known.includes('wss://three.org/'), 'it was only claimed');
  assert.equal(known.length, 1 + 2 + 21, 'a third of the places is for claims');
  assert.ok(known.length <= ADDRESSES_MAX);
  assert.ok(known.includes('wss://h.e499.org/'), 'the latest of them');
});

// Goal: an address is blamed for its own trouble alone, and for none that is over. Method: dials without sockets; what the browser is
// asked is in the test's hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Dials } from '../dist/dials.js';

const REPLACED = 3;
const BAD_PROOF = 8;

globalThis.document = new EventTarget();
globalThis.location = { origin: 'http://page', protocol: 'http:' };
let answers = [];
globalThis.fetch = () => new Promise((_, reject) => answers.push(() => reject(new Error('nothing there'))));

const answerAll = async () => {
  for (let turn = 0; turn < 8; turn += 1) {
    for (const answer of answers.splice(0)) answer();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

const make = () => {
  const told = [];
  return { dials: new Dials(({ message }) => told.push(message)), told };
};

test('of two dials that end at once each is blamed for its own end', () => {
  const { dials, told } = make();
  dials.begin(1, 'ws://fine/');
  dials.begin(2, 'ws://bad/');
  dials.closed(1);
  dials.failed(REPLACED);
  dials.closed(2);
  dials.failed(BAD_PROOF);
  dials.drained();
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0], /ws:\/\/bad\//);
  dials.close();
});

test('a dial that failed without an address is blamed on none', () => {
  const { dials, told } = make();
  dials.begin(1, 'ws://fine/');
  dials.failed(BAD_PROOF);
  dials.closed(1);
  dials.drained();
  assert.deepEqual(told, []);
});

for (const [name, isOver] of [
  ['a peer proved itself meanwhile', (dials) => (dials.begin(2, 'ws://peer/'), dials.proved(2))],
  ['the mesh was closed meanwhile', (dials) => dials.close()],
]) {
  test(`a trouble that was looked into while it passed is not told: ${name}`, async () => {
    const { dials, told } = make();
    dials.begin(1, 'ws://peer/');
    dials.down(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    isOver(dials);
    await answerAll();
    assert.deepEqual(told, []);
    dials.close();
  });
}

test('a trouble is told once, and again after its address did', async () => {
  const { dials, told } = make();
  for (const link of [1, 2]) {
    dials.begin(link, 'ws://peer/');
    dials.down(link);
    await answerAll();
  }
  assert.equal(told.length, 1);
  dials.begin(3, 'ws://peer/');
  dials.proved(3);
  dials.begin(4, 'ws://peer/');
  dials.down(4);
  await answerAll();
  assert.equal(told.length, 2);
  dials.close();
});

// Goal: whoever stands between the two ends of a WebSocket reads and says nothing around the switch from clear to sealed, and makes
// the engine's memory grow by nothing. Method: links over sockets that the test has in hand; the other end is a Seal.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat } from '../dist/bytes.js';
import { DRAINED_STEP, PACKET_MAX } from '../dist/limits.js';
import { Links } from '../dist/links.js';
import { Seal } from '../dist/seal.js';

const bytes = (text) => new TextEncoder().encode(text);
const INFO = bytes('tabmesh socket v2');
const TRANSCRIPT = new Uint8Array(32).fill(9);

/** What the browser's WebSocket is to a link. */
class Socket {
  static OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = [];
  isClosed = false;
  constructor() {
    Socket.last = this;
  }
  send(message) {
    assert.ok(!this.isClosed);
    this.sent.push(message.slice());
  }
  close() {
    this.isClosed = true;
    this.readyState = 3;
  }
  hear(message) {
    this.onmessage?.({ data: message.buffer.slice(message.byteOffset, message.byteOffset + message.byteLength) });
  }
}
globalThis.WebSocket = Socket;

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const until = async (is) => {
  for (let turns = 0; !is(); turns += 1) {
    assert.ok(turns < 5000, 'in time');
    await turn();
  }
};

/** A link to somebody who has `far`, its socket, and what it told. */
async function open() {
  const told = { heard: [], drained: [], downs: 0, key: undefined };
  const links = new Links({}, {
    onDescribed: (_, key) => (told.key = key),
    onUp() {},
    onBytes: (_, message) => told.heard.push(message.slice()),
    onSealed() {},
    onDrained: (_, queued) => told.drained.push(queued),
    onDown: () => (told.downs += 1),
    onRefused() {},
  });
  links.openSocket(1, 'ws://peer.test');
  const socket = Socket.last;
  socket.onopen();
  await until(() => told.key);
  const far = new Seal();
  return { links, socket, told, far, farKey: await far.publicKey() };
}

const opened = (seal, message) => new Promise((resolve) => seal.open(message, resolve));
const sealed = (seal, message) => new Promise((resolve) => seal.seal(message, resolve));

test('x1: all before the seal goes out as it is, all after it sealed, in order, whatever the lengths and pauses', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { links, socket, told, far, farKey } = await open();
    const said = [];
    const say = async () => {
      const frame = new Uint8Array(1 + Math.floor(Math.random() ** 4 * PACKET_MAX)).map((_, at) => at * 7 + said.length);
      said.push(frame);
      links.send(1, frame);
      if (Math.random() < 0.3) links.flush();
      if (Math.random() < 0.2) await turn();
    };
    for (let number = 0; number < round % 4; number += 1) await say();
    const clear = said.length;
    links.seal(1, farKey, TRANSCRIPT, true);
    assert.deepEqual(concat(...socket.sent), concat(...said), 'out before the seal, and in the clear');
    const before = socket.sent.length;
    for (let number = 0; number < 12; number += 1) await say();
    // What waits goes out before the end.
    links.close(1);
    await until(() => socket.isClosed);
    await far.complete(told.key, concat(INFO, TRANSCRIPT), false);
    const came = [];
    for (const message of socket.sent.slice(before)) came.push(await opened(far, message));
    assert.ok(came.every(Boolean), 'everything opens');
    assert.deepEqual(concat(...came), concat(...said.slice(clear)));
  }
});

test('x1: what comes sealed before the keys are there is heard in order; what comes in the clear is not, and ends the link', async () => {
  const { links, socket, told, far, farKey } = await open();
  await far.complete(told.key, concat(INFO, TRANSCRIPT), false);
  const messages = [];
  for (let number = 0; number < 20; number += 1) messages.push(await sealed(far, bytes(`number ${number}`)));
  links.seal(1, farKey, TRANSCRIPT, true);
  for (const message of messages) socket.hear(message);
  socket.hear(bytes('pay mallory, in the clear'));
  socket.hear(await sealed(far, bytes('too late')));
  await until(() => told.downs);
  assert.deepEqual(told.heard.map((message) => new TextDecoder().decode(message)), messages.map((_, number) => `number ${number}`));
  await turn();
  assert.equal(told.downs, 1);
});

test('the engine is told each time a step of what waits has left, and not before', async () => {
  const { links, socket, told } = await open();
  socket.bufferedAmount = 40_000;
  links.send(1, new Uint8Array(40_000));
  // Whenever something comes the queue is looked at.
  for (const waits of [40_000 - DRAINED_STEP + 1, 40_000 - DRAINED_STEP, 40_000 - 2 * DRAINED_STEP + 1, 0]) {
    socket.bufferedAmount = waits;
    socket.hear(bytes('anything'));
  }
  assert.deepEqual(told.drained, [40_000 - DRAINED_STEP, 0]);
  links.send(1, new Uint8Array(DRAINED_STEP - 1));
  links.flush();
  assert.equal(told.drained.length, 2, 'a little is not worth telling');
  links.close(1);
});

test('x1: repeated, left out, turned round or sent back, nothing opens', async () => {
  for (const deed of ['repeat', 'leave out', 'swap', 'send back']) {
    const { links, socket, told, far, farKey } = await open();
    await far.complete(told.key, concat(INFO, TRANSCRIPT), false);
    const [one, two] = [await sealed(far, bytes('one')), await sealed(far, bytes('two'))];
    links.seal(1, farKey, TRANSCRIPT, true);
    links.send(1, bytes('mine'));
    links.flush();
    await until(() => socket.sent.length > 0);
    const back = socket.sent[0];
    const order = { repeat: [one, one], 'leave out': [two], swap: [two, one], 'send back': [back] }[deed];
    for (const message of order) socket.hear(message);
    await until(() => told.downs);
    assert.equal(told.heard.length, deed === 'repeat' ? 1 : 0, deed);
  }
});

test('x1: with a key that is no point nothing goes out in the clear, and the link ends', async () => {
  for (const key of [new Uint8Array(64), new Uint8Array(64).fill(255), new Uint8Array(64).fill(7)]) {
    const { links, socket, told } = await open();
    links.seal(1, key, TRANSCRIPT, true);
    links.send(1, bytes('secret'));
    links.flush();
    await until(() => told.downs);
    links.send(1, bytes('secret'));
    links.flush();
    await until(() => socket.isClosed);
    assert.equal(socket.sent.length, 0);
  }
});

test('x3: a message without end makes the engine see that it is too long, and take in no more of it', async () => {
  const { links, socket, told, far, farKey } = await open();
  socket.hear(new Uint8Array(5_000_000));
  assert.deepEqual(told.heard.map(({ length }) => length), [PACKET_MAX + 1]);
  await far.complete(told.key, concat(INFO, TRANSCRIPT), false);
  links.seal(1, farKey, TRANSCRIPT, true);
  socket.hear(await sealed(far, new Uint8Array(5_000_000)));
  await until(() => told.heard.length > 1);
  assert.equal(told.heard[1].length, PACKET_MAX + 1);
});

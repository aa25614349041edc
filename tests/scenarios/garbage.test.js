// Goal: garbage on any door gets its error and harms nobody.
// Method: throw bytes that follow from a seed, and values made to be wrong, at each door of a running network; after
// each door, the network still does its job.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { WebSocket, WebSocketServer } from 'ws';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';
import { native, signalling } from '../harness/places.js';
import { run } from '../harness/run.js';
import { within } from '../harness/wait.js';

const REFUSED = 0x84;
const REFUSALS = { malformed: 1, badProof: 2, tooLarge: 4, otherVersion: 12 };

/** How long a door may take to answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** Resolves when `socket` closes, in whatever way. */
const closing = (socket) => new Promise((resolve) => socket.once('close', resolve));

/** Opens a WebSocket, sends `messages`, and gives every message that came until it closed. */
async function throwAt(url, messages) {
  const socket = new WebSocket(url);
  const heard = [];
  socket.on('message', (bytes) => heard.push(bytes));
  socket.on('error', () => {});
  const closed = closing(socket);
  await within(ANSWER_MS, 'opening', once(socket, 'open'));
  for (const message of messages) socket.send(message);
  try {
    await within(ANSWER_MS, `${url} closing`, closed);
  } finally {
    socket.terminate();
  }
  return heard;
}

/** Sends bytes over a plain socket, and gives what came back until it closed (or nothing came for a while). */
async function throwRaw(target, bytes) {
  const socket = connect(target);
  const heard = [];
  socket.on('data', (chunk) => heard.push(chunk));
  socket.on('error', () => {});
  socket.setTimeout(2000, () => socket.destroy());
  const closed = closing(socket);
  await within(ANSWER_MS, 'connecting', once(socket, 'connect'));
  socket.write(bytes);
  await within(ANSWER_MS, 'closing', closed);
  return Buffer.concat(heard).toString('latin1');
}

/** The network still works: a new tab joins, and reads what a peer gives, which may be alone until then. */
async function stillWorks(net, peer, seed, isAlone = false) {
  const bytes = seededBytes(seed, 50_000);
  const { cid } = await (isAlone ? peer.putAlone(bytes) : peer.put(bytes));
  const tab = await net.joinedTab();
  assert.equal((await tab.get(cid)).sha256, await sha256(bytes));
  await tab.close();
}

scenario('garbage at the signalling server is refused with its reason', 90_000, async (net) => {
  const [peer] = await net.startPeers(1);
  const { url, http, port } = net.signalling;
  const prove = (version) => Buffer.concat([Buffer.from([1, version, 0]), seededBytes(1, 8 + 64 + 64)]);
  for (const [messages, refusals] of [
    [[seededBytes(2, 100)], [REFUSALS.malformed]],
    [['text'], [REFUSALS.malformed]],
    [[Buffer.alloc(0)], [REFUSALS.malformed]],
    [[seededBytes(3, 16_385)], [REFUSALS.tooLarge]],
    [[prove(2)], [REFUSALS.badProof, REFUSALS.malformed]],
    [[prove(1)], [REFUSALS.otherVersion]],
  ]) {
    const heard = await throwAt(url, messages);
    const last = heard.at(-1);
    assert.equal(last[0], REFUSED, `the last word is a refusal, not ${last.toString('hex')}`);
    assert.ok(refusals.includes(last[1]), `refusal ${last[1]}, expected ${refusals.join(' or ')}`);
  }
  for (let seed = 10; seed < 30; seed += 1) {
    await throwRaw({ host: '127.0.0.1', port }, seededBytes(seed, 500));
  }
  assert.match(await throwRaw({ host: '127.0.0.1', port }, 'GET / HTTP/9.9\r\n\r\n'), /^(HTTP\/1\.1 [45]|$)/);
  for (const path of ['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/%00', `/${'x'.repeat(9000)}`, '/nothing']) {
    assert.match(await throwRaw({ host: '127.0.0.1', port }, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), /^HTTP\/1\.1 4/);
  }
  assert.equal((await fetch(`${http}/healthz`)).status, 200);
  await stillWorks(net, peer, 1, true);
});

scenario('garbage on a link closes that link only', 90_000, async (net) => {
  const [peer, other] = await net.startPeers(2);
  for (let seed = 1; seed <= 10; seed += 1) await throwAt(peer.url, [seededBytes(seed, seed * 100)]);
  await throwAt(peer.url, ['text']);
  await throwAt(peer.url, [seededBytes(40, 70_000)]);
  await throwAt(peer.url, Array.from({ length: 200 }, (_, index) => seededBytes(index, 1000)));
  assert.equal((await peer.linked(1)).find((link) => link.id === other.id)?.id, other.id, 'the real link stands');
  assert.equal((await fetch(`${peer.http}/healthz`)).status, 200);
  await stillWorks(net, peer, 2);
});

scenario('a tab survives a peer that speaks garbage', 60_000, async (net) => {
  const [peer] = await net.startPeers(1);
  const liar = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(liar, 'listening');
  let visits = 0;
  liar.on('connection', (socket) => {
    visits += 1;
    socket.on('error', () => {});
    socket.send(seededBytes(visits, 300));
    socket.send('text');
  });
  try {
    const tab = await net.tab({ name: 'lied-to' });
    await tab.join({ signalling: net.signalling.url, peers: [`ws://127.0.0.1:${liar.address().port}`] });
    await tab.linkedTo(peer.id);
    assert.equal((await tab.peers()).length, 1, 'the liar is no peer');
  } finally {
    for (const client of liar.clients) client.terminate();
    liar.close();
  }
});

scenario('garbage at the control socket harms nobody', 60_000, async (net) => {
  const [peer] = await net.startPeers(1);
  const socket = { path: join(peer.data, 'control.sock') };
  for (let seed = 1; seed <= 5; seed += 1) await throwRaw(socket, seededBytes(seed, 2000));
  await throwRaw(socket, '{"what":"is this"}\n');
  await throwRaw(socket, Buffer.alloc(2_000_000, 0x7b));
  assert.equal((await peer.status()).id, peer.id);
  for (const args of [['get', 'no-cid'], ['get', `b${'a'.repeat(58)}`], ['put', '/does/not/exist'], ['dance']]) {
    const { code, stderr } = await peer.command(args);
    assert.notEqual(code, 0, args.join(' '));
    assert.match(stderr, /\S{4}/, `${args.join(' ')} says why`);
    assert.doesNotMatch(stderr, /panicked/);
  }
  await stillWorks(net, peer, 3, true);
});

scenario('garbage in a configuration is refused in a sentence', 60_000, async (net) => {
  const dir = join(net.dir, 'configs');
  mkdirSync(dir);
  const file = join(dir, 'garbage.toml');
  const refuses = async (program, args, text) => {
    if (text !== undefined) writeFileSync(file, text);
    const { code, stderr } = await run(program, args, { ms: 10_000 });
    assert.equal(typeof code, 'number', `${args.join(' ')} ends by itself, not by ${code}`);
    assert.notEqual(code, 0, args.join(' '));
    assert.doesNotMatch(stderr, /panicked/);
    assert.match(stderr, /\w+ \w+ \w+/, 'a sentence says why');
  };
  const peer = ['run', '--data-dir', join(dir, 'data')];
  const server = ['--listen', '127.0.0.1:0'];
  for (const text of [seededBytes(1, 300), 'listen = 5', 'no_such_key = 1', 'level = -1', '[[[', 'listen = "nowhere"']) {
    await refuses(native(), [...peer, '--config', file], text);
    await refuses(signalling(), [...server, '--config', file], text);
  }
  await refuses(native(), [...peer, '--config', join(dir, 'missing.toml')]);
  await refuses(native(), [...peer, '--signalling', 'http://no-socket']);
  await refuses(native(), [...peer, '--level', '200']);
  await refuses(signalling(), [...server, '--web', join(dir, 'missing')]);
  await refuses(signalling(), ['--listen', 'nowhere']);
});

scenario('garbage given to the package is an error with a code', 60_000, async (net) => {
  const [peer] = await net.startPeers(1);
  const tab = await net.joinedTab();
  for (const [action, ...args] of [
    ['get', 'no cid'],
    ['get', ''],
    ['get', 42],
    ['get', `b${'a'.repeat(58)}`],
    ['find', 'nowhere'],
    ['send', 'nobody', [1]],
    ['send', peer.id, Array.from({ length: 40_000 }, () => 0)],
  ]) {
    const failure = await tab.call('failure', action, ...args);
    assert.ok(failure?.code, `${action}(${JSON.stringify(args).slice(0, 60)}): ${JSON.stringify(failure)}`);
    assert.match(failure.message, /\w+ \w+/, 'a sentence says why');
  }
  const other = await net.tab({ name: 'other' });
  for (const options of [{ signalling: 'no address' }, { signalling: 42 }, { peers: 'ftp://x' }, { network: 7 }]) {
    const failure = await other.call('failure', 'join', options);
    assert.ok(failure?.code, `join(${JSON.stringify(options)}): ${JSON.stringify(failure)}`);
  }
  await stillWorks(net, peer, 4);
});

// Goal: options are checked before anything is begun, and say what is wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { settle } from '../dist/options.js';

const BASE = 'https://app.example/some/page?x#y';

test('everything has a default', () => {
  const { network, signalling, peers, level, rtc, quota, prefix, wait, timeoutMs } = settle({}, BASE);
  assert.deepEqual(
    { network, signalling, peers, level, quota, prefix, wait, timeoutMs },
    {
      network: 'tabmesh',
      signalling: ['wss://app.example/signal'],
      peers: [],
      level: 0,
      quota: 268_435_456,
      prefix: 'tabmesh:tabmesh',
      wait: true,
      timeoutMs: 60_000,
    },
  );
  assert.deepEqual(rtc, { iceServers: [], iceTransportPolicy: 'all', bundlePolicy: 'max-bundle' });
});

test('addresses of servers and peers', () => {
  const servers = (signalling, base = BASE) => settle({ signalling }, base).signalling;
  assert.deepEqual(servers('/here'), ['wss://app.example/here']);
  assert.deepEqual(servers('/signal', 'http://localhost:8080/'), ['ws://localhost:8080/signal']);
  assert.deepEqual(servers(['wss://a.example/x', 'ws://localhost:1/']), ['wss://a.example/x', 'ws://localhost:1/']);
  assert.deepEqual(servers(['ws://app.localhost:1/', 'ws://[::1]:1/', 'ws://127.0.0.1:1/']).length, 3, 'of this very machine');
  assert.deepEqual(servers('ws://a.example/', 'http://a.example/'), ['ws://a.example/']);
  assert.deepEqual(servers([]), []);
  assert.deepEqual(settle({ peers: ['wss://p.example/'] }, BASE).peers, ['wss://p.example/']);
});

test('what is wrong is refused with a code and said', () => {
  const cases = [
    [null, /object/],
    ['wss://a.example/signal', /object/],
    [{ signaling: 'wss://a.example/signal' }, /no option signaling/],
    [{ signalling: 'no address' }, /signalling/],
    [{ signalling: 42 }, /signalling/],
    [{ signalling: 'https://a.example' }, /signalling/],
    [{ signalling: '//a.example/signal' }, /signalling/],
    [{ signalling: Array(9).fill('wss://a.example') }, /at most 8/],
    [{ signalling: 'ws://a.example/signal' }, /ws:\/\/a\.example\/signal, but a page that came over https:/],
    [{ peers: ['wss://a.example', 'ws://a.example'] }, /peers .* may only open wss:/],
    [{ peers: 'ftp://x' }, /peers/],
    [{ peers: ['ftp://x'] }, /peers/],
    [{ peers: [null] }, /peers/],
    [{ peers: Array(33).fill('wss://a.example') }, /at most 32/],
    [{ network: 7 }, /network/],
    [{ network: '' }, /network/],
    [{ network: 'ü'.repeat(33) }, /network/],
    [{ network: 'half a pair: \ud83d' }, /network .*surrogate/],
    [{ level: -1 }, /level/],
    [{ level: 1.5 }, /level/],
    [{ level: 17 }, /level/],
    [{ storage: 5 }, /storage/],
    [{ storage: null }, /storage/],
    [{ storage: { quotaBytes: 1000 } }, /quotaBytes/],
    [{ storage: { name: '' } }, /storage.name/],
    [{ iceServers: 'stun:x' }, /iceServers/],
    [{ relayOnly: true }, /TURN/],
    [{ relayOnly: 'yes' }, /relayOnly/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ timeoutMs: 'soon' }, /timeoutMs/],
    [{ signal: {} }, /signal/],
    [{ onProgress: 5 }, /onProgress/],
    [{ onFault: 'told' }, /onFault/],
  ];
  for (const [options, detail] of cases) {
    assert.throws(() => settle(options, BASE), { name: 'BadOption', code: 1001, message: detail }, JSON.stringify(options));
  }
});

test('relay only', () => {
  const iceServers = [{ urls: 'turn:t.example', username: 'u', credential: 'c' }];
  assert.equal(settle({ relayOnly: true, iceServers }, BASE).rtc.iceTransportPolicy, 'relay');
});

// Goal: what a browser says of its end travels in tens of bytes and means the same at the other end; garbage means nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compact, expand, reflexiveCount } from '../dist/sdp.js';

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i * 7).toString(16).padStart(2, '0').slice(-2).toUpperCase()).join(':');

const sdp = (...candidates) =>
  [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    'm=application 50000 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 10.0.0.1',
    ...candidates.map((candidate) => `a=candidate:${candidate}`),
    'a=ice-ufrag:yxYb',
    'a=ice-pwd:vx0i+f/L1lEeDz28BEUgXq8j',
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    'a=setup:actpass',
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n');

const HOST = '1 1 udp 2122260223 192.168.1.7 50001 typ host generation 0';
const MDNS = '2 1 udp 2122260222 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fa.local 50002 typ host';
const SIX = '3 1 UDP 2122260221 2001:db8::5 50003 typ host';
const REFLEXIVE = '4 1 udp 1686052607 203.0.113.9 50004 typ srflx raddr 192.168.1.7 rport 50001';
const RELAYED = '5 1 udp 41885439 198.51.100.3 50005 typ relay raddr 203.0.113.9 rport 50004';

/** Address, port and type of each candidate. */
const candidatesOf = (text) => [...text.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+ \d+ typ \S+)/gm)].map(([, which]) => which);

test('a description means the same at the other end', () => {
  const bytes = compact(sdp(HOST, MDNS, SIX, REFLEXIVE, RELAYED));
  assert.ok(bytes.length < 170, `${bytes.length} bytes`);
  const text = expand(bytes, 'offer');
  assert.deepEqual(candidatesOf(text), [
    '192.168.1.7 50001 typ host',
    '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fa.local 50002 typ host',
    '2001:0db8:0000:0000:0000:0000:0000:0005 50003 typ host',
    '203.0.113.9 50004 typ srflx',
    '198.51.100.3 50005 typ relay',
  ]);
  for (const line of ['a=ice-ufrag:yxYb', 'a=ice-pwd:vx0i+f/L1lEeDz28BEUgXq8j', `a=fingerprint:sha-256 ${FINGERPRINT}`, 'a=setup:actpass']) {
    assert.ok(text.includes(`${line}\r\n`), line);
  }
  assert.match(expand(bytes, 'answer'), /a=setup:active/);
  assert.deepEqual(compact(text), bytes, 'and back again');
});

test('two candidates stay far below the 250 bytes of an envelope', () => {
  assert.ok(compact(sdp(MDNS, REFLEXIVE)).length + 137 <= 250);
});

test('eight candidates of highest priority stay, once each, and only UDP', () => {
  const many = Array.from({ length: 20 }, (_, i) => `1 1 udp ${1000 + i} 10.0.0.${i} 5000 typ host`);
  const text = expand(compact(sdp(...many, many[19], '9 1 tcp 9999 10.0.0.99 9 typ host tcptype active', '9 2 udp 9999 10.0.0.98 5 typ host')), 'offer');
  assert.deepEqual(candidatesOf(text), Array.from({ length: 8 }, (_, i) => `10.0.0.${19 - i} 5000 typ host`));
});

test('reflexive candidates are counted', () => {
  assert.equal(reflexiveCount(sdp(HOST, MDNS)), 0);
  assert.equal(reflexiveCount(sdp(HOST, REFLEXIVE, RELAYED)), 2);
});

test('text without all that matters is no description', () => {
  for (const missing of [/a=fingerprint.*\r\n/, /a=ice-ufrag.*\r\n/, /a=ice-pwd.*\r\n/]) {
    assert.equal(compact(sdp(HOST).replace(missing, '')), undefined);
  }
  assert.equal(compact(''), undefined);
});

test('bytes that are no description are refused: cut, lengthened, or with text that could add lines', () => {
  const bytes = compact(sdp(HOST, MDNS, SIX));
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(expand(bytes.slice(0, length), 'offer'), undefined, `${length} bytes`);
  }
  assert.equal(expand(Uint8Array.from([...bytes, 0]), 'offer'), undefined);
  const broken = bytes.slice();
  broken[33] = 10;
  assert.equal(expand(broken, 'offer'), undefined, 'a line feed in the user name');
  const tag = bytes.slice();
  tag[32 + 5 + 25 + 1] = 0xff;
  assert.equal(expand(tag, 'offer'), undefined, 'an unknown candidate');
  const many = bytes.slice();
  many[32 + 5 + 25] = 9;
  assert.equal(expand(many, 'offer'), undefined, 'nine candidates');
});

test('arbitrary bytes never throw', () => {
  let state = 7;
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Uint8Array.from({ length: round % 200 }, () => (state = (state * 48_271) % 2_147_483_647) & 255);
    const text = expand(bytes, 'answer');
    assert.ok(text === undefined || compact(text) !== undefined);
  }
});

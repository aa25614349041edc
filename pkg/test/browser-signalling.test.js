// Goal: a signalling server that cannot be used is told at once, with its address and the reason; where no other try can help
// `join` rejects at once; and when the time is over the reason is repeated.
// Method: real servers, each wrong in its own way.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { launch, open, serve } from './harness.js';

/** What servers do when a WebSocket is asked for, by the first part of the path. */
const WAYS = {
  silent: () => undefined,
  mute: (request, socket) => accept(request, socket),
  rude: (request, socket) => {
    accept(request, socket);
    // A closing frame: 1008, "not you".
    const text = Buffer.from('not you');
    socket.end(Buffer.concat([Buffer.from([0x88, 2 + text.length, 1008 >> 8, 1008 & 255]), text]));
  },
};

/** The HTTP answers of servers that open no WebSocket. */
const ANSWERS = {
  forbidden: [403, { 'access-control-allow-origin': '*' }],
  hidden: [404, {}],
  shown: [404, { 'access-control-allow-origin': '*' }],
};

function accept({ headers }, socket) {
  const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const answer = createHash('sha1').update(key).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`);
}

let pages;
let wrong;
let browser;
let base;

before(async () => {
  pages = await serve();
  wrong = createServer((request, response) => {
    const [status, headers] = ANSWERS[request.url.slice(1)] ?? [404, {}];
    response.writeHead(status, headers).end('no');
  });
  wrong.on('upgrade', (request, socket) => {
    socket.on('error', () => undefined);
    const name = request.url.slice(1);
    if (WAYS[name]) return WAYS[name](request, socket);
    const [status] = ANSWERS[name] ?? [404];
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  await new Promise((resolve) => wrong.listen(0, '127.0.0.1', resolve));
  base = `ws://127.0.0.1:${wrong.address().port}`;
  browser = await launch();
});
after(async () => {
  await browser.close();
  await pages.close();
  wrong.closeAllConnections();
  await new Promise((resolve) => wrong.close(resolve));
});

/** Joins by these servers; how it ended and after how long, and what was told meanwhile, each with its time. */
async function join(options, policy) {
  const context = await browser.newContext();
  if (policy) {
    await context.route(`${pages.origin}/`, (route) =>
      route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': policy }, body: '<!doctype html>' }),
    );
  }
  const page = await open(context, pages.origin);
  const result = await page.evaluate(async (options) => {
    const { join } = await import('/dist/index.js');
    const start = performance.now();
    const told = [];
    const onFault = ({ name, message }) => told.push({ name, message, ms: performance.now() - start });
    const end = await join({ ...options, onFault }).then(() => 'joined', ({ name, message }) => ({ name, message }));
    return { end, ms: performance.now() - start, told };
  }, options);
  await context.close();
  return result;
}

const reasons = [
  ['nothing listens', () => 'ws://127.0.0.1:1/signal', /nothing answers there/, 1000],
  ['the path is missing', () => `${base}/`, /usually is \/signal, so write ws:\/\/127\.0\.0\.1:\d+\/signal/, 1000],
  ['it speaks no TLS', () => `${base.replace('ws:', 'wss:')}/signal`, /if it speaks no TLS at this port, write ws:\/\/ instead/, 2000],
  ['the path is another one of this origin', () => '/no/such/path', /it answers 404 and opens no WebSocket/, 1000],
  ['the path is another one, and the server lets pages see that', () => `${base}/shown`, /it answers 404/, 1000],
  ['the path is another one of another origin', () => `${base}/hidden`, /a server answers, but .* refuses pages of http:/, 1000],
  ['the server hangs up', () => `${base}/rude`, /it hung up at once, 1008 not you/, 1000],
  ['the server never answers', () => `${base}/silent`, /no answer came within 8 s/, 9000],
  ['the server opens and says nothing', () => `${base}/mute`, /it opened, but said nothing within 8 s/, 9000],
];

for (const [what, server, reason, ms] of reasons) {
  test(`it is told when ${what}, and again when the time is over`, async () => {
    const { end, told } = await join({ signalling: server(), timeoutMs: ms + 500 });
    const [fault] = told;
    assert.equal(fault?.name, 'SignalUnreachable');
    assert.match(fault.message, reason);
    assert.ok(fault.message.includes(server()), fault.message);
    assert.ok(fault.ms < ms, `told after ${fault.ms} ms`);
    assert.equal(end.name, 'JoinTimedOut');
    assert.match(end.message, reason);
    assert.equal(told.length, 1, 'once');
  });
}

test('a server that refuses pages of this origin ends joining at once', async () => {
  const { end, ms } = await join({ signalling: `${base}/forbidden` });
  assert.equal(end.name, 'SignalForbidden');
  assert.match(end.message, /\/forbidden: it refuses pages of http:\/\/localhost/);
  assert.ok(ms < 2000, `after ${ms} ms`);
});

test('a policy that forbids the server ends joining at once', async () => {
  const { end, ms } = await join({ signalling: `${base}/signal` }, "connect-src 'self'");
  assert.equal(end.name, 'SignalForbidden');
  assert.match(end.message, /the policy of this page forbids it \(connect-src\)/);
  assert.ok(ms < 2000, `after ${ms} ms`);
});

test('a page that may not ask by HTTP does not claim that nothing answers', async () => {
  const { told } = await join({ signalling: `${base}/hidden`, timeoutMs: 1500 }, "connect-src 'self' ws:");
  assert.match(told[0].message, /\/hidden: it opens no WebSocket/);
});

test('as long as there is another way joining goes on', async () => {
  const servers = await join({ signalling: [`${base}/forbidden`, 'ws://127.0.0.1:1/'], timeoutMs: 1500 });
  assert.equal(servers.end.name, 'JoinTimedOut');
  assert.deepEqual(servers.told.map(({ name }) => name).sort(), ['SignalForbidden', 'SignalUnreachable']);
  const peers = await join({ signalling: `${base}/forbidden`, peers: ['ws://127.0.0.1:1/'], timeoutMs: 1500 });
  assert.equal(peers.end.name, 'JoinTimedOut');
});

const peers = [
  ['nothing listens', () => 'ws://127.0.0.1:1/', /ws:\/\/127\.0\.0\.1:1\/: nothing answers there; check host and port/],
  ['it is no peer', () => `${base}/rude`, /\/rude: what answers there is no peer of tabmesh/],
  ['it opens no WebSocket', () => `${base}/shown`, /\/shown: it answers 404 .* usually is \/ or \/peer/],
  ['it speaks no TLS', () => `${base.replace('ws:', 'wss:')}/`, /if it speaks no TLS at this port, write ws:\/\/ instead/],
  ['it never answers', () => `${base}/silent`, /\/silent: no answer came in time/],
];

test('an address of a peer that does not do is told once, and again when the time is over', async () => {
  const joins = peers.map(([, peer]) => join({ signalling: [], peers: [peer()], timeoutMs: 12_000 }));
  for (const [place, { end, told }] of (await Promise.all(joins)).entries()) {
    const [what, , reason] = peers[place];
    assert.deepEqual(told.map(({ name }) => name), ['PeerUnreachable'], what);
    assert.match(told[0].message, reason);
    assert.ok(told[0].ms < 11_000, `${what}: told after ${told[0].ms} ms`);
    assert.equal(end.name, 'JoinTimedOut');
    assert.match(end.message, reason);
  }
});

test('an address of a peer that the policy forbids is a failed dial at once', async () => {
  const context = await browser.newContext();
  await context.route(`${pages.origin}/`, (route) =>
    route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': "connect-src 'self'" }, body: 'x' }),
  );
  const page = await open(context, pages.origin);
  const { ms, message } = await page.evaluate(async () => {
    const { join } = await import('/dist/index.js');
    const mesh = await join({ wait: false, signalling: [], peers: ['ws://127.0.0.1:9/'] });
    const start = performance.now();
    const fault = new Promise((resolve) => mesh.on('fault', resolve));
    const ms = await new Promise((resolve) => mesh.on('dialfailed', () => resolve(performance.now() - start)));
    return { ms, message: (await fault).message };
  });
  assert.ok(ms < 2000, `after ${ms} ms`);
  assert.match(message, /ws:\/\/127\.0\.0\.1:9\/: the policy of this page forbids it \(connect-src\)/);
  await context.close();
});

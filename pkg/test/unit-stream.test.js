// Goal: each face of a stream that ends ends too, whatever it waits for.
// Method: one stream over a module that ends it as it is told to, and gives room as each test wants.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as STATUS from '../dist/status.js';
import { Stream } from '../dist/stream/stream.js';
import { ended, notHeard, notOpened } from '../dist/stream/words.js';
import { streamsOf } from '../dist/stream/index.js';

const RESET = 7;

function opened() {
  const said = [];
  const stream = new Stream(1, 'peer', 'name', ([[kind]]) => {
    said.push(kind);
    if (kind === RESET) stream.ended(STATUS.unavailable);
  });
  return { stream, said, writer: stream.shown.writable.getWriter(), reader: stream.shown.readable.getReader() };
}

/** Lets all that needs no more input happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('aborting a writer whose write waits for room ends the stream', async () => {
  const { said, writer } = opened();
  const write = assert.rejects(writer.write('more than there is room for'), { code: STATUS.unavailable });
  await settled();
  await writer.abort();
  await write;
  assert.deepEqual(said, [RESET]);
});

test('what is neither a text nor bytes is refused, and ends the stream for both ends', async () => {
  const { stream, said, writer } = opened();
  await assert.rejects(writer.write(new Blob(['words'])), { name: 'BadData', message: /blob\.stream\(\).*Blob/ });
  assert.deepEqual(said, [RESET]);
  await assert.rejects(stream.shown.closed, { code: STATUS.unavailable });
});

test('who broke a stream off reads that it was this end', async () => {
  const { stream } = opened();
  stream.shown.abort();
  await assert.rejects(stream.shown.closed, { code: STATUS.unavailable, name: 'Unavailable', message: /^This end/ });
});

test('a pipe whose source says nothing hears that the stream broke', async () => {
  const { stream, writer } = opened();
  writer.releaseLock();
  const pipe = assert.rejects(new ReadableStream({}).pipeTo(stream.shown.writable), { code: STATUS.timedOut });
  await settled();
  stream.ended(STATUS.timedOut);
  await pipe;
  await assert.rejects(stream.shown.closed, { code: STATUS.timedOut });
});

test('what came before a stream broke is read, and then how it broke', async () => {
  const { stream, reader } = opened();
  stream.came(Uint8Array.of(5));
  stream.ended(STATUS.timedOut);
  assert.deepEqual((await reader.read()).value, Uint8Array.of(5));
  await assert.rejects(reader.read(), { code: STATUS.timedOut });
});

test('a reader that is cancelled while it waits ends the stream', async () => {
  const { said, reader } = opened();
  const read = reader.read();
  await reader.cancel();
  assert.equal((await read).done, true);
  assert.deepEqual(said, [RESET]);
});

test('a stream of which both ends have all closes both ways', async () => {
  const { stream, writer, reader } = opened();
  stream.room(10);
  await writer.write('all');
  await writer.close();
  stream.finished();
  stream.ended(STATUS.ok);
  await Promise.all([stream.shown.closed, writer.closed]);
  assert.equal((await reader.read()).done, true);
});

test('a wrong call rejects, as everything that gives a promise does', async () => {
  await assert.rejects(streamsOf({}, { modul: 1 }), { name: 'BadOption' });
  await assert.rejects(streamsOf({}), { name: 'BadOption' });
});

test('what did not open, and what is not listened for, have words of their own', () => {
  assert.match(notOpened(STATUS.unavailable).message, /check the id/);
  assert.equal(notOpened(STATUS.notFound).message, ended(STATUS.notFound).message);
  assert.match(notHeard('news', STATUS.tooManyRequests).message, /names.*\(news\)$/);
});

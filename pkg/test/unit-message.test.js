// Goal: what can be put can be sent and published, if it is not too long: bytes of every kind, and texts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { takeMessage } from '../dist/message.js';

test('texts, buffers and views of every kind and realm are taken, as copies', () => {
  const bytes = Uint8Array.of(1, 0, 2, 0);
  const forms = [bytes, bytes.buffer, new Uint16Array(bytes.buffer), new DataView(bytes.buffer)];
  forms.push(runInNewContext('Uint8Array.of(1, 0, 2, 0)'), runInNewContext('Uint8Array.of(1, 0, 2, 0).buffer'));
  for (const form of forms) assert.deepEqual(takeMessage(form, 4), bytes);
  const taken = takeMessage(bytes, 4);
  bytes.fill(9);
  assert.deepEqual([...taken], [1, 0, 2, 0]);
  assert.deepEqual([...takeMessage('ü', 2)], [0xc3, 0xbc]);
});

test('what is none of these is named, and so is what is too long or gone', () => {
  for (const [kind, data] of Object.entries({ Number: 42, Array: [1], Undefined: undefined, Object: {} })) {
    assert.throws(() => takeMessage(data, 4), { name: 'BadData', message: new RegExp(kind) });
  }
  assert.throws(() => takeMessage('12345', 4), { name: 'TooLong', message: /5/ });
  const gone = new Uint8Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assert.throws(() => takeMessage(gone, 4), { name: 'BadData', message: /transferred/ });
});

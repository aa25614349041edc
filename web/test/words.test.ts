import { describe, expect, test } from 'vitest';
import { hindrances, isCancel, obstacle, troubleOf } from '../src/words.ts';
import { HERE } from './fake.ts';

describe('words for what went wrong', () => {
  test('every error becomes a sentence and a way out', () => {
    for (const error of [new Error('no answer'), new Error(''), 'text', null, undefined, { code: 303 }, new TypeError('x')]) {
      const { what, wayOut } = troubleOf(error);
      expect(what).toMatch(/^[A-Z].*[.!?]$/);
      expect(wayOut).toMatch(/^[A-Z].*[.!?]$/);
    }
    expect(troubleOf(Object.assign(new Error('x'), { code: 999 }), 'Load it anew.')).toEqual({ what: 'X.', wayOut: 'Load it anew.', code: 999 });
  });

  test('a cancel is no error', () => {
    expect(isCancel(new DOMException('stop', 'AbortError'))).toBe(true);
    expect(isCancel(new DOMException('slow', 'TimeoutError'))).toBe(false);
    expect(isCancel(new Error('AbortError'))).toBe(false);
  });

  test('what a browser lacks is named, and what it can do without is no obstacle', () => {
    expect(obstacle(HERE)).toBeNull();
    expect(obstacle({ ...HERE, RTCPeerConnection: undefined })).toBeNull();
    expect(obstacle({ ...HERE, isSecureContext: false })?.what).toContain('http');
    expect(obstacle({ ...HERE, WebAssembly: undefined })?.what).toContain('WebAssembly');
    expect(obstacle({ ...HERE, indexedDB: null })?.wayOut).toContain('site data');
  });

  test('hindrances are the network and WebRTC', () => {
    expect(hindrances(HERE, true)).toEqual([]);
    expect(hindrances({ ...HERE, RTCPeerConnection: undefined }, false)).toHaveLength(2);
  });
});

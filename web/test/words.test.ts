import { describe, expect, test } from 'vitest';
import { isCancel, troubleOf } from '../src/words.ts';

const meshError = (code: number, message: string): Error => Object.assign(new Error(message), { code });

describe('words for what went wrong', () => {
  test('every error becomes a sentence and a way out', () => {
    for (const error of [
      new Error('no answer'), new Error(''), 'text', null, undefined, { code: 303 }, new TypeError('x: y'),
      new DOMException('slow', 'TimeoutError'), meshError(203, 'Nobody has it: ask'), meshError(9999, 'odd'),
    ]) {
      const { what, wayOut } = troubleOf(error);
      expect(what).toMatch(/^[A-Z].*[.!?]$/);
      expect(wayOut).toMatch(/^[A-Z].*[.!?]$/);
    }
  });

  test('what the package says is taken apart at its colon', () => {
    expect(troubleOf(meshError(303, 'This tab has no peers just now: wait until it has joined again.'))).toEqual({
      what: 'This tab has no peers just now.',
      wayOut: 'Wait until it has joined again.',
      code: 303,
    });
    expect(troubleOf(meshError(401, 'The peer left.'), 'Look again.')).toMatchObject({ wayOut: 'Look again.' });
  });

  test('what others throw stays whole', () => {
    expect(troubleOf(new TypeError('x: y'))).toEqual({ what: 'X: y.', wayOut: 'Try again.' });
    expect(troubleOf(new DOMException('gone: away', 'NotFoundError'))).not.toHaveProperty('code');
  });

  test('whoever uses the page gets other advice than whoever programs', () => {
    const ended = (operation: string, code: number, message: string): Error => Object.assign(meshError(code, message), { operation });
    for (const operation of ['put', 'get']) {
      expect(troubleOf(ended(operation, 306, 'No room: raise storage.quotaBytes.')).wayOut).not.toContain('quotaBytes');
    }
    expect(troubleOf(ended('get', 203, 'Nobody has it: ask.')).wayOut).toContain('whoever gave it');
    expect(troubleOf(ended('put', 203, 'A block is lost: put it again.')).wayOut).toBe('Put it again.');
    expect(troubleOf(ended('get', 306, 'No room: x.')).wayOut).toContain('ask for');
  });

  test('a cancel is no error', () => {
    expect(isCancel(new DOMException('stop', 'AbortError'))).toBe(true);
    expect(isCancel(new DOMException('slow', 'TimeoutError'))).toBe(false);
    expect(isCancel(new Error('AbortError'))).toBe(false);
  });
});

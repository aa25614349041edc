import { describe, expect, test } from 'vitest';
import { isAddress, readSettings, writeSettings } from '../src/settings.ts';

describe('settings from the address', () => {
  test('nothing said leaves everything to the package', () => {
    expect(readSettings('')).toEqual({ peers: [], faults: [] });
  });

  test('every kind is read, more than one of each where that makes sense', () => {
    expect(readSettings('?signalling=ws://a/signal&signalling=wss://b&peer=ws://c:1&peer=ws://d:2&network=try')).toEqual({
      signalling: ['ws://a/signal', 'wss://b'],
      peers: ['ws://c:1', 'ws://d:2'],
      network: 'try',
      faults: [],
    });
  });

  test('an empty signalling address means none', () => {
    expect(readSettings('?signalling=&peer=ws://c')).toMatchObject({ signalling: [], peers: ['ws://c'] });
  });

  test('what is no WebSocket address is left out, and said so', () => {
    const settings = readSettings('?signalling=javascript:alert(1)&peer=example.org&peer=ws://fine');
    expect(settings).toMatchObject({ signalling: [], peers: ['ws://fine'] });
    expect(settings.faults).toHaveLength(2);
    expect(settings.faults.join()).toContain('example.org');
  });

  test('only so many are taken', () => {
    const settings = readSettings(`?${Array.from({ length: 20 }, (_, i) => `peer=ws://h:${i + 1}`).join('&')}`);
    expect(settings.peers).toHaveLength(8);
    expect(settings.faults).toHaveLength(1);
  });

  test('what is written is read back, and other parameters stay', () => {
    const query = writeSettings('?network=try&peer=ws://old', ' wss://s/signal ', '');
    expect(readSettings(query)).toEqual({ signalling: ['wss://s/signal'], peers: [], network: 'try', faults: [] });
    expect(writeSettings('?peer=ws://old', '', '')).toBe('');
  });

  test('addresses', () => {
    for (const text of ['ws://localhost:1', 'wss://a.example/signal?x=1', 'ws://[::1]:9/']) expect(isAddress(text)).toBe(true);
    for (const text of ['', 'http://a', 'wss//a', 'ws://', 'ws://a/#b', '//a']) expect(isAddress(text), text).toBe(false);
  });
});

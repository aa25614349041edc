import { afterEach, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { isTrusted, storageFor, strangersIn, trust } from '../src/strangers.ts';

const strangers = (query: string, page = 'https://mesh.example/'): string[] => strangersIn(readSettings(query), page);

afterEach(() => vi.unstubAllGlobals());

describe('addresses that somebody else chose', () => {
  test('are those of another host, or of another port', () => {
    expect(strangers('')).toEqual([]);
    expect(strangers('?signalling=&peer=wss://mesh.example/peer')).toEqual([]);
    const query = '?signalling=wss://evil.example/signal&signalling=wss://mesh.example/signal&peer=wss://mesh.example:8443/';
    expect(strangers(query)).toEqual(['wss://evil.example/signal', 'wss://mesh.example:8443/']);
    for (const host of ['mesh.example.evil.org', 'evil.org/mesh.example', 'xmesh.example', 'mesh.example@evil.org', 'localhost']) {
      expect(strangers(`?peer=wss://${host}/`), host).toHaveLength(1);
    }
  });

  test('are not those of this very machine, on a page of it', () => {
    expect(strangers('?signalling=ws://127.0.0.1:7070/&peer=ws://[::1]:9/', 'http://localhost:5173/')).toEqual([]);
    expect(strangers('?signalling=wss://evil.example/', 'http://localhost:5173/')).toHaveLength(1);
  });

  test('get a storage of their own, whatever their order', async () => {
    const [a, b] = ['wss://a.example/', 'wss://b.example/'];
    expect(await storageFor([a, b])).toBe(await storageFor([b, a, b]));
    expect(await storageFor([a])).not.toBe(await storageFor([b]));
    expect(await storageFor([])).toBeUndefined();
  });

  test('are asked about until a person trusts them, these and no others', () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    });
    expect(isTrusted([])).toBe(true);
    expect(isTrusted(['wss://a.example/'])).toBe(false);
    trust(['wss://a.example/']);
    expect(isTrusted(['wss://a.example/'])).toBe(true);
    expect(isTrusted(['wss://a.example/', 'wss://b.example/'])).toBe(false);
  });

  test('are asked about every time where the browser keeps nothing', () => {
    vi.stubGlobal('sessionStorage', undefined);
    trust(['wss://a.example/']);
    expect(isTrusted(['wss://a.example/'])).toBe(false);
  });
});

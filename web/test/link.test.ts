import { describe, expect, test } from 'vitest';
import { cleanName, digestOfCid, readLink, writeLink } from '../src/link.ts';

/** The CID of “hello world” as raw bytes; any IPFS tool gives the same. */
const HELLO = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
/** The CID of the empty dag-cbor map. */
const TREE = 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua';

describe('content ids', () => {
  test('name the SHA-256 of their content', () => {
    expect(digestOfCid(HELLO)).toBe('b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9');
    expect(digestOfCid(TREE)).toBe('c19a797fa1fd590cd2e5b42d1cf5f246e29b91684e2f87404b81dc345c7a56a0');
  });

  test('anything else is no content id', () => {
    for (const text of [
      '',
      'hello',
      HELLO.slice(0, -1),
      `${HELLO}a`,
      HELLO.toUpperCase(),
      HELLO.replace('z', '1'),
      // CIDv0, another hash function, another codec.
      'QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4',
      `bafkrg${HELLO.slice(6)}`,
      `bafzbei${HELLO.slice(7)}`,
    ]) expect(digestOfCid(text), text).toBeNull();
  });

  test('only one spelling is taken: leftover bits must be zero', () => {
    expect(HELLO.endsWith('e')).toBe(true);
    for (const last of 'fgh') expect(digestOfCid(HELLO.slice(0, -1) + last)).toBeNull();
  });
});

describe('links', () => {
  test('come back as they went', () => {
    for (const name of ['a.txt', 'Holiday in Zürich 100%.jpg', '日本語.pdf', 'a#b&c=d+e.md', "it's (1).png"]) {
      const link = writeLink('https://mesh.example/app/?network=try#/old', { cid: HELLO, name });
      expect(link).toMatch(/^https:\/\/mesh\.example\/app\/\?network=try#\//);
      expect(readLink(new URL(link).hash)).toEqual({ kind: 'file', cid: HELLO, name });
    }
  });

  test('without a name are read all the same', () => {
    for (const hash of [`#/${HELLO}`, `#/${HELLO}/`, `#${HELLO}`]) {
      expect(readLink(hash)).toEqual({ kind: 'file', cid: HELLO, name: 'file' });
    }
  });

  test('an empty one names nothing', () => {
    for (const hash of ['', '#', '#/']) expect(readLink(hash)).toEqual({ kind: 'none' });
  });

  test('a damaged one says so', () => {
    for (const hash of ['#/peers', '#//a.txt', `#/${HELLO.slice(3)}/a.txt`]) {
      expect(readLink(hash)).toMatchObject({ kind: 'broken' });
    }
  });

  test('a name with broken escapes is taken as it stands', () => {
    expect(readLink(`#/${HELLO}/100%.txt`)).toMatchObject({ name: '100%.txt' });
  });
});

describe('names', () => {
  test('cannot leave their folder or hide their extension', () => {
    expect(cleanName('../../etc/passwd')).toBe('_.._etc_passwd');
    expect(cleanName('photo\u202egpj.exe')).toBe('photogpj.exe');
    expect(cleanName('two\nlines\u0000.txt')).toBe('twolines.txt');
    expect(cleanName('C:\\x?.txt')).toBe('C__x_.txt');
  });

  test('are never empty, and never dots alone', () => {
    for (const name of ['', ' ', '.', '..', '\u200b']) expect(cleanName(name)).toBe('file');
  });

  test('are cut before their extension, never inside a letter', () => {
    const long = cleanName(`${'🐙'.repeat(300)}.tar`);
    expect([...long]).toHaveLength(120);
    expect(long.endsWith('🐙.tar')).toBe(true);
    expect(cleanName('\ud800.txt').isWellFormed()).toBe(true);
  });

  test('that are clean stay as they are', () => {
    const clean = cleanName(' a  b.txt ');
    expect(clean).toBe('a b.txt');
    expect(cleanName(clean)).toBe(clean);
  });
});

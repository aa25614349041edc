/** How the examples split their work, and put together what comes. */
import type { Result } from 'tabmesh/job';
import { beforeEach, expect, test, vi } from 'vitest';
import { EXAMPLES } from '../src/jobs/examples.ts';
import type { Work } from '../src/jobs/work.ts';

const MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d]);

beforeEach(() => void vi.stubGlobal('fetch', async () => new Response(MODULE)));

const begin = (key: string, values: Record<string, string> = {}, files: File[] = []): Promise<Work> => {
  const example = EXAMPLES.find((one) => one.key === key)!;
  const usual = Object.fromEntries(example.fields.map(({ name, value }) => [name, value]));
  return example.begin({ ...usual, ...values }, files);
};

const result = (index: number, output: string): Result =>
  ({ index, status: 'OK', output: new TextEncoder().encode(output), executor: null, gasUsed: 1n }) as unknown as Result;

const saved = async (work: Work): Promise<string> => (await work.save()).blob.text();

test('tiles cover the picture once, and its edges are cut', async () => {
  const work = await begin('tile', { width: '200', height: '100' });
  const seen = new Map<string, number>();
  for (const input of work.inputs as string[]) {
    const [width, height, left, top, across, down] = input.split(' ').map(Number) as [number, number, number, number, number, number];
    expect([width, height]).toEqual([200, 100]);
    for (let y = top; y < top + down; y += 1) for (let x = left; x < left + across; x += 1) seen.set(`${x} ${y}`, (seen.get(`${x} ${y}`) ?? 0) + 1);
  }
  expect(seen.size).toBe(200 * 100);
  expect([...seen.values()].every((times) => times === 1)).toBe(true);
});

test('what is typed and makes no sense is said', async () => {
  await expect(begin('tile', { width: '1e9' })).rejects.toThrow('The width is a whole number from 64 to 4,096');
  await expect(begin('primes', { millions: '' })).rejects.toThrow('How many millions');
  await expect(begin('search', { expression: '' })).rejects.toThrow('The expression is one line');
  await expect(begin('own', {}, [new File(['x'], 'a.txt')])).rejects.toThrow('ends with .wasm');
  await expect(begin('own', {}, [new File([MODULE], 'a.wasm')])).rejects.toThrow('no input');
  await expect(begin('sql', {}, [new File(['x'], 'a.db')])).rejects.toThrow('a.db is no SQLite database');
});

test('primes are told range by range, in order whatever came first', async () => {
  const work = await begin('primes', { from: '0', millions: '2' });
  expect(work.inputs).toEqual(['0 1000000', '1000000 2000000']);
  work.take(result(1, '70435 6702 1999993 132 1357201'));
  work.take(result(0, '78498 8169 999983 114 492113'));
  expect(await saved(work)).toBe('from,primes,twins,greatest,gap,before the gap\n0,78498,8169,999983,114,492113\n1000000,70435,6702,1999993,132,1357201\n');
});

test('long texts are searched in parts that end with lines, and lines keep their numbers', async () => {
  const lines = Array.from({ length: 30_000 }, (_, at) => `${at + 1} ${'x'.repeat(100)}`);
  const work = await begin('search', { expression: 'x' }, [new File([lines.join('\n')], 'long.txt'), new File(['short'], 'short.txt')]);
  expect(work.inputs.length).toBe(5);
  const texts = (work.inputs as string[]).map((input) => input.slice(2));
  expect(texts.slice(0, 4).join('')).toBe(lines.join('\n'));
  const first = Number(texts[1]!.split(' ')[0]);
  work.take(result(4, '1\tshort\n'));
  work.take(result(1, `1\t${texts[1]!.split('\n')[0]}\n`));
  expect(await saved(work)).toBe(`long.txt:${first}: ${lines[first - 1]}\nshort.txt:1: short\n`);
});

test('rows of all parts stand under one head', async () => {
  const file = new File([`SQLite format 3\0${'.'.repeat(80)}`], 'a.db');
  const work = await begin('sql', { parts: '2', query: 'select 1 ä' }, [file]);
  expect(new TextDecoder().decode((work.inputs[1] as Uint8Array).subarray(0, 18))).toBe('1 2 11\nselect 1 ä');
  work.take(result(1, 'name\tsize\nc\t3\n'));
  work.take(result(0, 'name\tsize\na\t1\nb\t2\n'));
  expect(await saved(work)).toBe('name\tsize\na\t1\nb\t2\nc\t3\n');
});

test('a result that replaces another counts once', async () => {
  const work = await begin('own', { lines: 'one' }, [new File([MODULE], 'a.wasm')]);
  work.take(result(0, 'wrong'));
  work.take(result(0, 'right'));
  expect(await saved(work)).toBe('right');
});

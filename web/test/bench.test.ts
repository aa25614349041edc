import { describe, expect, test } from 'vitest';
import type { TaskCheck, TaskOptions, TaskResult } from 'tabmesh';
import { Bench, GAS } from '../src/tasks/bench.ts';

const MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const CHECK: TaskCheck = {
  accepted: true, interface: 'pure', lacks: [], lacksForSteps: [], imports: [], exports: [], bytes: 8, meteredBytes: 12,
};

function resultOf(output: string): TaskResult {
  const bytes = new TextEncoder().encode(output);
  return { status: 'OK', code: 0, gasUsed: 7n, output: bytes, log: '', id: `id-of-${output}` };
}

/** A bench whose tasks end when the test says so. */
function benchOf() {
  const asked: { input: string; options: TaskOptions; end: (result: TaskResult) => void }[] = [];
  const bench = new Bench({
    checkTask: async () => CHECK,
    runTask: (_, input, options = {}) =>
      new Promise((resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        asked.push({ input: new TextDecoder().decode(input as Uint8Array), options, end: resolve });
      }),
  });
  return { bench, asked };
}

const file = (name: string, bytes: Uint8Array<ArrayBuffer>): File => new File([bytes], name);

describe('what is dropped', () => {
  test('is a module if it begins as one, whatever its name, and an input otherwise', async () => {
    const { bench } = benchOf();
    await bench.take([file('a.bin', MODULE), file('b.txt', new Uint8Array([65]))]);
    expect(bench.module.value).toEqual({ name: 'a.bin', bytes: MODULE, check: CHECK });
    expect(bench.input.value.name).toBe('b.txt');
    expect(bench.trouble.value).toBeNull();
  });

  test('and is called a module without being one is refused, and changes nothing', async () => {
    const { bench } = benchOf();
    await bench.take([file('a.wasm', new Uint8Array([1, 2, 3]))]);
    expect(bench.module.value).toBeNull();
    expect(bench.trouble.value?.what).toContain('a.wasm is no Wasm module');
  });
});

describe('a run', () => {
  test('takes the input and the gas, and ends with what the task gave', async () => {
    const { bench, asked } = benchOf();
    await bench.take([file('a.wasm', MODULE)]);
    bench.write('hello');
    const run = bench.start();
    expect(bench.run.value?.step).toBe('under way');
    expect([asked[0]!.input, asked[0]!.options.gas]).toEqual(['hello', GAS]);
    asked[0]!.end(resultOf('answer'));
    await run;
    expect(bench.run.value).toMatchObject({ step: 'ended', result: { id: 'id-of-answer' }, shown: { name: 'a-output' } });
  });

  test('that is overtaken by another never shows its answer', async () => {
    const { bench, asked } = benchOf();
    await bench.take([file('a.wasm', MODULE)]);
    const first = bench.start();
    const second = bench.start();
    asked[1]!.end(resultOf('second'));
    asked[0]!.end(resultOf('first'));
    await Promise.all([first, second]);
    expect(bench.run.value).toMatchObject({ result: { id: 'id-of-second' } });
  });

  test('is cancelled, and a new input puts an old answer away', async () => {
    const { bench, asked } = benchOf();
    await bench.take([file('a.wasm', MODULE)]);
    const run = bench.start();
    bench.cancel();
    await run;
    expect(bench.run.value).toBeNull();
    const again = bench.start();
    asked[1]!.end(resultOf('answer'));
    await again;
    bench.write('other');
    expect(bench.run.value).toBeNull();
  });

  test('does not begin with gas that is no number, or beyond all bounds', async () => {
    const { bench, asked } = benchOf();
    await bench.take([file('a.wasm', MODULE)]);
    for (const gas of ['', 'much', '-1', '1.5', '4611686018427387905']) {
      bench.gas.value = gas;
      await bench.start();
      expect(bench.trouble.value?.what, gas).toBe('Gas is a whole number.');
    }
    expect(asked).toEqual([]);
    bench.gas.value = '1_000 000';
    const run = bench.start();
    expect(asked[0]!.options.gas).toBe(1_000_000n);
    asked[0]!.end(resultOf(''));
    await run;
    expect(bench.trouble.value).toBeNull();
  });
});

import type { Result } from 'tabmesh/job';
import { Gathered } from '../gathered.ts';
import { type Example, type Work, moduleAt, textOf, wholeOf } from '../work.ts';

const RANGE = 1_000_000;

/** What one range has: how many primes, how many twins, the greatest, the largest gap and the prime before it. */
type Row = readonly [primes: number, twins: number, greatest: number, gap: number, before: number];

export const PRIMES_EXAMPLE: Example = {
  key: 'primes',
  name: 'Prime search',
  about: 'How many primes there are, how many twins, and the largest gap, a million numbers a task.',
  fields: [
    { name: 'from', label: 'From', value: '1,000,000,000,000' },
    { name: 'millions', label: 'Millions of numbers', value: '100' },
  ],
  async begin(values) {
    const from = wholeOf(values.from, 0, 9_000_000_000_000, 'The first number');
    const millions = wholeOf(values.millions, 1, 100_000, 'How many millions');
    return new Primes(await moduleAt(new URL('../../../../task-meter/guests/built/primes.wasm', import.meta.url)), from, millions);
  },
};

class Primes implements Work {
  readonly title: string;
  readonly gas = 5_000_000_000n;
  readonly inputs: string[];
  readonly #rows = new Gathered<Row>();

  constructor(
    readonly module: Uint8Array<ArrayBuffer>,
    readonly from: number,
    millions: number,
  ) {
    this.title = `Primes from ${from.toLocaleString('en')} on`;
    this.inputs = Array.from({ length: millions }, (_, at) => `${from + at * RANGE} ${from + (at + 1) * RANGE}`);
  }

  take({ index, output, status }: Result): void {
    const row = textOf(output).split(' ').map(Number);
    if (status !== 'OK' || row.length !== 5) return;
    this.#rows.set(index, row as unknown as Row);
  }

  readonly View = () => {
    const rows = this.#rows.values;
    const sum = (of: 0 | 1): number => rows.reduce((total, row) => total + row[of], 0);
    const widest = rows.reduce<Row | undefined>((best, row) => (!best || row[3] > best[3] ? row : best), undefined);
    const number = (value: number): string => value.toLocaleString('en');
    return (
      <dl class="figures">
        <dt>Primes</dt>
        <dd data-testid="primes">{number(sum(0))}</dd>
        <dt>Twins</dt>
        <dd>{number(sum(1))}</dd>
        <dt>Greatest</dt>
        <dd>{number(Math.max(0, ...rows.map((row) => row[2])))}</dd>
        <dt>Largest gap</dt>
        <dd>{widest ? `${widest[3]} behind ${number(widest[4])}` : '–'}</dd>
      </dl>
    );
  };

  async save() {
    const lines = this.#rows.inOrder.map(([index, row]) => [this.from + index * RANGE, ...row].join(','));
    const text = ['from,primes,twins,greatest,gap,before the gap', ...lines].join('\n');
    return { name: 'primes.csv', blob: new Blob([`${text}\n`], { type: 'text/csv' }) };
  }
}

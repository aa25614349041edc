import type { Result } from 'tabmesh/job';
import type { TaskStatus } from 'tabmesh/task';
import { count, formatBytes } from '../../format.ts';
import { nameOf } from '../who.ts';
import { Gathered } from '../gathered.ts';
import { type Example, type Work, wholeOf } from '../work.ts';
import { zipOf } from '../zip.ts';

/** Rows that are shown; all are in the file. */
const SHOWN = 200;

interface Row {
  readonly status: TaskStatus;
  readonly output: Uint8Array<ArrayBuffer>;
  readonly by: string | null;
}

export const OWN_EXAMPLE: Example = {
  key: 'own',
  name: 'Your own',
  about: 'Any module that runs as a task, over files of yours: each file is the input of one task.',
  files: { accept: '', what: 'a module (.wasm) and its inputs' },
  fields: [
    { name: 'gas', label: 'Gas of a task', value: '10,000,000,000' },
    { name: 'lines', label: 'Or inputs as text, one a line', value: '', isLong: true },
  ],
  async begin(values, files) {
    const gas = BigInt(wholeOf(values.gas, 1, Number.MAX_SAFE_INTEGER, 'Gas'));
    const [module] = files.filter(({ name }) => name.endsWith('.wasm'));
    if (!module) throw new Error('One of the files is the module: its name ends with .wasm');
    const inputs = files.filter((file) => file !== module);
    const lines = (values.lines ?? '').split('\n').filter((line) => line !== '');
    if (inputs.length + lines.length === 0) throw new Error('There is no input: give files, or lines of text');
    const given = await Promise.all([module, ...inputs].map(async (file) => new Uint8Array(await file.arrayBuffer())));
    const names = [...inputs.map(({ name }) => name), ...lines.map((_, at) => `line-${at + 1}`)];
    return new Results(given[0]!, [...given.slice(1), ...lines], names, module.name, gas);
  },
};

/** Results as they are, by the names of their inputs. */
export class Results implements Work {
  readonly title: string;
  readonly #rows = new Gathered<Row>();

  constructor(
    readonly module = new Uint8Array(),
    readonly inputs: (string | Uint8Array<ArrayBuffer>)[] = [],
    readonly names: readonly string[] = [],
    file = '',
    readonly gas = 0n,
  ) {
    this.title = file ? `${file} over ${count(inputs.length, 'input')}` : 'Work that was kept';
  }

  #nameOf(index: number): string {
    return this.names[index] ?? `part-${index + 1}`;
  }

  take({ index, output, status, executor }: Result): void {
    this.#rows.set(index, { status, output: output.slice(), by: executor });
  }

  readonly View = () => {
    const rows = this.#rows.inOrder.slice(0, SHOWN);
    return (
      <div class="sheet" tabIndex={0} role="region" aria-label="Results">
        <table>
          <thead>
            <tr>
              <th scope="col">Input</th>
              <th scope="col">Result</th>
              <th scope="col">Output</th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([index, { status, output, by }]) => (
              <tr key={index} data-status={status}>
                <td>{this.#nameOf(index)}</td>
                <td>{status}</td>
                <td>{formatBytes(output.length)}</td>
                <td>{nameOf(by)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  };

  async save() {
    const rows = this.#rows.inOrder.filter(([, { status }]) => status === 'OK');
    return zipOf('outputs.zip', rows.map(([index, { output }]) => ({ name: `${this.#nameOf(index)}.out`, blob: new Blob([output]) })));
  }
}

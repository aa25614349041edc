import type { Result } from 'tabmesh/job';
import { count } from '../../format.ts';
import { Gathered } from '../gathered.ts';
import { type Example, type Work, joined, moduleAt, textOf, wholeOf } from '../work.ts';

/** Rows that are shown; all are in the file. */
const SHOWN = 200;

export const SQL_EXAMPLE: Example = {
  key: 'sql',
  name: 'SQL',
  about: 'A query over an SQLite file, each part of its rows by somebody else. Those who compute can read it.',
  files: { accept: '.sqlite,.sqlite3,.db', what: 'an SQLite file' },
  fields: [
    { name: 'query', label: 'Query; each part has its number :part, of :parts. Their rows are put one after another', value: 'select * from sqlite_schema where rowid % :parts = :part', isLong: true },
    { name: 'parts', label: 'Parts', value: '4' },
  ],
  async begin(values, [file]) {
    const parts = wholeOf(values.parts, 1, 256, 'The number of parts');
    const query = new TextEncoder().encode(values.query ?? '');
    const database = new Uint8Array(await file!.arrayBuffer());
    if (textOf(database.subarray(0, 15)) !== 'SQLite format 3') throw new Error(`${file!.name} is no SQLite database, to judge by its first bytes`);
    const module = await moduleAt(new URL('../../../../task-meter/guests/built/sql.wasm', import.meta.url));
    const inputs = Array.from({ length: parts }, (_, part) => joined(`${part} ${parts} ${query.length}\n`, query, database));
    return new Query(module, inputs, file!.name);
  },
};

class Query implements Work {
  readonly title: string;
  readonly gas = 100_000_000_000n;
  readonly #tables = new Gathered<readonly string[]>();

  constructor(
    readonly module: Uint8Array<ArrayBuffer>,
    readonly inputs: Uint8Array<ArrayBuffer>[],
    file: string,
  ) {
    this.title = `A query over ${file}`;
  }

  take({ index, output, status }: Result): void {
    if (status === 'OK') this.#tables.set(index, textOf(output).split('\n').slice(0, -1));
  }

  /** The names of the columns, then the rows of all parts in order. */
  get #lines(): string[] {
    const tables = this.#tables.inOrder.map(([, lines]) => lines);
    return [...(tables[0]?.slice(0, 1) ?? []), ...tables.flatMap((lines) => lines.slice(1))];
  }

  readonly View = () => {
    const [head, ...rows] = this.#lines.map((line) => line.split('\t'));
    if (!head) return null;
    return (
      <>
        <p data-testid="rows" data-rows={rows.length}>
          {count(rows.length, 'row')}
        </p>
        <div class="sheet" tabIndex={0} role="region" aria-label="Rows">
          <table>
            <thead>
              <tr>{head.map((name) => <th scope="col">{name}</th>)}</tr>
            </thead>
            <tbody>
              {rows.slice(0, SHOWN).map((row) => (
                <tr>{row.map((cell) => <td>{cell}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      </>
    );
  };

  async save() {
    return { name: 'rows.tsv', blob: new Blob([`${this.#lines.join('\n')}\n`], { type: 'text/tab-separated-values' }) };
  }
}

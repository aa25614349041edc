import type { Result } from 'tabmesh/job';
import { count } from '../../format.ts';
import { Gathered } from '../gathered.ts';
import { type Example, type Work, moduleAt, textOf } from '../work.ts';

/** Characters of a part: it ends with a line. */
const PART = 1 << 20;

/** Lines that are shown; all are in the file. */
const SHOWN = 500;

interface Part {
  readonly file: string;
  /** Lines of the file before this part. */
  readonly before: number;
}

export const SEARCH_EXAMPLE: Example = {
  key: 'search',
  name: 'Text search',
  about: 'Lines of your files with a match, a megabyte a task. Those who search can read them.',
  files: { accept: 'text/*,.log,.csv,.json,.md', what: 'text files' },
  fields: [{ name: 'expression', label: 'Regular expression', value: '\\berror\\b' }],
  async begin(values, files) {
    const expression = values.expression ?? '';
    if (expression === '' || expression.includes('\n')) throw new Error('The expression is one line, and not empty');
    const module = await moduleAt(new URL('../../../../task-meter/guests/built/search.wasm', import.meta.url));
    const parts: Part[] = [];
    const inputs: string[] = [];
    for (const file of files) {
      let before = 0;
      for (const text of partsOf(await file.text())) {
        parts.push({ file: file.name, before });
        inputs.push(`${expression}\n${text}`);
        before += text.split('\n').length - 1;
      }
    }
    return new Search(module, inputs, parts, expression);
  },
};

class Search implements Work {
  readonly title: string;
  readonly gas = 50_000_000_000n;
  readonly #found = new Gathered<readonly string[]>();

  constructor(
    readonly module: Uint8Array<ArrayBuffer>,
    readonly inputs: string[],
    readonly parts: readonly Part[],
    expression: string,
  ) {
    this.title = `Lines that match ${expression}`;
  }

  take({ index, output, status }: Result): void {
    const part = this.parts[index];
    if (!part || status !== 'OK') return;
    const lines = textOf(output).split('\n').slice(0, -1);
    this.#found.set(index, lines.map((line) => placed(part, line)));
  }

  get #lines(): string[] {
    return this.#found.inOrder.flatMap(([, lines]) => lines);
  }

  readonly View = () => {
    const lines = this.#lines;
    return (
      <>
        <p data-testid="found" data-found={lines.length}>
          {count(lines.length, 'line')}
        </p>
        {lines.length > 0 && (
          <pre class="look look-text" tabIndex={0}>
            {lines.slice(0, SHOWN).join('\n')}
          </pre>
        )}
      </>
    );
  };

  async save() {
    return { name: 'found.txt', blob: new Blob([`${this.#lines.join('\n')}\n`], { type: 'text/plain' }) };
  }
}

/** A line with its file and its number there. */
function placed({ file, before }: Part, line: string): string {
  const [number, ...rest] = line.split('\t');
  return `${file}:${before + Number(number)}: ${rest.join('\t')}`;
}

function* partsOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf('\n', at + PART);
    const end = line < 0 ? text.length : line + 1;
    yield text.slice(at, end);
    at = end;
  }
}

import { useRef } from 'preact/hooks';
import type { TaskCheck } from 'tabmesh';
import { formatBytes } from '../format.ts';
import { useDrop } from '../ui/drop.ts';
import { Brand } from '../ui/header.tsx';
import { Alert } from '../ui/standing.tsx';
import type { Trouble } from '../words.ts';
import type { Bench, Chosen } from './bench.ts';
import { EXAMPLES } from './examples.ts';
import { Outcome } from './outcome.tsx';

interface Props {
  readonly bench: Bench;
}

/** The page: a module and its input on one side, what comes of them on the other. */
export function Page({ bench }: Props) {
  const over = useDrop((files, refused) => void bench.take(files, refused));
  const trouble = bench.trouble.value;
  return (
    <>
      <header class="top">
        <Brand />
        <nav>
          <a href="./">This tab in the mesh</a>
        </nav>
      </header>
      <main class="tasks">
        <div class="work">
          <section class="standing" aria-labelledby="tasks">
            <h1 id="tasks">One module, one answer</h1>
            <p class="lead">
              A task is a WebAssembly module and an input. On any machine, in any engine, it gives the same bytes and costs the
              same gas; this one runs in a Worker of this page, and cannot leave it.
            </p>
          </section>
          <Examples bench={bench} />
          <Form bench={bench} over={over.value} />
          {trouble && <Alert trouble={trouble} />}
        </div>
        <Outcome bench={bench} />
      </main>
    </>
  );
}

function Examples({ bench }: Props) {
  return (
    <section class="examples" aria-label="Examples">
      {EXAMPLES.map((example) => (
        <button type="button" key={example.name} onClick={() => void bench.show(example)} data-testid={`example-${example.name}`}>
          <strong>{example.name}</strong>
          <span>{example.about}</span>
        </button>
      ))}
    </section>
  );
}

function Form({ bench, over }: Props & { readonly over: boolean }) {
  const files = useRef<HTMLInputElement>(null);
  const input = bench.input.value;
  const run = (event: Event): void => {
    event.preventDefault();
    void bench.start();
  };
  const pick = (event: { currentTarget: HTMLInputElement }): void => {
    void bench.take([...(event.currentTarget.files ?? [])]);
    event.currentTarget.value = '';
  };
  const isReady = bench.module.value?.check?.accepted === true;
  return (
    <form class="give task" data-over={over} onSubmit={run} aria-label="Your own task">
      <h2>{over ? 'Let go to take it' : 'Your own'}</h2>
      <p>
        <span class="with-mouse">Drop a <code>.wasm</code> module anywhere on this page, and any other file as its input. </span>
        Or choose them.
      </p>
      <button type="button" onClick={() => files.current?.click()}>
        Choose files
      </button>
      <input ref={files} type="file" multiple hidden tabIndex={-1} aria-label="Module and input" data-testid="task-files" onChange={pick} />
      <Module module={bench.module.value} />
      <label>
        Input as text
        <textarea
          rows={2}
          value={input.name === 'text' ? new TextDecoder().decode(input.bytes) : ''}
          placeholder={input.name === 'text' || input.name === 'nothing' ? '' : `${input.name}, ${formatBytes(input.bytes.length)}`}
          onInput={(event) => bench.write(event.currentTarget.value)}
          data-testid="task-input"
        />
      </label>
      <label>
        Gas
        <input
          type="text"
          inputMode="numeric"
          value={bench.gas}
          onInput={(event) => (bench.gas.value = event.currentTarget.value)}
          data-testid="task-gas"
        />
      </label>
      <button type="submit" class="primary" disabled={!isReady} data-testid="task-run">
        Run
      </button>
    </form>
  );
}

/** The module, and whether it may run. */
function Module({ module }: { readonly module: Chosen | null }) {
  if (!module) return null;
  const { check } = module;
  const about = { pure: 'a pure module', command: 'a command' };
  return (
    <div class="module" data-testid="task-module" data-accepted={check?.accepted}>
      <p class="file-name">{module.name}</p>
      <p class="file-note">
        {formatBytes(module.bytes.length)}
        {!check && ', being checked'}
        {check?.accepted && check.interface && `, ${about[check.interface]}; ${formatBytes(check.meteredBytes)} with its meter`}
      </p>
      {check?.refusal && (
        <Alert
          trouble={{
            what: `Refused: ${check.refusal.feature}.`,
            wayOut: `At byte ${check.refusal.offset} of the module; refusal ${check.refusal.code}.`,
          }}
        />
      )}
      {check && !check.refusal && !check.accepted && <Alert trouble={lacking(check)} />}
    </div>
  );
}

/** What a module lacks that is not refused. */
function lacking({ lacks, lacksForSteps }: TaskCheck): Trouble {
  if (lacksForSteps.length > 0) return { what: 'It cannot be run as a task.', wayOut: `It lacks ${lacks.join(', ')}.` };
  return { what: 'It can be run by steps only, which this page does not do.', wayOut: 'Run it with `tabmesh task run --piece`.' };
}

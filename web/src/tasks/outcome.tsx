import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { TaskResult, TaskStatus } from 'tabmesh';
import { formatBytes } from '../format.ts';
import type { Shown } from '../preview.ts';
import { Copy } from '../ui/copy.tsx';
import { Look, useObjectUrl } from '../ui/look.tsx';
import { Alert } from '../ui/standing.tsx';
import type { Bench, Run } from './bench.ts';

const WORDS: Record<TaskStatus, string> = {
  OK: 'Done',
  EXIT: 'Ended with a code of its own',
  TRAP: 'The module trapped',
  OUT_OF_GAS: 'Out of gas',
  STACK: 'Out of stack',
  BAD_ABI: 'It does not keep to the interface',
  ABORT: 'This machine could not run it',
  REFUSED: 'Refused',
  LATE: 'Stopped by the watchdog',
};

const STAGES = { metering: 'Putting the meter in', compiling: 'Compiling', running: 'Running' } as const;

/** What came of the task, or how far it is. */
export function Outcome({ bench }: { readonly bench: Bench }) {
  const run = bench.run.value;
  const section = useRef<HTMLElement>(null);
  // On a small screen what is run stands further down than the button.
  useEffect(() => void (run && section.current?.scrollIntoView({ block: 'nearest' })), [run?.step]);
  return (
    <section ref={section} class="outcome" aria-label="Result" aria-live="polite" data-testid="task-outcome" data-step={run?.step ?? 'none'}>
      {run === null && <p class="file-note">What a task gives is shown here: its answer, its gas, and how long it took.</p>}
      {run?.step === 'under way' && <UnderWay run={run} cancel={() => bench.cancel()} />}
      {run?.step === 'failed' && <Alert trouble={run.trouble} />}
      {run?.step === 'ended' && <Ended result={run.result} tookMs={run.tookMs} shown={run.shown} />}
    </section>
  );
}

function UnderWay({ run, cancel }: { readonly run: Extract<Run, { step: 'under way' }>; readonly cancel: () => void }) {
  const { progress } = run;
  const since = progress.stage === 'running' ? ` for ${(progress.elapsedMs / 1000).toFixed(1)} s` : '';
  return (
    <div class="bar">
      <progress aria-label="The task" />
      <p class="file-note">
        {STAGES[progress.stage]}
        {since}
      </p>
      <button type="button" onClick={cancel} data-testid="task-cancel">
        Cancel
      </button>
    </div>
  );
}

function Ended({ result, tookMs, shown }: { readonly result: TaskResult; readonly tookMs: number; readonly shown: Shown }) {
  const { status, code, gasUsed, id, log } = result;
  const save = useObjectUrl(useMemo(() => shown.blob.slice(0, shown.blob.size, 'application/octet-stream'), [shown]));
  const isGood = status === 'OK' || status === 'EXIT';
  return (
    <>
      <h2 data-testid="task-status" data-status={status}>
        {WORDS[status]}
        {status === 'EXIT' && `: ${code}`}
      </h2>
      <dl class="figures">
        <dt>Gas</dt>
        <dd data-testid="task-gas-used">{gasUsed.toLocaleString('en')}</dd>
        <dt>Time here</dt>
        <dd>{tookMs < 9950 ? `${Math.round(tookMs)} ms` : `${(tookMs / 1000).toFixed(1)} s`}</dd>
        <dt>Output</dt>
        <dd>{formatBytes(shown.blob.size)}</dd>
      </dl>
      {isGood && shown.blob.size > 0 && (
        <>
          <Look key={id} shown={shown} />
          <div class="actions">
            <a class="button" href={save} download={shown.name} data-testid="task-save">
              Save
            </a>
            <Copy text={id} label="Copy output id" />
          </div>
        </>
      )}
      {isGood && (
        <p class="file-note">
          <code data-testid="task-id">{id}</code>
        </p>
      )}
      {log && (
        <details>
          <summary>What it said</summary>
          <pre class="look-text">{log}</pre>
        </details>
      )}
    </>
  );
}

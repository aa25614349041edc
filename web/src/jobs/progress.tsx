import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { JobState, Quote } from 'tabmesh/job';
import { count, formatGas, formatSpan } from '../format.ts';
import type { Session } from '../session.ts';
import { Copy } from '../ui/copy.tsx';
import { Alert } from '../ui/standing.tsx';
import type { Asking, Share } from './asking.ts';
import { hueOf, nameOf } from './who.ts';
import type { Saved } from './work.ts';

interface Props {
  readonly asking: Asking;
  readonly session: Session;
}

const WORDS: Record<JobState, string> = {
  starting: 'Looking for computers',
  running: 'Being computed',
  paused: 'Paused',
  stalled: 'It does not go on',
  done: 'Done',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

/** What the work costs, how far it is, who computes, and what has come. */
export function Progress({ asking, session }: Props) {
  const [step, work, trouble] = [asking.step.value, asking.work.value, asking.trouble.value];
  const section = useRef<HTMLElement>(null);
  // On a small screen it stands further down than the button.
  useEffect(() => void (step !== 'none' && section.current?.scrollIntoView({ block: 'nearest' })), [step, trouble]);
  const View = useMemo(() => work?.View, [work]);
  return (
    <section ref={section} class="outcome" aria-label="Result" data-testid="job" data-step={step} data-state={asking.state.value}>
      {!work && <p class="file-note">{step === 'preparing' ? 'The parts are being made.' : 'What comes of it is shown here, part by part.'}</p>}
      {trouble && <Alert trouble={trouble} />}
      {work && <h2>{work.title}</h2>}
      {work && <Cost asking={asking} />}
      {(step === 'under way' || step === 'ended') && <Bar asking={asking} />}
      {View && (step === 'under way' || step === 'ended') && <View />}
      {asking.shares.value.length > 0 && <Who shares={asking.shares.value} session={session} />}
      <Failed asking={asking} />
      {step === 'ended' && <Receipt asking={asking} />}
    </section>
  );
}

function Cost({ asking }: { readonly asking: Asking }) {
  const [quote, step] = [asking.quote.value, asking.step.value];
  if (step === 'preparing') return <p class="file-note">Three parts are run here, to say what all will cost.</p>;
  return (
    <>
      {quote && <Estimate asking={asking} quote={quote} />}
      {!quote && step === 'ready' && <p class="file-note">What it will cost is not known: a part that was tried gave no answer.</p>}
      {step === 'ready' && (
        <div class="actions">
          <button type="button" class="primary" onClick={() => void asking.start()} data-testid="job-start">
            Compute it
          </button>
          <span class="file-note">Free: others give what they compute, as you may too.</span>
        </div>
      )}
    </>
  );
}

function Estimate({ asking, quote }: { readonly asking: Asking; readonly quote: Quote }) {
  const copies = asking.isLocal.value ? 1 : Math.max(1, asking.validation.value);
  const parts = asking.work.value!.inputs.length;
  return (
    <dl class="figures" data-testid="quote">
      <dt>Parts</dt>
      <dd>{parts.toLocaleString('en')}</dd>
      <dt>One core of this device</dt>
      <dd>{lasting(quote.msATask * parts)}</dd>
      <dt>Gas{copies > 1 && `, each part ${copies} times`}</dt>
      <dd>{formatGas(quote.gasATask * BigInt(parts * copies))}</dd>
    </dl>
  );
}

function Bar({ asking }: { readonly asking: Asking }) {
  const [state, progress] = [asking.state.value ?? 'starting', asking.progress.value];
  const total = progress?.total ?? Math.max(1, asking.work.value!.inputs.length);
  const decided = (progress?.accepted ?? 0) + (progress?.failed ?? 0);
  const left = progress?.etaMs === undefined || state !== 'running' ? '' : `, ${lasting(progress.etaMs)} more`;
  const isOver = asking.step.value === 'ended';
  return (
    <div class="bar">
      <progress aria-label="Parts that have come" value={decided} max={total} />
      <p class="file-note" aria-live="polite" data-testid="job-state" data-accepted={progress?.accepted ?? 0}>
        {asking.hint.value ? `${WORDS[state]}: ${asking.hint.value}` : `${WORDS[state]}.`} {decided.toLocaleString('en')} of {total.toLocaleString('en')}
        {left}
      </p>
      {!isOver && (
        <div class="actions">
          <button type="button" onClick={() => asking.pause()} data-testid="job-pause">
            {state === 'paused' ? 'Go on' : 'Pause'}
          </button>
          <button type="button" onClick={() => void asking.keep()} data-testid="job-keep">
            Keep for later
          </button>
          <button type="button" onClick={() => void asking.cancel()} data-testid="job-cancel">
            Cancel
          </button>
        </div>
      )}
      {asking.checkpoint.value && (
        <p class="kept">
          <span>Whoever opens this goes on with it:</span>
          <a class="file-link" href={asking.checkpoint.value} target="_blank" data-testid="job-kept">
            {asking.checkpoint.value}
          </a>
          <Copy text={asking.checkpoint.value} />
        </p>
      )}
    </div>
  );
}

const PROFILES = { browser: 'tab', native: 'always on', device: 'device' } as const;

/** Who computes, what they have now and what they did: a map of the work. */
function Who({ shares, session }: { readonly shares: readonly Share[]; readonly session: Session }) {
  const most = Math.max(1, ...shares.map(({ given, done }) => Math.max(given, done)));
  const profileOf = (id: string | null) => {
    const peer = session.peers.value.find((one) => one.id === id);
    return peer ? PROFILES[peer.profile] : '';
  };
  return (
    <table class="who" data-testid="who">
      <caption>{count(shares.filter(({ id }) => id !== null).length, 'stranger')}</caption>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Answers taken, of parts given</th>
        </tr>
      </thead>
      <tbody>
        {[...shares].sort((a, b) => b.done - a.done).map(({ id, given, done, isLiar }) => (
          <tr key={id ?? 'here'} data-executor={id ?? 'here'} data-liar={isLiar} style={{ color: `hsl(${hueOf(id)} 60% 50%)` }}>
            <th scope="row" title={id ?? undefined}>
              <i />
              <code>{nameOf(id)}</code> <span>{isLiar ? 'gave a wrong answer' : profileOf(id)}</span>
            </th>
            <td>
              <div class="share">
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect class="given" width={(given / most) * 100} height="8" />
                  <rect width={(done / most) * 100} height="8" />
                </svg>
                <span class="figure">
                  {done} of {Math.max(given, done)}
                </span>
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Failures that are shown; the others are like them for the most part. */
const FAILED_SHOWN = 5;

function Failed({ asking }: { readonly asking: Asking }) {
  const failed = asking.failed.value;
  if (failed.length === 0) return null;
  return (
    <div class="alert" role="alert" data-testid="job-failed" data-failed={failed.length}>
      <strong>{count(failed.length, 'part')} gave no answer.</strong>
      <ul>
        {failed.slice(0, FAILED_SHOWN).map(({ index, why }) => (
          <li key={index}>
            Part {index + 1}: {why}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Receipt({ asking }: { readonly asking: Asking }) {
  const progress = asking.progress.value;
  return (
    <>
      {progress && (
        <dl class="figures" data-testid="bill">
          <dt>Parts</dt>
          <dd>{progress.accepted.toLocaleString('en')}</dd>
          <dt>Gas</dt>
          <dd>{formatGas(progress.gas)}</dd>
          <dt>Price</dt>
          <dd>none</dd>
        </dl>
      )}
      <div class="actions">
        <button type="button" class="primary" onClick={() => void save(asking.work.value!.save())} data-testid="job-save">
          Save the result
        </button>
        <button type="button" onClick={() => void save(asking.receipts())} data-testid="job-receipts">
          Save the receipts
        </button>
        {asking.root.value && <Copy text={asking.root.value} label="Copy the root" />}
      </div>
      {asking.root.value && (
        <p class="file-note">
          Root of all results: <code data-testid="job-root">{asking.root.value}</code>
        </p>
      )}
    </>
  );
}

async function save(saving: Promise<Saved>): Promise<void> {
  const { name, blob } = await saving;
  const url = URL.createObjectURL(blob);
  const anchor = Object.assign(document.createElement('a'), { href: url, download: name });
  anchor.click();
  // The download has begun with the click; its bytes are read later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** `0.3 s`, `12 s`, `3 min`. */
const lasting = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatSpan(ms));

import { count, formatBytes } from '../format.ts';
import { writeLink } from '../link.ts';
import type { Entry, Progress, Transfers } from '../transfers.ts';
import { Copy } from './copy.tsx';
import { Alert } from './standing.tsx';

/** Nodes that a block is meant to live on. */
const REPLICAS = 8;

/** What was given and fetched since the page was opened, newest first. */
export function Files({ transfers }: { readonly transfers: Transfers }) {
  // What the address names has a place of its own, above.
  const entries = transfers.entries.value.filter(({ key }) => key !== transfers.fetching.value?.key);
  if (entries.length === 0) return null;
  return (
    <section class="files" aria-labelledby="files">
      <h2 id="files">In this session</h2>
      <ul>
        {entries.map((entry) => (
          <Row key={entry.key} entry={entry} cancel={() => transfers.cancel(entry.key)} />
        ))}
      </ul>
    </section>
  );
}

function Row({ entry, cancel }: { readonly entry: Entry; readonly cancel: () => void }) {
  const { name, size, way, progress } = entry;
  return (
    <li class="file" data-way={way} data-step={progress.step}>
      <p class="file-head">
        <span class="file-way" aria-hidden="true">
          {way === 'given' ? '↑' : '↓'}
        </span>
        <span class="file-name">{name}</span>
        <span class="file-size">{size === null ? '' : formatBytes(size)}</span>
      </p>
      {(progress.step === 'waiting' || progress.step === 'moving') && (
        <Bar way={way} size={size} progress={progress} cancel={cancel} />
      )}
      {progress.step === 'done' && <Done entry={entry} cid={progress.cid} holders={progress.holders} />}
      {progress.step === 'failed' && <Alert trouble={progress.trouble} />}
      {progress.step === 'cancelled' && <p class="file-note">Cancelled</p>}
    </li>
  );
}

const WAITS = {
  turn: 'Waits for its turn',
  joined: 'Waits until this tab has joined',
  linked: 'Waits for a first peer',
} as const;

interface BarProps {
  readonly way: Entry['way'];
  readonly size: number | null;
  readonly progress: Extract<Progress, { step: 'waiting' | 'moving' }>;
  readonly cancel: () => void;
}

/** A transfer on its way: how much, to how many, and the way to stop it. */
export function Bar({ way, size, progress, cancel }: BarProps) {
  const total = (progress.step === 'moving' ? progress.total : null) ?? size;
  const done = progress.step === 'moving' ? progress.done : 0;
  const known = progress.step === 'moving' && total !== null && total > 0;
  return (
    <div class="bar">
      <progress
        data-testid={way === 'given' ? 'put-progress' : 'get-progress'}
        aria-label={way === 'given' ? 'Given so far' : 'Fetched so far'}
        {...(known && { value: done / total, max: 1 })}
      />
      <span class="file-note">
        {progress.step === 'waiting' && WAITS[progress.until]}
        {progress.step === 'moving' && (total === null ? 'Looking for it' : `${formatBytes(done)} of ${formatBytes(total)}`)}
        {progress.step === 'moving' && progress.holders > 0 && ` · ${count(progress.holders, 'holder')}`}
      </span>
      <button type="button" onClick={cancel} data-testid="cancel">
        Cancel
      </button>
    </div>
  );
}

function Done({ entry, cid, holders }: { readonly entry: Entry; readonly cid: string; readonly holders: number }) {
  const link = writeLink(location.href, { cid, name: entry.name });
  return (
    <div class="file-done">
      {entry.way === 'given' && <Holders holders={holders} />}
      <a class="file-link" href={link} data-testid="share-link" data-cid={cid}>
        {link.replace(/^https?:\/\//, '')}
      </a>
      <Copy text={link} />
    </div>
  );
}

/** How many others hold the file: dots, and what it means for closing the tab. */
function Holders({ holders }: { readonly holders: number }) {
  return (
    <p class="holders" data-testid="holders" data-holders={holders}>
      <span class="dots" aria-hidden="true">
        {Array.from({ length: REPLICAS }, (_, i) => (
          <i data-on={i < holders} />
        ))}
      </span>
      {`Held by ${count(holders, 'other node')}. This tab may close.`}
    </p>
  );
}

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { formatBytes } from '../format.ts';
import { writeLink } from '../link.ts';
import type { Fetched, Progress, Transfers } from '../transfers.ts';
import { Copy } from './copy.tsx';
import { Bar } from './files.tsx';
import { Look, useObjectUrl } from './look.tsx';
import { Alert } from './standing.tsx';

interface Props {
  readonly transfers: Transfers;
  /** Why the address names nothing; empty when it does, or names nothing on purpose. */
  readonly broken: string;
}

const EYEBROWS: Record<Progress['step'], string> = {
  waiting: 'To be fetched',
  asking: 'To be fetched',
  moving: 'Fetching',
  done: 'Fetched from the mesh',
  failed: 'Not fetched',
  cancelled: 'Not fetched',
};

/** What the address names: on its way, here, or not to be had. */
export function Received({ transfers, broken }: Props) {
  const fetching = transfers.fetching.value;
  const fetched = transfers.fetched.value;
  const entry = transfers.entries.value.find(({ key }) => key === fetching?.key);
  const section = useRef<HTMLElement>(null);
  // Whoever follows a link further down the page is taken to what it opens.
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), [fetching?.key]);
  if (broken) {
    return (
      <section class="received" aria-label="Broken link">
        <Alert trouble={{ what: broken, wayOut: 'Copy the whole link again, or ask for it once more.' }} />
      </section>
    );
  }
  if (!fetching || !entry) return null;
  const { progress } = entry;
  return (
    <section class="received" aria-labelledby="received" ref={section}>
      <p class="eyebrow">{EYEBROWS[progress.step]}</p>
      <h2 id="received">{fetching.name}</h2>
      {(progress.step === 'waiting' || progress.step === 'moving') && (
        <Bar way="fetched" size={entry.size} progress={progress} cancel={() => transfers.cancel(entry.key)} />
      )}
      {progress.step === 'asking' && (
        <Asking
          size={progress.size}
          room={progress.room}
          confirm={() => transfers.confirm(entry.key)}
          cancel={() => transfers.cancel(entry.key)}
        />
      )}
      {progress.step === 'failed' && <Alert trouble={progress.trouble} />}
      {progress.step === 'cancelled' && <p class="file-note">Cancelled.</p>}
      {(progress.step === 'failed' || progress.step === 'cancelled') && (
        <button type="button" class="primary" onClick={() => void transfers.fetch(fetching)}>
          Try again
        </button>
      )}
      {fetched && <Shown fetched={fetched} />}
    </section>
  );
}

interface AskingProps {
  readonly size: number;
  readonly room: number | null;
  readonly confirm: () => void;
  readonly cancel: () => void;
}

/** A file that is fetched only when a person says so. */
function Asking({ size, room, confirm, cancel }: AskingProps) {
  return (
    <div class="asking" data-testid="asking" data-size={size}>
      <p>
        The link says that this file has <strong>{formatBytes(size)}</strong>.
        {room !== null && ` This browser gives the page ${formatBytes(room)}.`} Nothing of it is fetched before you want it.
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={confirm} data-testid="fetch-anyway">
          Fetch {formatBytes(size)}
        </button>
        <button type="button" onClick={cancel}>
          Leave it
        </button>
      </div>
    </div>
  );
}

function Shown({ fetched }: { readonly fetched: Fetched }) {
  const { cid, name, blob } = fetched;
  // Saved as bytes without a type: the name decides what opens it, not what the giver says it is.
  const plain = useMemo(() => blob.slice(0, blob.size, 'application/octet-stream'), [blob]);
  const save = useObjectUrl(plain);
  return (
    <div class="shown" data-testid="fetched" data-cid={cid} data-size={blob.size}>
      <p class="file-note">{formatBytes(blob.size)}, every block checked against the link</p>
      <div class="actions">
        <a class="button primary" href={save} download={name} data-testid="save">
          Save
        </a>
        <Copy text={writeLink(location.href, fetched)} />
        <a class="button" href="#/">
          Put away
        </a>
      </div>
      <Look shown={fetched} />
    </div>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { formatBytes } from '../format.ts';
import { writeLink } from '../link.ts';
import { TEXT_SHOWN } from '../preview.ts';
import type { Fetched, Progress, Transfers } from '../transfers.ts';
import { Copy } from './copy.tsx';
import { Bar } from './files.tsx';
import { Alert } from './standing.tsx';

interface Props {
  readonly transfers: Transfers;
  /** Why the address names nothing; empty when it does, or names nothing on purpose. */
  readonly broken: string;
}

const EYEBROWS: Record<Progress['step'], string> = {
  waiting: 'To be fetched',
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

function Shown({ fetched }: { readonly fetched: Fetched }) {
  const { cid, name, blob } = fetched;
  const url = useObjectUrl(blob);
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
      <Look fetched={fetched} url={url} />
    </div>
  );
}

/** The content itself, where it can be shown without running anything. */
function Look({ fetched, url }: { readonly fetched: Fetched; readonly url: string }) {
  const failed = useSignal(false);
  const { preview, name, blob } = fetched;
  const onError = (): void => void (failed.value = true);
  if (!preview || failed.value) {
    return <p class="file-note">{preview ? 'It is not what its name says, so it cannot be shown here.' : 'It cannot be shown here, only saved.'}</p>;
  }
  switch (preview.kind) {
    case 'image':
      return <img class="look" src={url} alt={name} onError={onError} />;
    case 'drawing':
      return <Drawing blob={blob} name={name} onError={onError} />;
    case 'video':
      return <video class="look" src={url} controls playsInline preload="metadata" aria-label={name} onError={onError} />;
    case 'audio':
      return <audio class="look" src={url} controls preload="metadata" aria-label={name} onError={onError} />;
    case 'pdf':
      return <iframe class="look look-page" src={url} title={name} />;
    case 'text':
      return <Text blob={blob} name={name} />;
  }
}

/**
 * An SVG as an image, which runs no script, from a data address: even "open image in a new tab" then gets an origin
 * of its own, not this page's.
 */
function Drawing({ blob, name, onError }: { readonly blob: Blob; readonly name: string; readonly onError: () => void }) {
  const source = useSignal('');
  useEffect(() => {
    const reader = new FileReader();
    reader.onload = () => (source.value = String(reader.result));
    reader.onerror = onError;
    reader.readAsDataURL(blob);
    return () => reader.abort();
  }, [blob]);
  return source.value ? <img class="look" src={source} alt={name} onError={onError} /> : null;
}

function Text({ blob, name }: { readonly blob: Blob; readonly name: string }) {
  const text = useSignal('');
  useEffect(() => {
    let current = true;
    void blob
      .slice(0, TEXT_SHOWN)
      .text()
      .then((read) => current && (text.value = read));
    return () => void (current = false);
  }, [blob]);
  return (
    <>
      <pre class="look look-text" tabIndex={0} role="region" aria-label={name}>
        {text.value}
      </pre>
      {blob.size > TEXT_SHOWN && <p class="file-note">The first {formatBytes(TEXT_SHOWN)} are shown.</p>}
    </>
  );
}

/** An address for the blob as long as the component shows it. */
function useObjectUrl(blob: Blob): string {
  const url = useMemo(() => URL.createObjectURL(blob), [blob]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return url;
}

import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { formatBytes } from '../format.ts';
import { type Shown, TEXT_SHOWN } from '../preview.ts';

/** The content itself, where it can be shown without running anything. */
export function Look({ shown }: { readonly shown: Shown }) {
  const failed = useSignal(false);
  const { preview, name, blob } = shown;
  const url = useObjectUrl(blob);
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
export function useObjectUrl(blob: Blob): string {
  const url = useMemo(() => URL.createObjectURL(blob), [blob]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return url;
}

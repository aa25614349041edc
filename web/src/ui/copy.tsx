import { useSignal } from '@preact/signals';

/** How long the button says that it worked. */
const SAID_MS = 2000;

/** Puts text on the clipboard, and says so. */
export function Copy({ text, label = 'Copy link' }: { readonly text: string; readonly label?: string }) {
  const said = useSignal('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch {
      said.value = 'Copying is blocked: copy it by hand';
    }
    setTimeout(() => (said.value = ''), SAID_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} data-testid="copy">
      <span aria-live="polite">{said.value || label}</span>
    </button>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Transfers } from '../transfers.ts';

/** Takes files: dropped anywhere on the page, picked, or pasted. */
export function Give({ transfers }: { readonly transfers: Transfers }) {
  const over = useSignal(false);
  const note = useSignal('');
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const take = (files: readonly File[], refused: string): void => {
      note.value = refused;
      if (files.length > 0) transfers.give(files);
    };
    const listeners = dropListeners((value) => (over.value = value), take);
    for (const [event, listener] of listeners) addEventListener(event, listener as EventListener);
    return () => {
      for (const [event, listener] of listeners) removeEventListener(event, listener as EventListener);
    };
  }, []);

  const pick = (event: { currentTarget: HTMLInputElement }): void => {
    note.value = '';
    transfers.give([...(event.currentTarget.files ?? [])]);
    // The same file can be picked again.
    event.currentTarget.value = '';
  };
  const said = note.value || transfers.refusal.value;
  return (
    <section class="give" data-testid="drop" data-over={over.value} aria-labelledby="give">
      <h2 id="give">{over.value ? 'Let go to give it' : 'Give a file'}</h2>
      <p>
        <span class="with-mouse">Drop it anywhere on this page, paste it, or choose one. </span>
        You get a link that any other tab can open.
      </p>
      <button type="button" class="primary" onClick={() => input.current?.click()}>
        Choose files
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        aria-label="Files to give"
        data-testid="file-input"
        onChange={pick}
      />
      {said && (
        <p class="alert" role="alert" data-testid="error">
          {said}
        </p>
      )}
    </section>
  );
}

type Take = (files: readonly File[], refused: string) => void;

/** The page-wide listeners for dragging and pasting. */
export function dropListeners(setOver: (over: boolean) => void, take: Take) {
  // A drag enters and leaves every element it crosses: only the balance tells whether it is still on the page.
  let depth = 0;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  const end = (): void => {
    depth = 0;
    setOver(false);
  };
  return [
    ['dragenter', (event: DragEvent) => hasFiles(event) && setOver((depth += 1) > 0)],
    ['dragleave', (event: DragEvent) => hasFiles(event) && setOver((depth -= 1) > 0)],
    ['dragover', (event: DragEvent) => hasFiles(event) && event.preventDefault()],
    ['dragend', end],
    [
      'drop',
      (event: DragEvent) => {
        end();
        if (!event.dataTransfer || !hasFiles(event)) return;
        event.preventDefault();
        const items = [...event.dataTransfer.items].filter(({ kind }) => kind === 'file');
        const folders = items.filter((item) => item.webkitGetAsEntry()?.isDirectory);
        const files = items.filter((item) => !folders.includes(item)).flatMap((item) => item.getAsFile() ?? []);
        take(files, folders.length > 0 ? 'A folder cannot be given: give the files in it, or pack them into one.' : '');
      },
    ],
    [
      'paste',
      (event: ClipboardEvent) => {
        // Text that is pasted into a field belongs to the field.
        if (event.target instanceof HTMLInputElement || !event.clipboardData) return;
        const files = [...event.clipboardData.files];
        const text = event.clipboardData.getData('text/plain');
        if (files.length > 0) take(files, '');
        else if (text) take([new File([text], 'pasted.txt', { type: 'text/plain' })], '');
      },
    ],
  ] as const;
}

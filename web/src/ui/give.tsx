import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Transfers } from '../transfers.ts';
import { useDrop } from './drop.ts';

/** Takes files: dropped anywhere on the page, picked, or pasted. */
export function Give({ transfers }: { readonly transfers: Transfers }) {
  const note = useSignal('');
  const input = useRef<HTMLInputElement>(null);
  const over = useDrop((files, refused) => {
    note.value = refused;
    if (files.length > 0) transfers.give(files);
  });

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

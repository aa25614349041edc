import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useDrop } from '../ui/drop.ts';
import { Alert } from '../ui/standing.tsx';
import type { Asking } from './asking.ts';
import type { Example, Field } from './work.ts';

interface Props {
  readonly example: Example;
  readonly asking: Asking;
}

/** What a person says about the work: values, files, how it is checked; and what it will cost. */
export function Form({ example, asking }: Props) {
  const values = useSignal<Record<string, string>>(Object.fromEntries(example.fields.map(({ name, value }) => [name, value])));
  const files = useSignal<readonly File[]>([]);
  const refusal = useSignal('');
  const over = useDrop((given, refused) => {
    refusal.value = refused;
    if (example.files && given.length > 0) files.value = [...files.value, ...given];
  });
  const isReady = !example.files || files.value.length > 0;
  const prepare = (event: Event): void => {
    event.preventDefault();
    void asking.prepare(example, values.value, files.value);
  };
  return (
    <form class="give task" data-over={over.value && example.files !== undefined} onSubmit={prepare} aria-label={example.name}>
      <h2>{example.name}</h2>
      {example.files && <Files example={example} files={files.value} take={(given) => (files.value = given)} />}
      {refusal.value && <Alert trouble={{ what: refusal.value, wayOut: '' }} />}
      {example.fields.map((field) => (
        <Input
          key={field.name}
          field={field}
          value={values.value[field.name] ?? ''}
          set={(value) => {
            values.value = { ...values.value, [field.name]: value };
          }}
        />
      ))}
      <Checks asking={asking} />
      <button type="submit" class={asking.step.value === 'ready' ? '' : 'primary'} disabled={!isReady} data-testid="job-prepare">
        {asking.step.value === 'preparing' ? 'Running three parts here…' : 'What will it cost?'}
      </button>
    </form>
  );
}

function Files({ example, files, take }: { readonly example: Example; readonly files: readonly File[]; readonly take: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const pick = (event: { currentTarget: HTMLInputElement }): void => {
    take([...files, ...(event.currentTarget.files ?? [])]);
    event.currentTarget.value = '';
  };
  return (
    <>
      <p>
        <span class="with-mouse">Drop {example.files!.what} anywhere on this page. </span>
        Or choose them.
      </p>
      <div class="actions">
        <button type="button" onClick={() => input.current?.click()}>
          Choose files
        </button>
      </div>
      {files.length > 0 && (
        <ul class="chosen" aria-label="Chosen files">
          {files.map((file) => (
            <li key={file}>
              <span class="file-name">{file.name}</span>
              <button type="button" onClick={() => take(files.filter((other) => other !== file))} aria-label={`Put away ${file.name}`}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        accept={example.files!.accept}
        aria-label="Files of this work"
        data-testid="job-files"
        onChange={pick}
      />
    </>
  );
}

function Input({ field, value, set }: { readonly field: Field; readonly value: string; readonly set: (value: string) => void }) {
  const { label, choices, isLong, name } = field;
  const onInput = (event: { currentTarget: { value: string } }): void => set(event.currentTarget.value);
  return (
    <label>
      {label}
      {choices ? (
        <select value={value} onChange={onInput} data-testid={`job-${name}`}>
          {choices.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      ) : isLong ? (
        <textarea rows={2} value={value} onInput={onInput} data-testid={`job-${name}`} />
      ) : (
        <input type="text" value={value} onInput={onInput} data-testid={`job-${name}`} />
      )}
    </label>
  );
}

/** How sure the answer shall be. The table behind it stands in the documents. */
const LEVELS: readonly (readonly [name: string, about: string])[] = [
  ['Not at all', 'The first answer is believed.'],
  ['Now and then', 'Keeps out the broken and the lazy.'],
  ['Each, as usual', 'An answer counts with two more votes than any other.'],
  ['Each, with care', 'An answer counts with three more votes than any other.'],
  ['Each, with most care', 'An answer counts with four more votes than any other.'],
];

function Checks({ asking }: { readonly asking: Asking }) {
  const { validation, isLocal } = asking;
  return (
    <>
      <label>
        How answers are checked
        <select
          value={String(validation.value)}
          aria-describedby="level"
          disabled={isLocal.value}
          onChange={(event) => (validation.value = Number(event.currentTarget.value) as 0 | 1 | 2 | 3 | 4)}
          data-testid="job-validation"
        >
          {LEVELS.map(([name], level) => (
            <option key={name} value={String(level)}>
              {level}: {name}
            </option>
          ))}
        </select>
        <span class="file-note" id="level">
          {LEVELS[validation.value]![1]}
        </span>
      </label>
      <label class="check">
        <input type="checkbox" checked={isLocal.value} onChange={(event) => (isLocal.value = event.currentTarget.checked)} data-testid="job-local" />
        In this tab alone
      </label>
    </>
  );
}

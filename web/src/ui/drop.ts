import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Takes files; `refused` says why something else that came with them was not taken, or is empty. */
type Take = (files: readonly File[], refused: string) => void;

/** Takes what is dropped anywhere on the page, or pasted, as long as the component is there. The signal: files are over the page. */
export function useDrop(take: Take): ReadonlySignal<boolean> {
  const over = useSignal(false);
  useEffect(() => {
    const listeners = dropListeners((value) => (over.value = value), take);
    for (const [event, listener] of listeners) addEventListener(event, listener as EventListener);
    return () => {
      for (const [event, listener] of listeners) removeEventListener(event, listener as EventListener);
    };
  }, []);
  return over;
}

/** The page-wide listeners for dragging and pasting. */
function dropListeners(setOver: (over: boolean) => void, take: Take) {
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
        if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || !event.clipboardData) return;
        const files = [...event.clipboardData.files];
        const text = event.clipboardData.getData('text/plain');
        if (files.length > 0) take(files, '');
        else if (text) take([new File([text], 'pasted.txt', { type: 'text/plain' })], '');
      },
    ],
  ] as const;
}

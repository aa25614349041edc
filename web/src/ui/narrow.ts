import { signal } from '@preact/signals';

/** A page of a phone's width, as the style sheets have it too. */
export const NARROW = '(max-width: 34rem)';

const query = globalThis.matchMedia?.(NARROW);

/** Whether the page is narrow just now. */
export const isNarrow = signal(query?.matches ?? false);

query?.addEventListener('change', ({ matches }) => (isNarrow.value = matches));

import { EXAMPLES } from './examples.ts';
import type { Example } from './work.ts';

/** Work that was kept: the package's name for it, and what the page knows of it. */
export interface Kept {
  readonly name: string;
  readonly example: Example | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** An address of this page that goes on with it. */
export function keptLink({ name, example, values }: Kept): string {
  const given = new URLSearchParams({ kept: name, ...(example && { example: example.key }), ...values });
  return `${location.href.replace(/#.*$/, '')}#${given}`;
}

/** What an address says behind `#`; `null` where that is nothing of the kind. */
export function readKept(hash: string): Kept | null {
  const { kept, example: key, ...given } = Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')));
  if (!kept) return null;
  const example = EXAMPLES.find((one) => one.key === key);
  const values = Object.fromEntries(example?.fields.map(({ name, value }) => [name, given[name] ?? value]) ?? []);
  return { name: kept, example, values };
}

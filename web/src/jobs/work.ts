import type { Result } from 'tabmesh/job';
import type { ComponentType } from 'preact';

/** Some work that is shared out: a module, its inputs, and what comes of them. */
export interface Work {
  /** What the page calls it while it is under way. */
  readonly title: string;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly (string | Uint8Array<ArrayBuffer>)[];
  /** Of each task. */
  readonly gas: bigint;
  /** Takes a result as it comes. One that replaces another comes under the same index. */
  take(result: Result): void;
  /** Shows what has come. */
  readonly View: ComponentType;
  /** What a person may save once all has come. */
  save(): Promise<Saved>;
}

export interface Saved {
  readonly name: string;
  readonly blob: Blob;
}

/** What a person says about an example before it begins. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Given: one of these, `[value, label]`. */
  readonly choices?: readonly (readonly [string, string])[];
  readonly isLong?: boolean;
}

/** Work that the page knows how to split. */
export interface Example {
  readonly key: string;
  readonly name: string;
  readonly about: string;
  /** What files it works on; missing where it needs none. */
  readonly files?: { readonly accept: string; readonly what: string };
  readonly fields: readonly Field[];
  /** @throws Error saying what is wrong with what was given */
  begin(values: Readonly<Record<string, string>>, files: readonly File[]): Promise<Work>;
}

/** The module of an example. */
export async function moduleAt(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The example's module was not found (${answer.status})`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** A whole number that a person typed. */
export function wholeOf(text: string | undefined, least: number, most: number, what: string): number {
  const number = Number((text ?? '').replace(/[\s,_']/g, ''));
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new Error(`${what} is a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`);
  }
  return number;
}

/** An input of several parts: a head of text, and bytes behind it. */
export function joined(head: string, ...parts: readonly (Uint8Array | Uint8ClampedArray)[]): Uint8Array<ArrayBuffer> {
  const all = [new TextEncoder().encode(head), ...parts];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Text of an output. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

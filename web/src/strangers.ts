import type { Settings } from './settings.ts';

/** Hosts that mean the machine that the page runs on. */
const LOOPBACK = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/;

/** Where it is noted, for as long as this tab is open, that a person wants to join by these addresses. */
const TRUSTED = 'tabmesh:trusted';

/**
 * The addresses in the settings that are not of the page's own host: whoever gave the link chose them, and whoever runs them sees
 * who comes. On a page of this very machine, others of this machine are its own.
 */
export function strangersIn({ signalling = [], peers }: Settings, page: string): string[] {
  const own = new URL(page);
  return [...signalling, ...peers].filter((address) => {
    const { host, hostname } = new URL(address);
    return host !== own.host && !(LOOPBACK.test(hostname) && LOOPBACK.test(own.hostname));
  });
}

/**
 * The name under which an identity and blocks are kept for these addresses: each set has its own, so that nobody learns by an id whom
 * this tab is elsewhere. `undefined` for none: what the page always uses.
 */
export async function storageFor(strangers: readonly string[]): Promise<string | undefined> {
  // Where a page gets no cryptography it cannot join either, and the package says so.
  if (strangers.length === 0 || !globalThis.crypto?.subtle) return undefined;
  const text = [...new Set(strangers)].sort().join('\n');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const digits = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `tabmesh-${digits}`;
}

/** Whether nobody has to be asked about these addresses. */
export function isTrusted(strangers: readonly string[]): boolean {
  return strangers.length === 0 || recall() === textOf(strangers);
}

/** A person wants to join by these addresses, now and after a reload of this tab. */
export function trust(strangers: readonly string[]): void {
  try {
    sessionStorage.setItem(TRUSTED, textOf(strangers));
  } catch {
    // Then it is asked again after a reload.
  }
}

const textOf = (strangers: readonly string[]): string => JSON.stringify(strangers);

function recall(): string | null {
  try {
    return sessionStorage.getItem(TRUSTED);
  } catch {
    return null;
  }
}

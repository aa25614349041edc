/** What consent needs of the device: where it is kept, whether somebody sees the page, and one offer at a time. */
export interface Device {
  readonly cores: number;
  /** Texts that stay; none where the browser keeps nothing for the page. */
  readonly store: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly isSeen: () => boolean;
  /** Calls when somebody begins or ceases to see the page. */
  readonly onSight: (listener: () => void) => void;
  /** Does the work while no other page of this app on this device does; the signal ends waiting. */
  readonly alone: (signal: AbortSignal, work: () => Promise<void>) => Promise<void>;
}

/** This browser. */
export function thisDevice(): Device {
  return {
    cores: navigator.hardwareConcurrency || 2,
    store: storeOfTexts(),
    isSeen: () => !document.hidden,
    onSight: (listener) => document.addEventListener('visibilitychange', listener),
    alone: (signal, work) => navigator.locks.request('tabmesh:offer', { signal }, work),
  };
}

function storeOfTexts(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

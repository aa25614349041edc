/** Something that went wrong, for a person: what happened, and the way out. */
export interface Trouble {
  readonly what: string;
  readonly wayOut: string;
  /** The package's stable number; absent for what the page noticed by itself. */
  readonly code?: number;
}

/** Ways out by the package's numbers; their sentences come with the error. */
const WAYS_OUT: Record<number, string> = {
  200: 'Check the link or the file, then try again.',
  203: 'Ask whoever gave it to open their tab again, then try once more. The link may also belong to another network.',
  205: 'Wait a few seconds, then try again.',
  303: 'Wait until this tab has joined again, then try once more.',
  304: 'Try again: other peers may answer now.',
  306: 'Free some room on this device, or give a smaller file.',
};

/** What to show for anything that was thrown; `wayOut` is for numbers that have none of their own. */
export function troubleOf(error: unknown, wayOut = 'Try again.'): Trouble {
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : '';
  const known = typeof code === 'number' ? code : undefined;
  return {
    what: message === '' ? 'Something failed without saying why.' : sentence(message),
    wayOut: (known !== undefined && WAYS_OUT[known]) || wayOut,
    ...(known !== undefined && { code: known }),
  };
}

/** Whether the error only says that somebody pressed cancel. */
export function isCancel(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** What a browser must have. */
export interface Surroundings {
  readonly isSecureContext: boolean;
  readonly WebAssembly?: unknown;
  readonly indexedDB?: unknown;
  readonly RTCPeerConnection?: unknown;
}

/** Why this page cannot join at all; `null` when it can try. */
export function obstacle(here: Surroundings): Trouble | null {
  if (!here.isSecureContext) {
    return {
      what: 'The page came over plain http, where browsers give no cryptography.',
      wayOut: 'Open it with https://, or from this same machine as http://localhost.',
    };
  }
  if (!here.WebAssembly) {
    return {
      what: 'This browser has no WebAssembly, or it is switched off.',
      wayOut: 'Allow it (lockdown modes switch it off), or use a current browser.',
    };
  }
  if (!here.indexedDB) {
    return {
      what: 'This browser keeps no data for the page.',
      wayOut: 'Allow site data for this page, or leave the private window.',
    };
  }
  return null;
}

/** What may stand in the way while joining takes long. */
export function hindrances(here: Surroundings, online: boolean): string[] {
  const found: string[] = [];
  if (!online) found.push('This device says that it has no network.');
  if (!here.RTCPeerConnection) {
    found.push(
      'WebRTC is switched off in this browser, so no other tab can be reached. Allow it (an extension or a setting ' +
        'blocks it), or give the address of a peer below: that needs only a WebSocket.',
    );
  }
  return found;
}

/** A capital at the front and a full stop at the end. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const ended = /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

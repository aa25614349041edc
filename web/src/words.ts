/** Something that went wrong, for a person: what happened, and the way out. */
export interface Trouble {
  readonly what: string;
  readonly wayOut: string;
  /** The package's stable number; absent for what the page noticed by itself. */
  readonly code?: number;
}

/** Ways out that are other for whoever uses this page than for whoever programs with the package; by the operation where that matters. */
const WAYS_OUT: Record<string, string> = {
  400: 'A firewall in between may forbid it; the tab goes on trying.',
  'get 203': 'Ask whoever gave it to open their tab again, then try once more. The link may also belong to another network.',
  'put 306': 'Free some room on this device, or give a smaller file.',
  'get 306': 'Free some room on this device, or ask for a smaller file.',
  1004: 'It changed or went away while it was read, or it is a folder: give it again.',
  1006: 'Keep this tab open, and give it again once others have joined.',
  1011: 'Load the page anew. If that does not help, tell whoever runs it.',
  1050: 'Try again, and please report it.',
};

/**
 * What to show for anything that was thrown. The package's messages read "what happened: the way out"; `wayOut` is for
 * those that name none.
 */
export function troubleOf(error: unknown, wayOut = 'Try again.'): Trouble {
  const { code, operation } = Object(error) as { code?: unknown; operation?: unknown };
  const message = error instanceof Error && error.message !== '' ? error.message : 'Something failed without saying why';
  const colon = message.indexOf(': ');
  const known = typeof code === 'number' && !(error instanceof DOMException) ? { code } : {};
  const [what, way] = known.code && colon > 0 ? [message.slice(0, colon), message.slice(colon + 2)] : [message, wayOut];
  return { what: sentence(what), wayOut: (known.code && (WAYS_OUT[`${operation} ${known.code}`] ?? WAYS_OUT[known.code])) || sentence(way), ...known };
}

/** Whether the error only says that somebody pressed cancel. */
export function isCancel(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** A capital at the front and a full stop at the end. */
function sentence(text: string): string {
  const trimmed = text.trim();
  const ended = /[.!?)]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

/** Where to meet the network, as the page's address says: `?signalling=…&peer=…&network=…`. */
export interface Settings {
  /** Signalling servers to use instead of the page's own; an empty list means none. */
  readonly signalling?: readonly string[];
  /** WebSocket addresses of peers that let newcomers in. */
  readonly peers: readonly string[];
  /** The network's name. */
  readonly network?: string;
  /** What could not be used, one sentence each. */
  readonly faults: readonly string[];
}

/** How many addresses of one kind are read; further ones are left out, and said so. */
const ADDRESSES_MAX = 8;

/** Reads a query string such as `?signalling=wss://a.example/signal&peer=wss://b.example`. Never throws. */
export function readSettings(query: string): Settings {
  const given = new URLSearchParams(query);
  const faults: string[] = [];
  const peers = readAddresses('peer', given, faults);
  const network = given.get('network');
  return {
    peers,
    faults,
    ...(given.has('signalling') && { signalling: readAddresses('signalling', given, faults) }),
    ...(network && { network }),
  };
}

/** The query that {@link readSettings} reads back as `signalling` and `peers`, every other parameter kept. */
export function writeSettings(query: string, signalling: string, peer: string): string {
  const next = new URLSearchParams(query);
  for (const [key, value] of [['signalling', signalling.trim()], ['peer', peer.trim()]] as const) {
    if (value) next.set(key, value);
    else next.delete(key);
  }
  const text = next.toString();
  return text && `?${text}`;
}

/** Whether a WebSocket can be opened to this text. */
export function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === 'ws:' || url.protocol === 'wss:') && url.hash === '';
}

function readAddresses(key: string, given: URLSearchParams, faults: string[]): string[] {
  const texts = given.getAll(key).map((text) => text.trim()).filter((text) => text !== '');
  if (texts.length > ADDRESSES_MAX) faults.push(`Only the first ${ADDRESSES_MAX} of “${key}” are used.`);
  return texts.slice(0, ADDRESSES_MAX).filter((text) => {
    if (isAddress(text)) return true;
    faults.push(`“${key}” is left out: ${text} is no address that begins with ws:// or wss://.`);
    return false;
  });
}

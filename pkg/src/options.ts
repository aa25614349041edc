// Reads the options of `join`: everything is checked before anything is begun.

import { nameOf, need, needNone, needSignal, needTimeout, wholeOf } from './check.js';
import type { MeshError } from './errors.js';
import { LEVEL_MAX } from './limits.js';
import type { JoinOptions, JoinProgress } from './types.js';
import { isLoopback, parseUrl } from './urls.js';

const SERVERS_MAX = 8;
const PEERS_MAX = 32;
const NAME_MAX = 64;
const MIB = 1024 * 1024;

/** Options with everything decided. */
export interface Settled {
  readonly network: string;
  readonly signalling: readonly string[];
  readonly peers: readonly string[];
  readonly level: number;
  readonly rtc: RTCConfiguration;
  readonly relay: boolean;
  readonly quota: number;
  /** What this origin's databases and locks are called. */
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly onFault: ((fault: MeshError) => void) | undefined;
  readonly onProgress: (stage: JoinProgress['stage'], detail?: string) => void;
}

/** @throws MeshError BadOption, saying which */
export function settle(options: JoinOptions, base: string): Settled {
  need(typeof options === 'object' && options !== null, 'join takes an object of options');
  const { signal, relayOnly = false, relay = false, wait = true, timeoutMs = 60_000, storage = {}, iceServers = [], onProgress, onFault, ...rest } = options;
  const { network: named = 'tabmesh', signalling = '/signal', peers = [], level = 0, ...unknown } = rest;
  needNone(unknown, 'join');
  const network = nameOf(named, 'network', NAME_MAX);
  needSignal(signal);
  needTimeout(timeoutMs);
  const switches = [relayOnly, relay, wait];
  need(switches.every((value) => typeof value === 'boolean'), 'relayOnly, relay and wait are true or false');
  need(typeof storage === 'object' && storage !== null, 'storage is an object');
  need(Array.isArray(iceServers), 'iceServers is a list');
  need(!relayOnly || iceServers.length > 0, 'relayOnly needs a TURN server in iceServers');
  need([onProgress, onFault].every((each) => each === undefined || typeof each === 'function'), 'onProgress and onFault are functions');
  return {
    network,
    signalling: servers(signalling, base),
    peers: addresses(peers, base),
    level: wholeOf(level, 0, LEVEL_MAX, 'level'),
    rtc: connecting({ iceServers, iceTransportPolicy: relayOnly ? 'relay' : 'all', bundlePolicy: 'max-bundle' }),
    relay,
    quota: wholeOf(storage.quotaBytes ?? 256 * MIB, MIB, Number.MAX_SAFE_INTEGER, 'storage.quotaBytes'),
    prefix: `${nameOf(storage.name ?? 'tabmesh', 'storage.name', NAME_MAX)}:${network}`,
    signal,
    wait,
    timeoutMs,
    onFault,
    onProgress: (stage, detail) => onProgress?.(detail === undefined ? { stage } : { stage, detail }),
  };
}

/** What the browser takes: it says itself what is wrong with an address of a server. */
function connecting(rtc: RTCConfiguration): RTCConfiguration {
  try {
    if ('RTCPeerConnection' in globalThis) new RTCPeerConnection(rtc).close();
  } catch (error) {
    need(false, `iceServers: ${String(error)}`);
  }
  return rtc;
}

function servers(given: unknown, base: string): string[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  need(list.length <= SERVERS_MAX, `signalling names at most ${SERVERS_MAX} servers`);
  return list.map((text) => {
    const isPath = typeof text === 'string' && text.startsWith('/') && !text.startsWith('//');
    return address(isPath ? new URL(text, base).href.replace(/^http/, 'ws') : text, 'signalling', base);
  });
}

function addresses(given: unknown, base: string): string[] {
  need(Array.isArray(given) && given.length <= PEERS_MAX, `peers is a list of at most ${PEERS_MAX} addresses`);
  return given.map((text) => address(text, 'peers', base));
}

function address(text: unknown, option: string, base: string): string {
  const url = parseUrl(text);
  need(url && /^wss?:$/.test(url.protocol) && url.hash === '', `${option} has addresses that begin with wss:// or ws://, not ${JSON.stringify(text) ?? typeof text}`);
  const isAllowed = url.protocol === 'wss:' || !base.startsWith('https:') || isLoopback(url.hostname);
  need(isAllowed, `${option} has ${url.href}, but a page that came over https:// may only open wss://`);
  return url.href;
}

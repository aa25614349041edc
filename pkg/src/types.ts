// What an application sees.

import type { MeshError } from './errors.js';

/** How to join. Everything has a sensible default. */
export interface JoinOptions {
  /** Name of the network; nodes of different networks never link. 1 to 64 bytes. Default: `tabmesh`. */
  network?: string;
  /**
   * WebSocket addresses of signalling servers (at most 8), tried in turn; `ws://`, `wss://`, or a path of this origin.
   * Default: `/signal` of this origin. An empty list: only `peers`.
   */
  signalling?: string | readonly string[];
  /** WebSocket addresses of peers (at most 32), for joining without a signalling server. */
  peers?: readonly string[];
  /** Security level of the network, 0 to 16: a key of it is searched for once, 2^level tries on average. Default: 0. */
  level?: number;
  /** STUN and TURN servers, for links across routers. Default: none, which is enough within one network. */
  iceServers?: RTCIceServer[];
  /** Link through TURN servers only, so that no peer learns this tab's address. Default: `false`. */
  relayOnly?: boolean;
  /** Carry sealed packets between peers that cannot connect directly, up to 8 MiB a minute for each. Default: `false`. */
  relay?: boolean;
  storage?: {
    /** Bytes kept for the network and for this tab's own reading, 1 MiB at least. Default: 256 MiB. */
    quotaBytes?: number;
    /** Prefix of what is kept in IndexedDB. Default: `tabmesh`. */
    name?: string;
  };
  /** Gives up joining. */
  signal?: AbortSignal;
  /** `false`: resolve as soon as there is an id, and join meanwhile. Default: `true`. */
  wait?: boolean;
  /** Joining that takes longer fails with JoinTimedOut, in milliseconds; `Infinity` tries for ever. Default: 60,000. */
  timeoutMs?: number;
  onProgress?(progress: JoinProgress): void;
  /** Hears what is wrong on the way, before there is a mesh to listen to: a signalling server that does not answer, say, and why. */
  onFault?(fault: MeshError): void;
}

/** A step of joining that was reached. */
export interface JoinProgress {
  stage: 'storage' | 'identity' | 'core' | 'signalling' | 'link' | 'joined';
  detail?: string;
}

/** One end of a link: a node that this tab is connected to. */
export interface Peer {
  /** 64 hexadecimal digits. */
  id: string;
  /** `relayed`: through a peer that cannot read it, because no direct way was found. */
  link: 'webrtc' | 'websocket' | 'relayed';
  profile: 'browser' | 'native' | 'device';
  /** Smoothed round-trip time; `null` until it was measured. */
  rttMs: number | null;
  /** Whether it is one of the closest nodes known. */
  neighbour: boolean;
  since: Date;
}

/**
 * What can be put. Bytes are copied at the call (give a Blob where there are many); a file is read twice, and fails with BadData where it
 * changed meanwhile.
 */
export type PutData = Blob | ArrayBufferLike | ArrayBufferView | string | ReadableStream<ArrayBufferView | ArrayBufferLike>;

export interface PutOptions {
  signal?: AbortSignal;
  /** Waits until so many others hold each block, 1 to 8, however long it takes. Default: the first one will do, and soon. */
  minHolders?: number;
  /** `done` bytes of `total` (`null` for a stream) lie with peers, each block with at least `holders` others. */
  onProgress?(progress: { done: number; total: number | null; holders: number }): void;
}

export interface PutResult {
  /** The content's name: CIDv1, base32. */
  cid: string;
  /** Bytes. */
  size: number;
  blocks: number;
  /** How many others keep each block, at least: never 0. */
  holders: number;
}

export interface GetOptions {
  signal?: AbortSignal;
  /** `done` of `total` bytes were read, in this reading of the content. */
  onProgress?(progress: { done: number; total: number }): void;
  /** Only these bytes, `end` excluded: only the blocks that have them are fetched. Default: all. */
  range?: { start?: number; end?: number };
  /**
   * Fails with TooLarge, before more than the size was fetched, where more bytes are wanted. Default: no bound for `stream`, 1 GiB for
   * what is read as a whole.
   */
  maxBytes?: number;
}

/** Content that was found. Every reading checks each block; what is not here yet is fetched then. */
export interface Content {
  readonly cid: string;
  /** Bytes of all of it, whatever `range` says. */
  readonly size: number;
  /** Memory is bounded, however large the content is. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  blob(type?: string): Promise<Blob>;
  /** The bytes as UTF-8. */
  text(): Promise<string>;
}

/** What can be sent and published: bytes, or a text as UTF-8. It is copied at the call. */
export type MessageData = ArrayBufferLike | ArrayBufferView | string;

export interface AskOptions {
  signal?: AbortSignal;
  /** How long the answer is waited for once the question is on its way, in milliseconds; at most 120,000. Default: 30,000. */
  within?: number;
}

/** What another node asks. */
export interface Question {
  /** By whom: 64 hexadecimal digits. */
  from: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** The bytes as UTF-8. */
  text: string;
  /** The sender's own link brought it: it is by whom it says. */
  proven: boolean;
  /** How long the answer is waited for, in milliseconds; after that it is dropped. */
  within: number;
}

/** What another node answered. */
export interface Answer {
  bytes: Uint8Array<ArrayBuffer>;
  /** The bytes as UTF-8. */
  text: string;
  /** The own link of who was asked brought it. */
  proven: boolean;
}

/** What somebody said in a topic. */
export interface TopicMessage {
  /** By whom: 64 hexadecimal digits. Proved by a signature, over however many nodes it came. */
  from: string;
  /** Names the message: 24 hexadecimal digits, the same for all who hear it. */
  id: string;
  /** When it was sent, by its sender's word: milliseconds since 1970 as the network counts them, or 0 if its sender knew no time. */
  sent: number;
  bytes: Uint8Array<ArrayBuffer>;
  /** The bytes as UTF-8; what is none is shown as U+FFFD. */
  text: string;
}

/**
 * A topic that this tab takes part in. Everybody else who does hears what is published in it, once; a message from this tab does
 * not come back to it. Whoever comes a few seconds late may still hear what was said before. Messages of different senders
 * come in no certain order. A loop (`for await`) over a topic hears what comes while it runs, until the topic is left; one that is 256
 * messages behind misses the oldest.
 */
export interface Topic extends AsyncIterable<TopicMessage> {
  readonly name: string;
  /**
   * Says something: at most 8,192 bytes, a text as UTF-8. Resolves once it is on its way, whether or not anybody is there; waits while
   * others cannot take in more.
   */
  publish(data: MessageData, options?: { signal?: AbortSignal }): Promise<void>;
  /** Listens; the answer stops listening. */
  on(event: 'message', listener: (message: TopicMessage) => void): () => void;
  /** Ends this taking part; others that this tab opened under the same name go on. */
  leave(): void;
}

export interface Metrics {
  /** Messages of all links, in bytes. */
  bytesSent: number;
  bytesReceived: number;
  /** Links that are open or being made. */
  links: number;
  /** Wasm memory of all meshes of this page, in bytes. */
  memory: number;
  /** WebRTC connections of this page: open ones, and those that the browser still counts (400 at most). */
  connections: { open: number; counted: number };
  /** Blocks kept, their bytes, how many of these for others, and the bound. */
  storage: { blocks: number; bytes: number; held: number; quota: number };
}

/** What `on` listeners are given, by event. */
export interface MeshEvents {
  /** This tab is part of the network, for the first time or again. */
  joined: undefined;
  /** The last link is gone; the tab tries to come back. */
  offline: undefined;
  /** A peer proved itself on a link. */
  peer: Peer;
  /** A peer's link closed, and why. */
  peerleft: { id: string; reason: MeshError };
  /** A message, and what it is as UTF-8; only a direct link proves its sender. */
  message: { from: string; bytes: Uint8Array<ArrayBuffer>; text: string };
  /** Something does not work as it should, and what to do; the tab goes on unless `closed` follows. */
  fault: MeshError;
  /** A link could not be made; `id` is `null` for an address whose owner was not known. */
  dialfailed: { id: string | null; reason: MeshError };
  /** This machine's clock is ahead of those of others by so many seconds (behind, if negative); 0 once they agree. The tab goes on. */
  clock: { offBySeconds: number };
  /** This tab has left. */
  closed: undefined;
}

/** This tab's place in the network. */
export interface Mesh {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly state: 'joining' | 'joined' | 'offline' | 'closed';
  peers(): Peer[];
  /** Ids of the closest nodes known, nearest first, at most 12, linked or not. */
  neighbourhood(): string[];
  /**
   * Keeps content on the network; resolves once every block lies with peers. Where there are none it fails with NotReplicated, and the
   * content stays here.
   */
  put(data: PutData, options?: PutOptions): Promise<PutResult>;
  /** Finds content by its name; resolves once its size is known. */
  get(cid: string, options?: GetOptions): Promise<Content>;
  /** The nodes nearest to an id (64 hexadecimal digits), nearest first, at most 8. */
  find(id: string, options?: { signal?: AbortSignal }): Promise<string[]>;
  /** Sends at most 32,768 bytes to a node, over as many hops as it takes; resolves once it has them. */
  send(to: string, data: MessageData, options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * Asks the application at a node something: at most 32,768 bytes. Resolves with what its handler answers. NotImplemented: nobody answers
   * there. InternalError: its handler failed. TimedOut: it may have happened.
   */
  ask(to: string, data: MessageData, options?: AskOptions): Promise<Answer>;
  /**
   * Answers what others ask: with what the handler gives, at most 32,768 bytes. The answer of this call ends it. There is one handler; at most
   * 64 questions wait for it, and further ones fail with TooManyRequests.
   */
  answer(handler: (question: Question) => MessageData | Promise<MessageData>): () => void;
  /**
   * Takes part in the topic of this name (1 to 255 bytes as UTF-8). A tab takes part in 64 topics at most; opening one again shares
   * it.
   */
  topic(name: string, options?: { signal?: AbortSignal }): Promise<Topic>;
  /** Listens; the answer stops listening. */
  on<E extends keyof MeshEvents>(event: E, listener: (detail: MeshEvents[E]) => void): () => void;
  metrics(): Metrics;
  /** Says goodbye to the peers and frees everything. */
  close(): Promise<void>;
}

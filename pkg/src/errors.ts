// Every number that means trouble has a name, a sentence and the way out here, where they cost no Wasm bytes.

import { TOPICS_MAX } from './limits.js';

/** Something that went wrong. `code` and `name` are stable; `message` says what happened and the way out. */
export class MeshError extends Error {
  readonly code: number;
  /** What it is about, where the sentence alone does not say. */
  readonly detail: string | undefined;
  /** What ended so, where it is the end of an operation. */
  readonly operation: Operation | undefined;

  constructor(code: number, detail?: string, options?: ErrorOptions & { operation?: Operation | undefined; entry?: Entry | undefined }) {
    const [name, usual] = options?.entry ?? SENTENCES[code] ?? ['Unknown', 'Something failed that this version has no words for: update it.'];
    const sentence = (options?.operation && ENDS[options.operation][code]) ?? usual;
    super(detail ? `${sentence} (${detail})` : sentence, options);
    this.code = code;
    this.detail = detail;
    this.operation = options?.operation;
    this.name = name;
  }
}

/** What an application asks of the network. */
export type Operation = 'put' | 'get' | 'find' | 'send' | 'ask' | 'topic' | 'publish';

/** Where the numbers of {@link reasonOf} and {@link refusalOf} begin among the codes. */
const REASONS = 400;
const REFUSALS = 500;

/** The words for a code; those that only a part of the package needs stand there. */
export type Entry = readonly [name: string, sentence: string];

/** By code. */
export const SENTENCES: Readonly<Record<number, Entry>> = {
  104: ['Partial', 'Fewer peers than wanted keep it: put it again when more have joined.'],
  200: ['BadRequest', 'The request makes no sense to the network: check what was asked for.'],
  201: ['Unauthorized', 'Who asks is not known there.'],
  202: ['Forbidden', 'Who asks may not do that there.'],
  203: ['NotFound', 'Nobody has what was asked for: check its name, then try again.'],
  205: ['TooManyRequests', 'Too much is under way: wait a few seconds, then try again.'],
  300: ['InternalError', 'It failed there: try again.'],
  301: ['NotImplemented', 'Nobody answers that there.'],
  303: ['Unavailable', 'This tab has no peers just now: try again once it has joined.'],
  304: ['TimedOut', 'No answer came in time: try again, other peers may answer.'],
  305: ['VersionNotSupported', 'Another version is spoken there: renew one end.'],
  306: ['InsufficientStorage', 'This tab has no room to keep it: free some room on this device, or raise storage.quotaBytes.'],
  307: ['NetworkFull', 'The other peers have no room to keep it: put it again when more have joined.'],

  400: ['Lost', 'The connection broke: the tab looks for another peer.'],
  401: ['Leaving', 'The peer left the network.'],
  402: ['Shed', 'One end had more links than it wants.'],
  403: ['Replaced', 'A newer link to the same peer took its place.'],
  404: ['Silent', 'The peer did not answer three probes.'],
  405: ['Timeout', 'The link did not open in time: a firewall may be in between; a TURN server in iceServers helps.'],
  406: ['Malformed', 'The peer sent bytes that are no message: it may run another version.'],
  407: ['Flood', 'The peer sent more than it may.'],
  408: ['BadProof', 'The peer could not prove its key.'],
  409: ['LowLevel', 'The peer is below the security level: give both ends the same level.'],
  410: ['OtherNetwork', 'The peer belongs to another network.'],
  411: ['NoRoom', 'The peer has no room for another link.'],
  412: ['Stuck', 'The peer does not read what is sent.'],
  413: ['Unreachable', 'No direct way to the peer was found: a peer linked with both may carry for them.'],
  414: ['OtherVersion', 'The peer speaks another version: load the page again, or renew the peer.'],

  501: ['SignalMalformed', 'The signalling server did not understand this tab.'],
  502: ['SignalBadProof', 'The signalling server did not accept the proof of this key: try again.'],
  503: ['SignalLowLevel', 'The signalling server wants a higher security level: join with its level.'],
  504: ['SignalTooLarge', 'A message was too large for the signalling server.'],
  505: ['SignalTooFast', 'Messages came faster than the signalling server allows.'],
  506: ['SignalTooSlow', 'The signalling server heard nothing for too long.'],
  507: ['SignalFull', 'The signalling server has no room for another connection: try later, or name another one.'],
  508: ['SignalNotPresent', 'The peer is not at the signalling server any more.'],
  509: ['SignalDraining', 'The signalling server stops: name another one.'],
  510: ['SignalReplaced', 'The same key connected to the signalling server again.'],
  511: ['SignalOtherServer', 'The signalling server does not go by the name it was asked under: its operator gives it that name (--name).'],
  512: ['SignalOtherVersion', 'The signalling server speaks another version: load the page again, or renew the server.'],

  1001: ['BadOption', 'An option or a name is not what it should be: see its type.'],
  1002: ['BadCid', 'This is no content id: one has 59 characters, b and then a to z and 2 to 7; copy all of it.'],
  1003: ['BadId', 'This is no node id: one has 64 hexadecimal digits; copy all of it.'],
  1004: ['BadData', 'It could not be taken as it is: give a Blob, bytes, a string or a ReadableStream of bytes, and leave a file alone until it is put.'],
  1005: ['TooLong', 'A message has at most 32,768 bytes, one of a topic 8,192: put what is longer, and send its content id.'],
  1006: ['NotReplicated', 'Only this tab keeps it, as long as it has room: put it again once the tab has peers, or let put wait for them with minHolders.'],
  1007: ['Left', 'This topic was left: open it again.'],
  1008: ['Answering', 'Questions have a handler already: end it first.'],
  1010: ['InsecureContext', 'Over plain http browsers give a page no cryptography: open it with https://, or as http://localhost.'],
  1011: ['NoWasm', 'The Wasm core could not be loaded: serve tabmesh_core_bg.wasm beside its module, and allow it by the page policy.'],
  1012: ['JoinTimedOut', 'No peer was found in time: check the network, and the addresses given as signalling and peers.'],
  1013: ['Closed', 'This mesh was closed: join again.'],
  1014: ['LevelNotReached', 'No key of the wanted security level was found in time: try again, or use a lower level.'],
  1015: ['TooManyTabs', 'This origin has as many joined tabs as there can be: close one.'],
  1016: ['Crowded', 'Nodes lie closer together here than chance puts them: somebody may be hiding what is kept there. What is read is checked.'],
  1020: ['MalformedContent', 'The content is put together wrongly and cannot be read: whoever made it must put it anew.'],
  1021: ['BadRange', 'A range has whole numbers, 0 <= start <= end: check it.'],
  1022: ['TooLarge', 'It has more bytes than are wanted at once: read it with stream() or by ranges, or raise maxBytes.'],
  1030: ['MemoryOnly', 'This browser keeps no data for the page: id and blocks are gone with the tab. Allow site data to keep them.'],
  1031: ['StorageFailed', 'The browser could not write its storage: free some room on this device.'],
  1032: ['StorageCleared', 'What this tab kept was deleted: put again what nobody else has.'],
  1040: ['ConnectionsFull', 'This page has 400 WebRTC connections open or not yet cleared away, near what browsers allow: dials wait until some are gone.'],
  1041: ['NoWebRtc', 'This browser makes no WebRTC connection: allow it, or give the WebSocket address of a peer.'],
  1042: ['SignalUnreachable', 'The signalling server cannot be reached: check its address, and that it runs there.'],
  1043: ['SignalForbidden', 'This page may not use the signalling server: allow it where that is decided, or name another one.'],
  1044: ['PeerUnreachable', 'A peer cannot be reached: check its address, and that it runs there; the tab goes on trying.'],
  1050: ['CoreStopped', 'The Wasm core stopped by a bug: join again, and please report it.'],
  1060: ['NoWorker', 'The Worker of a task could not start: serve task/worker.js where the package has it, and allow it by the page policy (worker-src).'],
  1061: ['NoMeter', 'The meter of tasks could not be loaded: serve tabmesh_meter.wasm where the package has it, and allow it by the page policy.'],
  1062: ['TooManyTasks', 'Thousands of tasks wait already: wait until some of them have ended.'],
  1063: ['NotChecked', 'This machine could not check the module: free some memory, or allow more time by timeoutMs.'],
};

/** What comes of a message or a question. */
const SENT: Readonly<Record<number, string>> = {
  200: 'The message was not taken as it is: one has at most 32,768 bytes; put what is longer, and send its content id.',
  203: 'No node of this id was found: check the id, and that the node is open or running and has joined this network.',
  205: 'Too many messages to this node are under way: wait a few seconds, then send it again.',
  303: 'This tab has no peers just now: send it again once it has joined.',
  304: 'The node did not answer in time, and may have the message all the same: check that it is open or running, then send it again.',
};

/** What a status says of an operation, where that is not what it says of others. */
const ENDS: Readonly<Record<Operation, Readonly<Record<number, string>>>> = {
  put: {
    203: 'This tab has lost a block of it: put it again.',
  },
  get: {
    203: 'Nobody who should keep it has it: ask whoever put it to open their tab again, then try again.',
  },
  find: {
    203: 'No node was found near this id: try again when this tab has more peers.',
    304: 'No node answered the search in time: try again, other peers may answer.',
  },
  send: SENT,
  ask: {
    ...SENT,
    303: 'There was no way there, or whoever answers there went away: it may have happened all the same; ask again.',
    304: 'No answer came in time, or the link went before it: it may have happened all the same; ask again.',
  },
  topic: {
    205: `This tab takes part in ${TOPICS_MAX} topics at most: leave one.`,
  },
  publish: {
    200: 'The message was not taken as it is: one of a topic has at most 8,192 bytes; put what is longer, and publish its content id.',
    203: 'This tab takes no part in the topic any more: open it again.',
    205: 'The others can take in no more just now: wait a few seconds, then publish it again.',
    303: 'The message could not be signed: join again.',
  },
};

/** The code of a link's reason. */
export const reasonOf = (reason: number): number => REASONS + reason;

/** The code of a signalling server's refusal. */
export const refusalOf = (refusal: number): number => REFUSALS + refusal;

/** The error of an operation that ended in `status`. */
export function errorOf(operation: Operation, status: number, detail?: string): MeshError {
  return new MeshError(status, detail, { operation });
}

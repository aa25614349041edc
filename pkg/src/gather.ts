// Waits for the ICE candidates that are worth waiting for. Chromium looks for further kinds in steps of 50 ms, so that waiting for
// all of them would make a link three times as slow to open.

import { reflexiveCount } from './sdp.js';

/** Gathering that has found something is cut off after this. */
const ENOUGH_MS = 500;

/** Once there is what can be hoped for, further candidates get this long: a machine's own addresses come in one go. */
const QUIET_MS = 1;

/** The same once a server has told an address: others may be on their way. */
const QUIET_SERVER_MS = 40;

/** With no candidate at all the dial is hopeless after this. */
const HOPELESS_MS = 8000;

/** Gathering that has not begun after this does not begin. It takes milliseconds, but seconds with hundreds at once. */
const BEGIN_MS = 30_000;

/**
 * The local SDP with its candidates, as soon as they are complete or good enough; `undefined` if there is none, or `signal`
 * aborts.
 */
export function gathered(connection: RTCPeerConnection, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    let isLate = false;
    const hasServers = (connection.getConfiguration().iceServers ?? []).length > 0;
    const sdp = (): string => connection.localDescription?.sdp ?? '';
    const hasCandidate = (): boolean => /^a=candidate:/m.test(sdp());
    const end = (): void => {
      for (const timer of [late, hopeless, quiet]) clearTimeout(timer);
      signal.removeEventListener('abort', end);
      connection.onicecandidate = null;
      connection.onicegatheringstatechange = null;
      resolve(hasCandidate() && !signal.aborted ? sdp() : undefined);
    };
    const late = setTimeout(() => {
      isLate = true;
      if (hasCandidate()) end();
    }, ENOUGH_MS);
    const hopeless = setTimeout(end, HOPELESS_MS);
    signal.addEventListener('abort', end);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') end();
    };
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) end();
      else if (isLate && hasCandidate()) end();
      else if (hasServers ? reflexiveCount(sdp()) > 0 : hasCandidate()) {
        clearTimeout(quiet);
        quiet = setTimeout(end, hasServers ? QUIET_SERVER_MS : QUIET_MS);
      }
    };
    if (connection.iceGatheringState === 'complete' || signal.aborted) end();
  });
}

/**
 * Closed in the moment in which it begins to gather, a connection is now and then never collected: two of 400 on one page of twelve. On a
 * busy machine that moment takes long: with 50 ms one page of some twenty had one left.
 */
const BEGUN_MS = 150;

/** Waits until a connection that has its local description gathers, which it begins after some milliseconds. */
export function gathering(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const onBegun = (): void => {
      clearTimeout(timer);
      setTimeout(resolve, BEGUN_MS);
    };
    const timer = setTimeout(resolve, BEGIN_MS);
    if (connection.iceGatheringState !== 'new') return onBegun();
    connection.addEventListener('icegatheringstatechange', onBegun, { once: true });
  });
}

// Waits for the ICE candidates that are worth waiting for.

import { reflexiveCount } from './sdp.js';

/** Gathering that has found something is cut off after this. */
const ENOUGH_MS = 500;

/** Once a server has told an address, further candidates get this long. */
const QUIET_MS = 60;

/** With no candidate at all the dial is hopeless after this. */
const HOPELESS_MS = 8000;

/** The local SDP with its candidates, as soon as they are complete or good enough; `undefined` if there is none. */
export function gathered(connection: RTCPeerConnection): Promise<string | undefined> {
  return new Promise((resolve) => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    let isLate = false;
    const sdp = (): string => connection.localDescription?.sdp ?? '';
    const hasCandidate = (): boolean => /^a=candidate:/m.test(sdp());
    const end = (): void => {
      for (const timer of [late, hopeless, quiet]) clearTimeout(timer);
      connection.onicecandidate = null;
      connection.onicegatheringstatechange = null;
      resolve(hasCandidate() ? sdp() : undefined);
    };
    const late = setTimeout(() => {
      isLate = true;
      if (hasCandidate() || connection.signalingState === 'closed') end();
    }, ENOUGH_MS);
    const hopeless = setTimeout(end, HOPELESS_MS);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') end();
    };
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) end();
      else if (isLate && hasCandidate()) end();
      else if (reflexiveCount(sdp()) > 0) {
        clearTimeout(quiet);
        quiet = setTimeout(end, QUIET_MS);
      }
    };
    if (connection.iceGatheringState === 'complete' || connection.signalingState === 'closed') end();
  });
}

import type { Signal } from '@preact/signals';
import { formatRtt, formatSpan, shortId } from '../format.ts';
import { turnFrom } from '../ring.ts';
import type { Session } from '../session.ts';
import { Mark } from './mark.tsx';

interface Props {
  readonly session: Session;
  readonly focus: Signal<string | null>;
}

const LINKS = { webrtc: 'WebRTC', websocket: 'WebSocket', relayed: 'relayed' } as const;
const PROFILES = { browser: 'tab', native: 'always on', device: 'device' } as const;

/** Every link as a row, in the order of the ring from the own id on: what the ring shows, for reading. */
export function Peers({ session, focus }: Props) {
  const own = session.id.value;
  const peers = own ? [...session.peers.value].sort((a, b) => turnFrom(own, a.id) - turnFrom(own, b.id)) : [];
  const now = Date.now();
  return (
    <table class="peers" data-testid="peers" hidden={peers.length === 0}>
      <caption class="hidden">Links of this tab</caption>
      <thead>
        <tr>
          <th scope="col">Peer</th>
          <th scope="col">Link</th>
          <th scope="col">Round trip</th>
          <th scope="col" class="wide">
            Linked for
          </th>
        </tr>
      </thead>
      <tbody>
        {peers.map((peer) => (
          <tr
            key={peer.id}
            data-peer-id={peer.id}
            data-link={peer.link}
            data-profile={peer.profile}
            data-neighbour={peer.neighbour}
            data-focus={focus.value === peer.id}
            onPointerEnter={() => (focus.value = peer.id)}
            onPointerLeave={() => (focus.value = null)}
          >
            <th scope="row" title={peer.id}>
              <svg viewBox="-9 -9 18 18" class="peer-mark" aria-hidden="true">
                <Mark profile={peer.profile} neighbour={peer.neighbour} />
              </svg>
              <code>{shortId(peer.id)}</code>
              <span class="peer-kind">
                {PROFILES[peer.profile]}
                {peer.neighbour && ', neighbour'}
              </span>
            </th>
            <td class="peer-link">{LINKS[peer.link]}</td>
            <td class="figure">{formatRtt(peer.rttMs)}</td>
            <td class="figure wide">{formatSpan(now - peer.since.getTime())}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

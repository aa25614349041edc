import type { Signal } from '@preact/signals';
import type { Peer } from 'tabmesh';
import { count, formatRtt, shortId } from '../format.ts';
import { digestOfCid } from '../link.ts';
import { LABEL_GAP, LABEL_RADIUS, geodesic, neighbourhoodSpan, pointAt, spread, turnFrom, turnOf } from '../ring.ts';
import type { Session } from '../session.ts';
import type { Transfers } from '../transfers.ts';
import { Mark } from './mark.tsx';
import { isNarrow } from './narrow.ts';

/** The ring's radius in the drawing's units; labels stand outside it. */
const RADIUS = LABEL_RADIUS - 20;

/** Hex digits of an id on the ring. */
const LABEL_DIGITS = 4;

interface Props {
  readonly session: Session;
  readonly transfers: Transfers;
  readonly focus: Signal<string | null>;
}

/**
 * The id space as a disc, turned so that this tab stands at the top. Links are straight lines of the hyperbolic plane;
 * the stretch of the neighbourhood is drawn thicker, and the session's files stand where their content ids do.
 */
export function Ring({ session, transfers, focus }: Props) {
  const own = session.id.value;
  const phase = session.phase.value;
  const peers = session.peers.value;
  const linked = new Set(peers.map(({ id }) => id));
  const sweep = <circle class="sweep" r={RADIUS} pathLength="100" />;
  const known = session.neighbourhood.value.filter((id) => !linked.has(id) && id !== own);
  return (
    <figure class="ring" data-phase={phase}>
      <svg viewBox="-345 -345 690 690" role="img" aria-label={describe(phase, peers)}>
        <defs>
          <radialGradient id="depth">
            <stop offset="0" class="depth-middle" />
            <stop offset="1" class="depth-edge" />
          </radialGradient>
        </defs>
        <circle class="disc" r={RADIUS} fill="url(#depth)" />
        <Dial turn={own ? turnOf(own) : 0} />
        {own && (
          <>
            <Stretch own={own} neighbours={session.neighbourhood.value} />
            {phase === 'joining' && sweep}
            <Stored own={own} transfers={transfers} />
            {known.map((id) => (
              <circle key={id} class="known" r="3.5" {...centre(turnFrom(own, id))} />
            ))}
            <Links own={own} peers={peers} focus={focus} />
            <g class="self" transform={`translate(0 ${-RADIUS})`}>
              <circle r="15" class="self-halo" />
              <circle r="8" class="self-mark" />
              <text y="-30">{shortId(own, LABEL_DIGITS)}</text>
            </g>
          </>
        )}
        {!own && phase === 'joining' && sweep}
      </svg>
      <figcaption>
        <span data-key="webrtc">WebRTC</span>
        <span data-key="websocket">WebSocket</span>
        {peers.some(({ link }) => link === 'relayed') && <span data-key="relayed">relayed</span>}
        <span data-key="neighbour">neighbour</span>
        <span data-key="browser">tab</span>
        <span data-key="native">always on</span>
        {peers.some(({ profile }) => profile === 'device') && <span data-key="device">device</span>}
        {transfers.entries.value.some(({ progress }) => progress.step === 'done') && <span data-key="file">file</span>}
      </figcaption>
    </figure>
  );
}

/** 256 ticks, one for each first byte of an id; the sixteen first digits are written inside. */
function Dial({ turn }: { readonly turn: number }) {
  const tick = (i: number, length: number): string => {
    const a = pointAt(i / 256 - turn, RADIUS);
    const b = pointAt(i / 256 - turn, RADIUS - length);
    return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  };
  return (
    <g class="dial" aria-hidden="true">
      <path class="ticks" d={Array.from({ length: 256 }, (_, i) => (i % 16 ? tick(i, 5) : '')).join('')} />
      <path class="ticks major" d={Array.from({ length: 16 }, (_, i) => tick(i * 16, 11)).join('')} />
      {Array.from({ length: 16 }, (_, digit) => {
        const at = pointAt(digit / 16 - turn, RADIUS - 23);
        return (
          <text x={at.x} y={at.y}>
            {digit.toString(16)}
          </text>
        );
      })}
    </g>
  );
}

/** The stretch of the ring that the neighbourhood stands on. */
function Stretch({ own, neighbours }: { readonly own: string; readonly neighbours: readonly string[] }) {
  const { start, length } = neighbourhoodSpan(own, neighbours);
  if (neighbours.length === 0) return null;
  // A circle's stroke begins at three o'clock.
  return (
    <circle
      class="stretch"
      r={RADIUS}
      pathLength="1"
      stroke-dasharray={`${length} ${1 - length}`}
      transform={`rotate(${start * 360 - 90})`}
    />
  );
}

/** The session's files, where their content ids stand. */
function Stored({ own, transfers }: { readonly own: string; readonly transfers: Transfers }) {
  const files = transfers.entries.value.flatMap(({ key, name, progress }) => {
    const digest = progress.step === 'done' ? digestOfCid(progress.cid) : null;
    return digest ? [{ key, name, at: pointAt(turnFrom(own, digest), RADIUS) }] : [];
  });
  return (
    <>
      {files.map(({ key, name, at }) => (
        <path key={key} class="stored" d={`M${at.x} ${at.y - 7}l5.5 7l-5.5 7l-5.5 -7Z`}>
          <title>{name}</title>
        </path>
      ))}
    </>
  );
}

function Links({ own, peers, focus }: { readonly own: string; readonly peers: readonly Peer[]; readonly focus: Props['focus'] }) {
  const turns = peers.map(({ id }) => turnFrom(own, id));
  // The own label stands across the top, five lines wide: the others keep off it, and it stays where it is.
  const gap = isNarrow.value ? LABEL_GAP.narrow : LABEL_GAP.wide;
  const [, , top = 0, , , ...labels] = spread([0, 0, 0, 0, 0, ...turns], gap);
  return (
    <>
      {peers.map((peer, i) => (
        <g
          key={peer.id}
          class="link"
          data-kind={peer.link}
          data-neighbour={peer.neighbour}
          data-focus={focus.value === null ? undefined : focus.value === peer.id}
          onPointerEnter={() => (focus.value = peer.id)}
          onPointerLeave={() => (focus.value = null)}
        >
          <path class="reach" d={geodesic(0, turns[i]!, RADIUS)} />
          <path class="line" pathLength="1" d={geodesic(0, turns[i]!, RADIUS)} />
          <Label peer={peer} turn={(labels[i]! - top + 1) % 1} mark={turns[i]!} />
          <g transform={place(turns[i]!)}>
            <Mark profile={peer.profile} neighbour={peer.neighbour} />
          </g>
        </g>
      ))}
    </>
  );
}

/** Id and round-trip time along the radius, readable from either side, tied to the mark where it had to move. */
function Label({ peer, turn, mark }: { readonly peer: Peer; readonly turn: number; readonly mark: number }) {
  const from = pointAt(mark, RADIUS + 10);
  const to = pointAt(turn, RADIUS + 17);
  const flipped = turn > 0.5;
  return (
    <>
      <path class="leader" d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />
      <text
        class="label"
        data-flipped={flipped}
        transform={`rotate(${turn * 360 + (flipped ? 90 : -90)}) translate(${(flipped ? -1 : 1) * LABEL_RADIUS} 0)`}
      >
        {flipped && <tspan class="rtt">{`${formatRtt(peer.rttMs)} `}</tspan>}
        {shortId(peer.id, LABEL_DIGITS)}
        {!flipped && <tspan class="rtt">{` ${formatRtt(peer.rttMs)}`}</tspan>}
      </text>
    </>
  );
}

function centre(turn: number): { cx: number; cy: number } {
  const { x, y } = pointAt(turn, RADIUS);
  return { cx: x, cy: y };
}

function place(turn: number): string {
  const { x, y } = pointAt(turn, RADIUS);
  return `translate(${x} ${y})`;
}

function describe(phase: string, peers: readonly Peer[]): string {
  const neighbours = peers.filter(({ neighbour }) => neighbour).length;
  return `The id space as a ring, this tab at its top: ${phase}, linked to ${count(peers.length, 'peer')}, ${count(neighbours, 'neighbour')} among them. The table below says the same.`;
}

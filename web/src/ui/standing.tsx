import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { count, formatRtt } from '../format.ts';
import type { Session } from '../session.ts';
import { type Settings, isAddress, readSettings, writeSettings } from '../settings.ts';
import { stepsAt } from '../steps.ts';
import { strangersIn, trust } from '../strangers.ts';
import type { Trouble } from '../words.ts';

interface Props {
  readonly session: Session;
  readonly settings: Settings;
}

/** How the tab stands, in plain words; the steps while it joins; and what to do when it cannot. */
export function Standing({ session, settings }: Props) {
  const phase = session.phase.value;
  const trouble = session.trouble.value;
  const stuck = phase === 'failed' || phase === 'closed' || (phase !== 'joined' && session.slow.value);
  return (
    <section class="standing" aria-labelledby="standing">
      <h1 id="standing">{titleOf(session)}</h1>
      {phase === 'asking' && <Asking session={session} />}
      {phase === 'joined' && <Joined session={session} />}
      {phase === 'joining' && <Steps session={session} />}
      {phase === 'offline' && (
        <p class="lead">No peer can be reached. The tab keeps looking, and comes back by itself; what you gave stays with those who hold it.</p>
      )}
      {phase === 'closed' && !trouble && <p class="lead">This tab has left. Files that other peers hold stay where they are.</p>}
      {trouble && <Alert trouble={trouble} />}
      <Faults session={session} />
      {settings.faults.map((fault) => (
        <p class="alert" role="alert" data-testid="error">
          {fault}
        </p>
      ))}
      {stuck && <WaysOut session={session} settings={settings} />}
    </section>
  );
}

const TITLES = {
  asking: 'Join by other servers?',
  joining: 'Joining the mesh',
  joined: 'This tab is part of the mesh',
  offline: 'Cut off for the moment',
  closed: 'This tab has left the mesh',
  failed: 'This tab could not join',
} as const;

function titleOf(session: Session): string {
  const phase = session.phase.value;
  if (phase === 'joining' && session.slow.value) return 'Still joining';
  return phase === 'joined' && session.peers.value.length === 0 ? 'This tab is the first one here' : TITLES[phase];
}

/** The link names servers of others: a person decides whether to join by them. */
function Asking({ session }: { readonly session: Session }) {
  const join = (): void => {
    trust(session.strangers);
    void session.start();
  };
  const joinAsUsual = (): void => void (location.search = writeSettings(location.search, '', ''));
  return (
    <div class="asking" data-testid="strangers">
      <p class="lead">
        The link that you followed wants this tab to join by servers that are not those of {location.host}. Whoever runs them sees the
        address of this device and decides whom it meets.
      </p>
      <ul>
        {session.strangers.map((address) => (
          <li key={address}>
            <code>{address}</code>
          </li>
        ))}
      </ul>
      <p class="file-note">The tab gets an identity of its own for them.</p>
      <div class="actions">
        <button type="button" class="primary" onClick={joinAsUsual} data-testid="join-as-usual">
          Join as usual
        </button>
        <button type="button" onClick={join} data-testid="join-there">
          Join by these
        </button>
      </div>
    </div>
  );
}

function Joined({ session }: { readonly session: Session }) {
  const peers = session.peers.value;
  if (peers.length === 0) {
    return <p class="lead">Open this page once more, in a second tab or on another device: the two link by themselves.</p>;
  }
  const times = peers.flatMap(({ rttMs }) => (rttMs === null ? [] : [rttMs]));
  return (
    <p class="lead">
      Linked to {count(peers.length, 'peer')}
      {times.length > 0 && `, the nearest ${formatRtt(Math.min(...times))} away`}. What you give is kept by whoever stands
      closest to it, not by a server.
    </p>
  );
}

function Steps({ session }: { readonly session: Session }) {
  return (
    <ol class="steps">
      {stepsAt(session.stage.value).map(({ title, state }) => (
        <li key={title} data-step={state} aria-current={state === 'now' ? 'step' : undefined}>
          {title}
        </li>
      ))}
    </ol>
  );
}

/** What does not work as it should, while the tab goes on. */
function Faults({ session }: { readonly session: Session }) {
  return (
    <>
      {session.faults.value.map(({ what, wayOut, code }) => (
        <p class="fault" key={code} data-testid="fault" data-code={code}>
          {what} {wayOut}
        </p>
      ))}
    </>
  );
}

/** Something that went wrong: what happened and what helps. */
export function Alert({ trouble }: { readonly trouble: Trouble }) {
  return (
    <p class="alert" role="alert" data-testid="error" data-code={trouble.code}>
      <strong>{trouble.what}</strong> {trouble.wayOut}
    </p>
  );
}

/** What may stand in the way, and two ways on: again, or by another address. */
function WaysOut({ session, settings }: Props) {
  const online = useSignal(navigator.onLine);
  const address = useSignal(settings.signalling?.[0] ?? '');
  const peer = useSignal(settings.peers[0] ?? '');
  const fault = useSignal('');

  useEffect(() => {
    const look = (): void => void (online.value = navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);

  const submit = (event: Event): void => {
    event.preventDefault();
    const wrong = [address.value, peer.value].find((text) => text.trim() !== '' && !isAddress(text.trim()));
    fault.value = wrong === undefined ? '' : `${wrong} is no address that begins with ws:// or wss://.`;
    if (fault.value) return;
    const query = writeSettings(location.search, address.value, peer.value);
    // Whoever types an address need not be asked about it.
    trust(strangersIn(readSettings(query), location.href));
    location.search = query;
  };

  const notes = notesOf(session, settings, online.value);
  return (
    <div class="ways" data-testid="ways-out">
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li>{note}</li>
          ))}
        </ul>
      )}
      <button type="button" class="primary" onClick={() => void session.start()}>
        Try again
      </button>
      <details>
        <summary>Join by another address</summary>
        <form onSubmit={submit} noValidate>
          <label>
            Signalling server
            <input
              type="url"
              placeholder="wss://mesh.example/signal"
              value={address}
              onInput={(event) => (address.value = event.currentTarget.value)}
            />
          </label>
          <label>
            A peer that is always on
            <input
              type="url"
              placeholder="wss://peer.example"
              value={peer}
              onInput={(event) => (peer.value = event.currentTarget.value)}
            />
          </label>
          {fault.value && (
            <p class="alert" role="alert">
              {fault.value}
            </p>
          )}
          <button type="submit">Join there</button>
        </form>
      </details>
    </div>
  );
}

/** What may stand in the way, as far as it can be told from here. */
function notesOf(session: Session, settings: Settings, online: boolean): string[] {
  const phase = session.phase.value;
  if (!online) return ['This device says that it has no network.'];
  // A fault says more than what follows from it.
  if (phase === 'failed' || phase === 'closed' || session.faults.value.length > 0) return [];
  const { count: failed, why } = session.failedDials.value;
  if (failed > 0) return [`${count(failed, 'attempt')} to link to a peer failed. ${why?.what ?? ''} ${why?.wayOut ?? ''}`];
  const [server = `${location.host}/signal`] = settings.signalling ?? [];
  if (phase === 'offline' || settings.signalling?.length === 0) return ['No peer answers at the addresses known here.'];
  return session.stage.value === 'signalling'
    ? ['The signalling server answers, but no peer does yet.']
    : [`The signalling server at ${server} does not answer. It may be down, or its address may be wrong.`];
}

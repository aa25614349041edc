import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { readLink } from './link.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import type { Transfers } from './transfers.ts';
import { Give } from './ui/give.tsx';
import { Files } from './ui/files.tsx';
import { Header } from './ui/header.tsx';
import { Place } from './ui/place.tsx';
import { Received } from './ui/received.tsx';
import { Standing } from './ui/standing.tsx';

interface Props {
  readonly session: Session;
  readonly transfers: Transfers;
  readonly settings: Settings;
}

/** The page: what the address asks for on one side, the tab's place in the network on the other. */
export function App({ session, transfers, settings }: Props) {
  const broken = useSignal('');

  useEffect(() => {
    const follow = (): void => {
      const target = readLink(location.hash);
      broken.value = target.kind === 'broken' ? target.why : '';
      if (target.kind === 'file') void transfers.fetch(target);
      else transfers.leave();
    };
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);

  useSignalEffect(() => {
    const file = transfers.fetched.value ?? transfers.fetching.value;
    document.title = file ? `${file.name} · tabmesh` : 'tabmesh';
  });

  return (
    <>
      <Header session={session} />
      <main>
        <div class="work">
          <Standing session={session} settings={settings} />
          <Received transfers={transfers} broken={broken.value} />
          <Give transfers={transfers} />
          <Files transfers={transfers} />
        </div>
        <Place session={session} transfers={transfers} />
      </main>
    </>
  );
}

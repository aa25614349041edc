import { useSignal } from '@preact/signals';
import type { Session } from '../session.ts';
import type { Transfers } from '../transfers.ts';
import { Copy } from './copy.tsx';
import { Peers } from './peers.tsx';
import { Ring } from './ring.tsx';

/** The tab's place in the network: the ring of the id space, the own id, and the links as a table. */
export function Place({ session, transfers }: { readonly session: Session; readonly transfers: Transfers }) {
  /** The peer that the pointer or the keyboard is at, in the ring or in the table. */
  const focus = useSignal<string | null>(null);
  const id = session.id.value;
  return (
    <section class="place" aria-labelledby="place">
      <h2 id="place" class="hidden">
        Its place in the network
      </h2>
      <Ring session={session} transfers={transfers} focus={focus} />
      {id && (
        <div class="own">
          <span class="own-label">This tab</span>
          <code data-testid="own-id">
            <b>{id.slice(0, 8)}</b>
            {id.slice(8)}
          </code>
          <Copy text={id} label="Copy id" />
        </div>
      )}
      <Peers session={session} focus={focus} />
    </section>
  );
}

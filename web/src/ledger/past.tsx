import type { HistoryEntry } from 'tabmesh/ledger';
import { shortId } from '../format.ts';
import { amountText } from './amounts.ts';
import { FinalityBar } from './finality.tsx';
import type { Sent, Wallet } from './wallet.ts';

/** What was sent and received, the newest first: what is on its way above what is in a block. */
export function Past({ wallet }: { readonly wallet: Wallet }) {
  const self = wallet.ledger.value?.self ?? '';
  const done = new Set(wallet.history.value.map(({ id }) => id));
  const open = wallet.sent.value.filter(({ id }) => !id || !done.has(id));
  const took = new Map(wallet.sent.value.map(({ id, ms }) => [id, ms]));
  const isEmpty = open.length === 0 && wallet.history.value.length === 0;
  return (
    <section class="past" aria-labelledby="past">
      <h2 id="past">Sent and received</h2>
      {isEmpty && <p class="file-note">Nothing yet.</p>}
      <ul role="log" data-testid="past">
        {open.map((sent) => (
          <Open key={`sent ${sent.number}`} sent={sent} />
        ))}
        {wallet.history.value.map((entry) => (
          <Done key={entry.id} entry={entry} self={self} ms={took.get(entry.id)} />
        ))}
      </ul>
    </section>
  );
}

function Open({ sent: { to, amount, finality, ms, trouble, isVoid } }: { readonly sent: Sent }) {
  return (
    <li data-testid="sent">
      <span class="amount">−{amountText(amount)}</span>
      <span title={to}>
        to <code>{shortId(to)}</code>
      </span>
      <FinalityBar finality={finality} ms={ms} isVoid={isVoid} />
      {trouble && (
        <p class="alert" role="alert" data-code={trouble.code}>
          <strong>{trouble.what}</strong> {trouble.wayOut}
        </p>
      )}
    </li>
  );
}

const KINDS: Record<HistoryEntry['kind'], string> = {
  transfer: 'transfer',
  bond: 'bond',
  leave: 'bond leaves',
  join: 'asks for a seat',
  thaw: 'takes its seat again',
  set: 'name set',
  renew: 'name renewed',
};

function Done({ entry, self, ms }: { readonly entry: HistoryEntry; readonly self: string; readonly ms: number | undefined }) {
  const { id, kind, isOwn, isConflict, from, to, amount, fee, height, atMs } = entry;
  const other = isOwn ? to : from;
  const what = kind === 'transfer' ? amount : 0n;
  const grains = isConflict ? fee : what;
  return (
    <li data-testid="done" data-id={id} title={`Block ${height}, ${new Date(atMs).toLocaleString('en')}`}>
      <span class="amount" data-in={!isOwn && !isConflict}>
        {isOwn ? '−' : '+'}
        {amountText(isOwn || !isConflict ? grains : 0n)}
      </span>
      <span title={other}>
        {isConflict && 'conflict: only fees were paid'}
        {!isConflict && kind !== 'transfer' && KINDS[kind]}
        {!isConflict && kind === 'transfer' && (
          <>
            {isOwn ? 'to' : 'from'} <code>{other === self ? 'this tab' : shortId(other ?? '')}</code>
          </>
        )}
      </span>
      <FinalityBar finality="final" {...(ms !== undefined && { ms })} />
    </li>
  );
}

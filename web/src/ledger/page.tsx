import { useSignal } from '@preact/signals';
import { shortId } from '../format.ts';
import type { Session } from '../session.ts';
import type { Settings } from '../settings.ts';
import { Copy } from '../ui/copy.tsx';
import { Header } from '../ui/header.tsx';
import { Alert, Standing } from '../ui/standing.tsx';
import { amountText } from './amounts.ts';
import { Form } from './form.tsx';
import { Past } from './past.tsx';
import { type Request, writeRequest } from './request.ts';
import { Voters } from './voters.tsx';
import type { Wallet } from './wallet.ts';

interface Props {
  readonly session: Session;
  readonly settings: Settings;
  readonly wallet: Wallet;
  readonly request: Request;
}

/** The page: what this tab has and sends on one side, what became of it, and who votes, on the other. */
export function Page({ session, settings, wallet, request }: Props) {
  const isOpen = wallet.stage.value === 'open';
  return (
    <>
      <Header session={session} />
      <main class="jobs ledger" data-testid="ledger" data-stage={wallet.stage.value} data-height={wallet.head.value?.height ?? 0}>
        <div class="work">
          {session.phase.value === 'joined' ? <Welcome wallet={wallet} /> : <Standing session={session} settings={settings} />}
          {isOpen && <Own wallet={wallet} />}
          {isOpen && <Form wallet={wallet} request={request} />}
        </div>
        <section class="outcome" aria-label="What became of it">
          {isOpen && <Past wallet={wallet} />}
          {isOpen && <Voters wallet={wallet} />}
          {!isOpen && <p class="file-note">What is sent and received, and who votes, is shown here.</p>}
        </section>
      </main>
    </>
  );
}

function Welcome({ wallet }: { readonly wallet: Wallet }) {
  const { stage, trouble } = wallet;
  return (
    <section class="standing" aria-labelledby="credits">
      <h1 id="credits">Credits</h1>
      {(stage.value === 'joining' || stage.value === 'opening') && <p class="lead">Looking for the ledger of this network.</p>}
      {stage.value === 'none' && <NoLedger />}
      {stage.value === 'open' && <Mode wallet={wallet} />}
      {trouble.value && stage.value !== 'none' && <Alert trouble={trouble.value} />}
      {stage.value === 'failed' && (
        <button type="button" class="primary" onClick={() => void wallet.start()}>
          Try again
        </button>
      )}
    </section>
  );
}

/** How one comes to a ledger. */
function NoLedger() {
  return (
    <div class="asking" data-testid="no-ledger">
      <p class="lead">The server of this page tells of no ledger.</p>
      <p>
        One is run by at least four voters, native peers or tabs, who agree on every transfer. Make its genesis with their keys by{' '}
        <code>tabmesh ledger genesis new</code>, run each voter with <code>tabmesh run --ledger genesis.toml</code>, and have the
        signalling server tell of it: <code>tabmesh-signalling --genesis genesis.toml</code>.
      </p>
    </div>
  );
}

const MODES = {
  following: 'Catching up with the voters.',
  strong: 'The voters agree block by block: what is final stays so.',
  eventual: 'No block has come for a while: too few voters answer. What is sent waits.',
} as const;

function Mode({ wallet }: { readonly wallet: Wallet }) {
  const head = wallet.head.value;
  const mode = head?.mode ?? 'following';
  return (
    <p class="lead" role="status" data-testid="mode" data-mode={mode}>
      {MODES[mode]}
    </p>
  );
}

/** What this tab has, and how others send to it. */
function Own({ wallet }: { readonly wallet: Wallet }) {
  const asked = useSignal('');
  const { account, faucet, ledger } = wallet;
  const has = account.value;
  const id = ledger.value?.self ?? '';
  const { isAsking, said, trouble } = faucet.value;
  return (
    <section class="give purse" aria-label="What this tab has">
      <p class="balance" data-testid="balance" data-grains={String(has?.spendable ?? 0n)}>
        <strong>{has ? amountText(has.spendable) : '–'}</strong> <span>credits to spend</span>
      </p>
      {has && (has.promised > 0n || has.bond > 0n) && (
        <dl class="figures">
          {has.promised > 0n && <dt>On their way out</dt>}
          {has.promised > 0n && <dd>{amountText(has.promised)}</dd>}
          {has.bond > 0n && <dt>Bond of a voter</dt>}
          {has.bond > 0n && <dd>{amountText(has.bond)}</dd>}
        </dl>
      )}
      <div class="file-done">
        <code class="file-link" title={id} data-testid="own-id">
          {id}
        </code>
        <Copy text={id} label="Copy id" />
      </div>
      <label>
        Ask somebody for an amount
        <span class="file-done">
          <input
            type="text"
            inputMode="decimal"
            placeholder="1.25, or nothing: they choose"
            value={asked}
            onInput={(event) => (asked.value = event.currentTarget.value)}
          />
          <Copy text={writeRequest(location.href, { to: id, amount: asked.value })} label="Copy link" />
        </span>
      </label>
      {ledger.value?.isTest && (
        <div class="actions">
          <button type="button" onClick={() => void wallet.ask()} disabled={isAsking} data-testid="faucet">
            {isAsking ? 'Asking the voters' : 'Get test credits'}
          </button>
          <p class="file-note" role="status" data-testid="faucet-said">
            {said || 'A test network: its credits are worth nothing.'}
          </p>
        </div>
      )}
      {trouble && <Alert trouble={trouble} />}
      {ledger.value?.isVoter && !wallet.votes.value && <Begin wallet={wallet} />}
    </section>
  );
}

/** A voter of the genesis that has no journal: a person says that the ledger begins. */
function Begin({ wallet }: { readonly wallet: Wallet }) {
  const { ledger } = wallet;
  return (
    <div class="asking">
      <p>
        The genesis names this tab, {shortId(ledger.value?.self ?? '')}, as a voter, and it does not vote: it has no record of what it signed. If the
        ledger has just been made, and this tab has never voted in it, let it begin. If it has voted before, on this device or another, do not.
      </p>
      <button type="button" onClick={() => void wallet.start(true)} data-testid="begin">
        It begins: vote
      </button>
    </div>
  );
}

import { batch, signal } from '@preact/signals';
import type { Mesh } from 'tabmesh';
import type { Account, Finality, Head, HistoryEntry, Ledger, LedgerOptions, Transfer, TransferError, Voter } from 'tabmesh/ledger';
import { type Trouble, isCancel, troubleOf } from '../words.ts';

/** What the package gives of ledgers. */
export interface Entry {
  ledgerOf(mesh: Mesh, options: LedgerOptions): Promise<Ledger>;
  credits(text: string): bigint;
}

/** A transfer that was begun here. */
export interface Sent {
  readonly number: number;
  readonly to: string;
  readonly amount: bigint;
  readonly id: string | undefined;
  readonly finality: Finality | undefined;
  /** How long that took, in milliseconds. */
  readonly ms: number;
  readonly trouble: Trouble | undefined;
  /** Whether it is sure that it will not be done. */
  readonly isVoid: boolean;
}

/** `none`: no ledger is told of here. */
export type Stage = 'joining' | 'opening' | 'none' | 'open' | 'failed';

/** Transfers shown, and entries of the history: the newest. */
const SHOWN_MAX = 50;

/** The package's code where no ledger is told of. */
const NO_LEDGER = 1121;

/** What this tab has on the ledger that its page tells of. */
export class Wallet {
  readonly stage = signal<Stage>('joining');
  readonly ledger = signal<Ledger | null>(null);
  readonly account = signal<Account | null>(null);
  readonly head = signal<Head | null>(null);
  readonly voters = signal<readonly Voter[]>([]);
  /** Whether this tab votes. */
  readonly votes = signal(false);
  /** The newest first. */
  readonly history = signal<readonly HistoryEntry[]>([]);
  readonly sent = signal<readonly Sent[]>([]);
  readonly trouble = signal<Trouble | null>(null);
  /** What came of the faucet, in words. */
  readonly faucet = signal<{ readonly isAsking: boolean; readonly said: string; readonly trouble: Trouble | null }>({ isAsking: false, said: '', trouble: null });
  readonly #load: () => Promise<Entry>;
  readonly #joined: (signal: AbortSignal) => Promise<Mesh>;
  readonly #genesis: URL;
  #current = new AbortController();
  #last = 0;

  constructor(load: () => Promise<Entry>, joined: (signal: AbortSignal) => Promise<Mesh>, genesis: URL) {
    this.#load = load;
    this.#joined = joined;
    this.#genesis = genesis;
  }

  /** Follows the ledger, of each mesh that this tab joins. `begin`: a person says that it begins, and that this tab votes. */
  async start(begin = false): Promise<void> {
    this.#current.abort();
    this.#current = new AbortController();
    const { signal } = this.#current;
    this.ledger.value?.close();
    this.trouble.value = null;
    try {
      for (let isNew = begin; !signal.aborted; isNew = false) {
        this.stage.value = 'joining';
        const mesh = await this.#joined(signal);
        this.stage.value = 'opening';
        const { ledgerOf } = await this.#load();
        const ledger = await ledgerOf(mesh, { genesis: this.#genesis, begin: isNew });
        if (signal.aborted) return ledger.close();
        await this.#follow(ledger, signal);
      }
    } catch (error) {
      if (signal.aborted || isCancel(error)) return;
      const trouble = troubleOf(error, 'Load the page again.');
      batch(() => {
        this.stage.value = trouble.code === NO_LEDGER ? 'none' : 'failed';
        this.trouble.value = trouble;
      });
    }
  }

  /**
   * Sends credits.
   *
   * @param text decimal digits
   * @throws what is wrong with it, before anything happens
   */
  async send(to: string, text: string): Promise<void> {
    const { credits } = await this.#load();
    const ledger = this.ledger.value;
    if (!ledger) throw new Error('The ledger is not followed yet: wait a moment.');
    this.#show(ledger.transfer(to, credits(text)));
  }

  /** Asks for test credits. */
  async ask(): Promise<void> {
    const ledger = this.ledger.value;
    if (!ledger || this.faucet.value.isAsking) return;
    this.faucet.value = { isAsking: true, said: '', trouble: null };
    try {
      await ledger.faucet({ signal: this.#current.signal });
      this.faucet.value = { isAsking: false, said: 'On their way: they are here with the next block.', trouble: null };
    } catch (error) {
      this.faucet.value = { isAsking: false, said: '', trouble: isCancel(error) ? null : troubleOf(error) };
    }
  }

  /** Until it ends, or the signal aborts. */
  async #follow(ledger: Ledger, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<void> => {
      const all: HistoryEntry[] = [];
      for await (const entry of ledger.history()) all.push(entry);
      if (signal.aborted || this.ledger.value !== ledger) return;
      batch(() => {
        this.head.value = ledger.head ?? null;
        this.voters.value = ledger.voters();
        this.votes.value = ledger.votes;
        this.history.value = all.slice(-SHOWN_MAX).reverse();
      });
    };
    batch(() => {
      this.ledger.value = ledger;
      this.stage.value = 'open';
      this.account.value = null;
    });
    const ends = [
      ledger.on('head', () => void look()),
      ledger.on('fault', (fault) => {
        this.trouble.value = troubleOf(fault);
        this.votes.value = ledger.votes;
      }),
      ledger.watch(ledger.self, (account) => (this.account.value = account)),
    ];
    void look();
    for (const transfer of ledger.transfers()) this.#show(transfer);
    await new Promise<void>((resolve) => {
      ledger.on('closed', () => resolve());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (const end of ends) end();
    if (signal.aborted) ledger.close();
    this.ledger.value = null;
  }

  #show(transfer: Transfer): void {
    this.#last += 1;
    const number = this.#last;
    const { to, amount } = transfer;
    const first: Sent = { number, to, amount, id: transfer.id, finality: undefined, ms: 0, trouble: undefined, isVoid: false };
    this.sent.value = [first, ...this.sent.value].slice(0, SHOWN_MAX);
    const change = (part: Partial<Sent>): void => {
      this.sent.value = this.sent.value.map((sent) => (sent.number === number ? { ...sent, ...part } : sent));
    };
    const run = async (): Promise<void> => {
      try {
        for await (const { finality, ms } of transfer) change({ finality, ms, id: transfer.id });
      } catch (error) {
        change({ trouble: troubleOf(error), isVoid: (error as TransferError).isFinal === true });
      }
    };
    void run();
  }
}

/** What the page of credits shows of a ledger: none, one that is followed, transfers on their way, and a mesh that is joined anew. */
import type { Mesh } from 'tabmesh';
import type { Account, HistoryEntry, Ledger, LedgerOptions, Step, Transfer } from 'tabmesh/ledger';
import { expect, test } from 'vitest';
import { amountText } from '../src/ledger/amounts.ts';
import { idIn, readRequest, writeRequest } from '../src/ledger/request.ts';
import { Wallet } from '../src/ledger/wallet.ts';

const SELF = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

class Refusal extends Error {
  readonly code: number;
  readonly isFinal: boolean;
  constructor(code: number, message: string, isFinal = false) {
    super(message);
    this.code = code;
    this.isFinal = isFinal;
  }
}

/** A ledger that does what a test says. */
class Followed {
  readonly sent: [string, bigint][] = [];
  readonly begun: boolean[] = [];
  isClosed = false;
  entries: Partial<HistoryEntry>[] = [];
  steps: (Step | Refusal)[] = [];
  gives: unknown = { id: 'c'.repeat(64) };
  readonly #listeners = new Map<string, ((detail: unknown) => void)[]>();
  #watcher: ((account: Account) => void) | undefined;

  tell(event: string, detail?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  has(spendable: bigint): void {
    this.#watcher?.({ id: SELF, exists: true, spendable, promised: 0n, bond: 0n, sequence: 0, height: 1, epoch: 1, finality: 'final' });
  }

  get ledger(): Ledger {
    const { entries, steps } = this;
    const face = {
      self: SELF,
      fee: 1_000n,
      isTest: true,
      isVoter: true,
      votes: false,
      head: { height: 7, epoch: 9, mode: 'strong' },
      voters: () => [],
      transfers: () => [],
      history: async function* () {
        yield* entries;
      },
      on: (event: string, listener: (detail: unknown) => void) => {
        this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
        return () => undefined;
      },
      watch: (_: string, listener: (account: Account) => void) => {
        this.#watcher = listener;
        return () => (this.#watcher = undefined);
      },
      transfer: (to: string, amount: bigint) => {
        this.sent.push([to, amount]);
        const transfer = {
          to,
          amount,
          id: 'd'.repeat(64),
          async *[Symbol.asyncIterator]() {
            for (const step of steps) {
              if (step instanceof Refusal) throw step;
              yield step;
            }
          },
        };
        return transfer as unknown as Transfer;
      },
      faucet: async () => {
        if (this.gives instanceof Error) throw this.gives;
        return this.gives;
      },
      close: () => {
        if (this.isClosed) return;
        this.isClosed = true;
        this.tell('closed');
      },
    };
    return face as unknown as Ledger;
  }

  /** A page with it, or with what is thrown in its place. */
  wallet(failure?: Error): Wallet {
    const ledgerOf = async (_: Mesh, { begin }: LedgerOptions): Promise<Ledger> => {
      this.begun.push(begin === true);
      if (failure) throw failure;
      this.isClosed = false;
      return this.ledger;
    };
    const credits = (text: string): bigint => {
      if (!/^\d+$/.test(text)) throw new Refusal(1124, 'An amount is something else: write one.');
      return BigInt(text) * 1_000_000n;
    };
    return new Wallet(async () => ({ ledgerOf, credits }), async () => ({}) as Mesh, new URL('http://localhost/genesis'));
  }
}

test('where no ledger is told of, the page says just that', async () => {
  const wallet = new Followed().wallet(new Refusal(1121, 'No ledger is told of at this address: run one.'));
  await wallet.start();
  expect(wallet.stage.value).toBe('none');
  const other = new Followed().wallet(new Refusal(1120, 'These bytes are no genesis: fetch them again.'));
  await other.start();
  expect([other.stage.value, other.trouble.value?.wayOut]).toEqual(['failed', 'Fetch them again.']);
});

test('what is had, what was done and where the chain is come to the page', async () => {
  const followed = new Followed();
  followed.entries = Array.from({ length: 60 }, (_, at) => ({ id: String(at) }));
  const wallet = followed.wallet();
  void wallet.start();
  await settle();
  followed.has(5n);
  await settle();
  expect([wallet.stage.value, wallet.account.value?.spendable, wallet.head.value?.height]).toEqual(['open', 5n, 7]);
  expect([wallet.history.value.length, wallet.history.value[0]?.id]).toEqual([50, '59']);
  followed.tell('fault', new Refusal(1129, 'It cannot be kept: free some room.'));
  expect(wallet.trouble.value?.code).toBe(1129);
});

test('a transfer shows how sure it is, and why it was not done', async () => {
  const followed = new Followed();
  const wallet = followed.wallet();
  await expect(wallet.send(OTHER, '5')).rejects.toThrow('not followed yet');
  followed.steps = [{ finality: 'tentative', ms: 1 }, { finality: 'final', ms: 40 }];
  void wallet.start();
  await settle();
  await wallet.send(OTHER, '5');
  await settle();
  expect(followed.sent).toEqual([[OTHER, 5_000_000n]]);
  expect(wallet.sent.value[0]).toMatchObject({ finality: 'final', ms: 40, isVoid: false, id: 'd'.repeat(64) });
  followed.steps.splice(1, 1, new Refusal(1152, 'There are fewer credits: send less.', true));
  await wallet.send(OTHER, '6');
  await settle();
  expect(wallet.sent.value[0]).toMatchObject({ finality: 'tentative', isVoid: true, trouble: { code: 1152, wayOut: 'Send less.' } });
  await expect(wallet.send(OTHER, '1.2.3')).rejects.toThrow('An amount');
  expect(wallet.sent.value.length).toBe(2);
});

test('a mesh that is joined anew is followed anew, and a voter begins once, when a person says so', async () => {
  const followed = new Followed();
  const wallet = followed.wallet();
  void wallet.start();
  await settle();
  followed.tell('closed');
  await settle();
  expect([followed.begun, wallet.stage.value]).toEqual([[false, false], 'open']);
  void wallet.start(true);
  await settle();
  followed.tell('closed');
  await settle();
  expect(followed.begun).toEqual([false, false, true, false]);
});

test('the faucet says what came of it', async () => {
  const followed = new Followed();
  const wallet = followed.wallet();
  void wallet.start();
  await settle();
  await wallet.ask();
  expect(wallet.faucet.value).toMatchObject({ isAsking: false, trouble: null });
  expect(wallet.faucet.value.said).not.toBe('');
  followed.gives = new Refusal(1136, 'No voter gave: ask later.');
  await wallet.ask();
  expect(wallet.faucet.value).toMatchObject({ said: '', trouble: { code: 1136 } });
});

test('a link asks for what it says, and for nothing else', () => {
  const page = 'https://mesh.example/app/ledger.html?network=own&to=x&amount=7#here';
  const link = writeRequest(page, { to: SELF, amount: ' 1.25 ' });
  expect(link).toBe(`https://mesh.example/app/ledger.html?network=own&to=${SELF}&amount=1.25`);
  expect(readRequest(new URL(link).search)).toEqual({ to: SELF, amount: '1.25' });
  expect(new URL(writeRequest(page, { to: SELF, amount: 'much' })).searchParams.has('amount')).toBe(false);
  for (const query of ['?to=abc&amount=1e9', `?to=${SELF}0&amount=-1`, '?amount=1,5', '']) expect(readRequest(query)).toEqual({ to: '', amount: '' });
  expect([idIn(` ${SELF.toUpperCase()} `), idIn(link), idIn('https://x.example/'), idIn('me')]).toEqual([SELF, SELF, '', '']);
});

test('amounts are exact to the last grain', () => {
  expect([0n, 1n, 1_250_000n, 20_000_000n, 1_234_567_000_001n].map(amountText)).toEqual(['0', '0.000001', '1.25', '20', '1,234,567.000001']);
});

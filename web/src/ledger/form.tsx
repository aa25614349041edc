import { useSignal } from '@preact/signals';
import type { Trouble } from '../words.ts';
import { troubleOf } from '../words.ts';
import { Alert } from '../ui/standing.tsx';
import { amountText } from './amounts.ts';
import { type Request, idIn } from './request.ts';
import type { Wallet } from './wallet.ts';

/** Sends: to an id, or to whoever gave a link. A link only fills the form. */
export function Form({ wallet, request }: { readonly wallet: Wallet; readonly request: Request }) {
  const to = useSignal(request.to);
  const amount = useSignal(request.amount);
  const trouble = useSignal<Trouble | null>(null);
  const fee = wallet.ledger.value?.fee ?? 0n;

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    trouble.value = null;
    const id = idIn(to.value);
    if (!id) {
      trouble.value = { what: 'This is no id of a tab or peer.', wayOut: 'One has 64 digits and letters from a to f: copy all of it, or the whole link.' };
      return;
    }
    try {
      await wallet.send(id, amount.value.trim());
      amount.value = '';
    } catch (error) {
      trouble.value = troubleOf(error);
    }
  };

  return (
    <form class="give task" aria-label="Send credits" onSubmit={(event) => void submit(event)} noValidate>
      <h2>{request.to && request.amount ? 'Somebody asks for credits' : 'Send credits'}</h2>
      <label>
        To
        <input
          type="text"
          spellcheck={false}
          autocomplete="off"
          placeholder="An id, or a link that asks"
          value={to}
          onInput={(event) => (to.value = event.currentTarget.value)}
          data-testid="to"
        />
      </label>
      <label>
        Credits
        <input
          type="text"
          inputMode="decimal"
          autocomplete="off"
          placeholder="1.25"
          value={amount}
          onInput={(event) => (amount.value = event.currentTarget.value)}
          data-testid="amount"
        />
      </label>
      {trouble.value && <Alert trouble={trouble.value} />}
      <button type="submit" class="primary" disabled={to.value.trim() === '' || amount.value.trim() === ''} data-testid="send">
        Send
      </button>
      <p>The fee is {amountText(fee)}. What is settled comes in the next block and cannot be taken back.</p>
    </form>
  );
}

/** What a link asks for: `?to=<id>&amount=1.25`. */
export interface Request {
  readonly to: string;
  readonly amount: string;
}

const ID = /^[0-9a-f]{64}$/i;
const AMOUNT = /^\d{1,13}(\.\d{1,6})?$/;

/** What an address asks for. What is none is left empty: whoever sends sees it in the form before anything happens. */
export function readRequest(query: string): Request {
  const given = new URLSearchParams(query);
  const [to = '', amount = ''] = ['to', 'amount'].map((key) => (given.get(key) ?? '').trim());
  return { to: ID.test(to) ? to.toLowerCase() : '', amount: AMOUNT.test(amount) ? amount : '' };
}

/** The link by which somebody else sends to this id; of this page's address it has what says where to join. */
export function writeRequest(page: string, { to, amount }: Request): string {
  const url = new URL(page);
  url.hash = '';
  url.searchParams.set('to', to);
  if (AMOUNT.test(amount.trim())) url.searchParams.set('amount', amount.trim());
  else url.searchParams.delete('amount');
  return url.href;
}

/** The id in what a person pasted: an id itself, or a link that asks for something. */
export function idIn(text: string): string {
  const trimmed = text.trim();
  if (ID.test(trimmed)) return trimmed.toLowerCase();
  return URL.canParse(trimmed) ? readRequest(new URL(trimmed).search).to : '';
}

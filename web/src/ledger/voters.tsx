import { shortId } from '../format.ts';
import type { Wallet } from './wallet.ts';

/** Who votes, and how they do: what of their signatures came with the last blocks. */
export function Voters({ wallet }: { readonly wallet: Wallet }) {
  const voters = wallet.voters.value;
  const head = wallet.head.value;
  const needed = Math.floor((2 * voters.length) / 3) + 1;
  return (
    <section class="voters" aria-labelledby="voters">
      <h2 id="voters">Voters</h2>
      <dl class="figures">
        <dt>Block</dt>
        <dd data-testid="height">{(head?.height ?? 0).toLocaleString('en')}</dd>
        <dt>Epoch</dt>
        <dd>{(head?.epoch ?? 0).toLocaleString('en')}</dd>
        <dt>Agree</dt>
        <dd>
          {needed} of {voters.length}
        </dd>
      </dl>
      <table class="who">
        <caption>Signatures with the last {voters[0]?.of ?? 0} blocks; {needed} are enough, so that those who are slow are left out of some</caption>
        <thead>
          <tr>
            <th scope="col">Voter</th>
            <th scope="col">Link</th>
            <th scope="col">Signed</th>
          </tr>
        </thead>
        <tbody>
          {voters.map(({ id, isOwn, isLinked, signed, of }) => (
            <tr key={id} data-testid="voter">
              <th scope="row" title={id}>
                <code>{shortId(id)}</code>
                {isOwn && <span> this tab</span>}
              </th>
              <td>{isOwn ? (wallet.votes.value ? 'votes' : 'follows') : isLinked ? 'linked' : 'by others'}</td>
              <td class="figure">
                {signed} of {of}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

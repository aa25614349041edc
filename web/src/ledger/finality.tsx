import type { Finality } from 'tabmesh/ledger';
import { formatRtt } from '../format.ts';

const STEPS: readonly Finality[] = ['tentative', 'certified', 'settled', 'final'];

const WORDS: Record<Finality, string> = { tentative: 'On its way', certified: 'Certified', settled: 'Settled', final: 'Final' };

/** How sure a transfer is: one bar of four parts, in colour only once nothing can take its place any more. */
export function FinalityBar({ finality, ms, isVoid = false }: { readonly finality: Finality | undefined; readonly ms?: number; readonly isVoid?: boolean }) {
  const reached = finality ? STEPS.indexOf(finality) + 1 : 0;
  const word = isVoid ? 'Not done' : finality ? WORDS[finality] : 'Being signed';
  return (
    <span class="finality" data-finality={isVoid ? 'void' : (finality ?? 'none')} data-testid="finality">
      <span class="finality-bar" aria-hidden="true">
        {STEPS.map((step, at) => (
          <i key={step} data-is={at < reached} />
        ))}
      </span>
      <span>
        {word}
        {!isVoid && finality && ms !== undefined && ms > 0 && <small> {formatRtt(ms)}</small>}
      </span>
    </span>
  );
}

const GRAINS = 1_000_000n;

/** Grains as credits for people: `1,234.5`, at least one digit before the point, and no more decimals than there are. */
export function amountText(grains: bigint): string {
  const decimals = String(grains % GRAINS).padStart(6, '0').replace(/0+$/, '');
  return `${(grains / GRAINS).toLocaleString('en')}${decimals && `.${decimals}`}`;
}

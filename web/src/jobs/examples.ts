import { FILTER_EXAMPLE } from './works/filter.tsx';
import { OWN_EXAMPLE } from './works/own.tsx';
import { PRIMES_EXAMPLE } from './works/primes.tsx';
import { SEARCH_EXAMPLE } from './works/search.tsx';
import { SQL_EXAMPLE } from './works/sql.tsx';
import { TILE_EXAMPLE } from './works/tile.tsx';
import type { Example } from './work.ts';

/** Their sources are in `task-meter/guests/`. */
export const EXAMPLES: readonly Example[] = [TILE_EXAMPLE, PRIMES_EXAMPLE, FILTER_EXAMPLE, SEARCH_EXAMPLE, SQL_EXAMPLE, OWN_EXAMPLE];

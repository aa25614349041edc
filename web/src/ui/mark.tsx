import type { Peer } from 'tabmesh';

/** A peer's mark around the origin: its shape says the profile, a halo says neighbour. */
export function Mark({ profile, neighbour }: { readonly profile: Peer['profile']; readonly neighbour: boolean }) {
  return (
    <>
      {neighbour && <circle class="halo" r="8" />}
      {profile === 'browser' && <circle class="mark" r="4.5" />}
      {profile === 'native' && <rect class="mark" x="-4.25" y="-4.25" width="8.5" height="8.5" rx="1.5" />}
      {profile === 'device' && <path class="mark" d="M0 -5.2L4.8 3.6H-4.8Z" />}
    </>
  );
}

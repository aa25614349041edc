import { join } from 'tabmesh';
import { thisDevice } from './offer/device.ts';
import { Offering } from './offer/offering.ts';
import { Session } from './session.ts';
import { type Settings, readSettings } from './settings.ts';
import { isTrusted, strangersIn } from './strangers.ts';

/** What all pages that join have. */
export interface Joining {
  readonly session: Session;
  readonly settings: Settings;
  /** What this tab computes for others, where a person said so on any page of this app. */
  readonly offering: Offering;
}

/** Joins as the page's address says; unless that leads to strangers, of which a person decides. */
export function joinAsAddressed(): Joining {
  const settings = readSettings(location.search);
  const strangers = strangersIn(settings, location.href);
  const session = new Session(join, settings, strangers);
  const offering = new Offering(async () => (await import('tabmesh/job')).offer, (signal) => session.joined(signal), thisDevice());
  // Whoever gave the link may have chosen by whom this tab joins: a person decides.
  if (isTrusted(strangers)) void session.start();
  // The package says goodbye when the page goes away; one that the browser kept and brings back joins again.
  addEventListener('pageshow', (event) => {
    if (event.persisted && session.phase.value !== 'asking') void session.start();
  });
  offering.resume();
  return { session, settings, offering };
}

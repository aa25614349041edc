// Firefox as it is distributed, driven over WebDriver BiDi.

import { firefox } from 'playwright-core';

import { firefox as executable } from './places.js';

/** What Playwright's own preferences leave: the last calls home, and ICE that keeps off the loopback and hides addresses. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'browser.region.update.enabled': false,
  'dom.push.connection.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.trr.mode': 5,
  'media.gmp-manager.url': '',
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

/** Starts it with a fresh profile. The channel is what makes Playwright take a Firefox that is not its own. */
export const startFirefox = () =>
  firefox.launch({ channel: 'moz-firefox', executablePath: executable(), firefoxUserPrefs: PREFERENCES });

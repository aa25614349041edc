// Firefox as it is distributed, driven over WebDriver BiDi.

import { firefox } from 'playwright-core';

import { firefox as executable } from './places.js';

/** No calls home: what is not for this machine goes to a proxy that nobody is. */
const OFFLINE = {
  'network.proxy.type': 1,
  'network.proxy.socks': '127.0.0.1',
  'network.proxy.socks_port': 9,
  'network.proxy.socks_remote_dns': true,
  'network.proxy.failover_direct': false,
  'network.trr.mode': 5,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
};

/** ICE on the loopback too, and with addresses, because native peers do not speak mDNS. */
const ICE = {
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};

/** Without this a release takes its settings from their maker's server alone. */
const env = { ...process.env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' };

/** Starts it with a fresh profile. The channel is what makes Playwright take a Firefox that is not its own. */
export const startFirefox = (prefs = {}) =>
  firefox.launch({ channel: 'moz-firefox', executablePath: executable(), firefoxUserPrefs: { ...OFFLINE, ...ICE, ...prefs }, env });

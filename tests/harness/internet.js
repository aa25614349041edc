// A small internet of network namespaces: an open middle, and homes behind routers that translate addresses (NAT). For root on
// Linux, with `ip` and `iptables`.

import { execFileSync } from 'node:child_process';

/** Where the middle is reached from everywhere. */
export const MIDDLE = '10.77.0.1';

/** How a router translates: every flow of a home from the same port, or each from another (what STUN cannot see through). */
export const NAT = { cone: [], symmetric: ['--random-fully'] };

/** Why there can be no such internet here; `undefined` if there can. */
export function whyNoInternet() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'network namespaces are for root on Linux';
  const name = `tabmesh-${process.pid}-trial`;
  try {
    run('ip', 'netns', 'add', name);
  } catch (error) {
    return `no network namespace can be made: ${error.message}`;
  }
  try {
    inside(name, 'iptables', '-t', 'nat', '-A', 'POSTROUTING', '-j', 'MASQUERADE', '--random-fully');
    return undefined;
  } catch (error) {
    return `addresses cannot be translated: ${error.message}`;
  } finally {
    run('ip', 'netns', 'delete', name);
  }
}

export class Internet {
  #names = [];
  #homes = 0;

  constructor() {
    this.middle = this.#add('middle');
    inside(this.middle, 'ip', 'address', 'add', `${MIDDLE}/32`, 'dev', 'lo');
    forward(this.middle);
  }

  /** A home behind a router of its own; the name of its namespace. */
  home(nat) {
    const number = (this.#homes += 1);
    const [router, home] = [this.#add(`router-${number}`), this.#add(`home-${number}`)];
    cable(this.middle, `10.77.${number}.1`, router, `10.77.${number}.2`, `wan${number}`);
    cable(router, `192.168.${number}.1`, home, `192.168.${number}.2`, `lan${number}`);
    inside(router, 'ip', 'route', 'add', 'default', 'via', `10.77.${number}.1`);
    inside(home, 'ip', 'route', 'add', 'default', 'via', `192.168.${number}.1`);
    forward(router);
    inside(router, 'iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', `wan${number}b`, '-j', 'MASQUERADE', ...nat);
    // What nobody inside has asked for stays outside, without an answer: refused aloud, it would take the port's place in the
    // router's table.
    for (const chain of ['FORWARD', 'INPUT']) {
      const incoming = ['iptables', '-A', chain, '-i', `wan${number}b`];
      inside(router, ...incoming, '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT');
      inside(router, ...incoming, '-j', 'DROP');
    }
    return home;
  }

  /** Takes all of it down. */
  close() {
    for (const name of this.#names.toReversed()) run('ip', 'netns', 'delete', name);
    this.#names = [];
  }

  #add(role) {
    const name = `tabmesh-${process.pid}-${role}`;
    run('ip', 'netns', 'add', name);
    this.#names.push(name);
    inside(name, 'ip', 'link', 'set', 'lo', 'up');
    return name;
  }
}

/** Joins two namespaces by a pair of interfaces, `name` with an a and a b behind it. */
function cable(one, oneAddress, other, otherAddress, name) {
  run('ip', 'link', 'add', `${name}a`, 'netns', one, 'type', 'veth', 'peer', `${name}b`, 'netns', other);
  for (const [namespace, device, address] of [[one, `${name}a`, oneAddress], [other, `${name}b`, otherAddress]]) {
    inside(namespace, 'ip', 'address', 'add', `${address}/24`, 'dev', device);
    inside(namespace, 'ip', 'link', 'set', device, 'up');
  }
}

function forward(namespace) {
  inside(namespace, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
}

function inside(namespace, ...command) {
  run('ip', 'netns', 'exec', namespace, ...command);
}

function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

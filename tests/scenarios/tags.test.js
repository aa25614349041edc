// Goal: tabs that take part in a tag find each other, hear what one tells all, and reach each other; others hear nothing of it.
// Method: four tabs in a real network, of which three take part, one after the other.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

const takePart = ({ page }) =>
  page.evaluate(async () => {
    const { tagged } = await import('tabmesh/tag');
    globalThis.heard = [];
    const text = (bytes) => new TextDecoder().decode(bytes);
    globalThis.tag = await tagged(lab.mesh(), 'chess', {
      onPublished: ({ from, bytes }) => heard.push(['all', from, text(bytes)]),
      onReceived: ({ from, isProven, bytes }) => heard.push([isProven ? 'proven' : 'hearsay', from, text(bytes)]),
    });
  });

const untilLinked = (count, ...tabs) =>
  until(60_000, `${count} members linked everywhere`, async () => {
    const counts = await Promise.all(tabs.map(({ page }) => page.evaluate(() => tag.members.linked.length)));
    return counts.every((each) => each === count);
  });

const heard = ({ page }, count) => until(20_000, `${count} messages`, () => page.evaluate((count) => globalThis.heard.length >= count && globalThis.heard, count));

scenario('members of a tag find each other, and hear each other alone', 180_000, async (net) => {
  await net.startSignalling();
  const [ann, ben, cid] = await Promise.all(['ann', 'ben', 'cid', 'dan'].map((name) => net.joinedTab({ name })));
  await takePart(ann);
  const lonely = await ann.page.evaluate(() => tag.publish('nobody').then(() => 'none', ({ name }) => name));
  assert.equal(lonely, 'Unavailable');
  await takePart(ben);
  await takePart(cid);
  await untilLinked(2, ann, ben, cid);

  await ann.page.evaluate(() => tag.publish('e4'));
  for (const tab of [ben, cid]) assert.deepEqual(await heard(tab, 1), [['all', ann.id, 'e4']]);
  await ben.page.evaluate((to) => tag.send(to, 'your move'), cid.id);
  assert.deepEqual((await heard(cid, 2))[1], ['proven', ben.id, 'your move']);
  // Whoever's id is the key itself is the closest.
  await cid.page.evaluate((key) => tag.sendClosest(key, 'd5'), ann.id);
  assert.deepEqual(await heard(ann, 1), [['proven', cid.id, 'd5']]);

  await cid.page.evaluate(() => tag.close());
  await untilLinked(1, ann, ben);
  const gone = await cid.page.evaluate(() => tag.publish('x').then(() => 'none', ({ name }) => name));
  assert.equal(gone, 'Detached');
  await ben.page.evaluate(() => tag.publish('c5'));
  assert.deepEqual(await heard(ann, 2).then((all) => all[1]), ['all', ben.id, 'c5']);
  assert.equal(await cid.page.evaluate(() => globalThis.heard.length), 2);
});

// What Chromium keeps: the memory of all its processes, a page's heap, and Workers.

import { readFileSync } from 'node:fs';

export class Memory {
  /** Looks at `page`, and at the whole browser that it is in. */
  static async of(page) {
    const memory = new Memory();
    memory.page = await page.context().newCDPSession(page);
    memory.browser = await page.context().browser().newBrowserCDPSession();
    return memory;
  }

  /** Bytes that all processes of the browser have in memory; what several share is divided among them (Linux: PSS). */
  async browserBytes() {
    await this.page.send('HeapProfiler.collectGarbage');
    const { processInfo } = await this.browser.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { id }) => sum + proportionalBytes(id), 0);
  }

  /** Bytes of the page's own heap, and of the buffers that it holds, once everything that nobody needs is collected. */
  async heapBytes() {
    await this.page.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = await this.page.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  }

  /** Workers of all pages. */
  async workers() {
    const { targetInfos } = await this.browser.send('Target.getTargets');
    return targetInfos.filter(({ type }) => type === 'worker').length;
  }
}

function proportionalBytes(pid) {
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(kilobytes) * 1024;
}

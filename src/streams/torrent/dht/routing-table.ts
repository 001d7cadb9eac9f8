import type { DhtNode } from './messages.ts';

/**
 * Nobody asks us (BEP 43), so our own neighbourhood, which BEP 5 would have us know best, is of no use. What a lookup needs is
 * somebody near its target wherever that is: 12 nodes in each sixteenth of the space, 192 in all.
 */
const [SECTIONS, NODES_PER_SECTION] = [16, 12];
/** Whoever has many addresses at one host has one vote; small networks of tests have a few. */
const MAX_PER_HOST = 4;
/** Silent so often in a row it goes. */
const MAX_FAILURES = 2;

type Entry = DhtNode & { failures: number };

/** Nodes that have answered. */
export class RoutingTable {
  readonly #sections: Entry[][] = Array.from({ length: SECTIONS }, () => []);

  get size(): number {
    return this.#sections.reduce((sum, { length }) => sum + length, 0);
  }

  get nodes(): DhtNode[] {
    return this.#sections.flat().map(({ id, host, port }) => ({ id, host, port }));
  }

  /** It has answered. Where there is no room the longest known stay: they are the ones that will be there tomorrow (BEP 5). */
  answered({ id, host, port }: DhtNode): void {
    const section = this.#sectionOf(id);
    const known = section.find((entry) => entry.host === host && entry.port === port);
    if (known?.id.equals(id)) {
      known.failures = 0;
      return;
    }
    // One place that goes by many names is no many nodes.
    this.#remove({ host, port });
    if (this.#countOf(host) >= MAX_PER_HOST) return;
    const failing = section.findIndex(({ failures }) => failures > 0);
    if (section.length >= NODES_PER_SECTION && failing >= 0) section.splice(failing, 1);
    if (section.length < NODES_PER_SECTION) section.push({ id, host, port, failures: 0 });
  }

  /** It was silent. */
  failed({ host, port }: { host: string; port: number }): void {
    for (const section of this.#sections)
      for (const entry of section)
        if (entry.host === host && entry.port === port) {
          entry.failures += 1;
          if (entry.failures >= MAX_FAILURES) section.splice(section.indexOf(entry), 1);
          return;
        }
  }

  #remove({ host, port }: { host: string; port: number }): void {
    for (const section of this.#sections) {
      const at = section.findIndex((entry) => entry.host === host && entry.port === port);
      if (at >= 0) section.splice(at, 1);
    }
  }

  #countOf(host: string): number {
    return this.#sections.flat().filter((entry) => entry.host === host).length;
  }

  #sectionOf(id: Buffer): Entry[] {
    return this.#sections[(id[0] ?? 0) >> 4] ?? [];
  }
}

import { createRequire } from 'node:module';
import type { Engine, Link, Options, Wire } from 'torrent-stream';

export type Library = {
  begin(link: Link, options: Options): Engine;
  /** An engine that began with the info hash alone goes on with the whole of it, on the connections it has; `wire` is one. */
  complete(wire: Wire, link: Link & { infoBuffer: Buffer }): void;
};

/** Peers come from our own trackers' answers, through the guarded dialer's check. */
const noDiscovery = () => ({ on() {}, setTorrent() {}, updatePort() {}, stop() {} });
/** Who is banned is kept by `KnownPeers`. */
const noBlocklist = () => ({ contains: () => false, add() {} });
/** Which pieces there are; of `bitfield` 0.1.0 nobody says under what licence it is. */
function bitfieldOf(bits: number | Buffer) {
  const buffer = typeof bits === 'number' ? Buffer.alloc(Math.ceil(bits / 8)) : bits;
  const maskOf = (index: number) => 128 >> (index & 7);
  return {
    buffer,
    get: (index: number) => ((buffer[index >> 3] ?? 0) & maskOf(index)) !== 0,
    set(index: number) {
      buffer[index >> 3] = (buffer[index >> 3] ?? 0) | maskOf(index);
    },
  };
}

/** It would keep the `.torrent` of a magnet for the next time. */
const noFolder = () => {};
const NUMBER_OF_METADATA = 1;

/**
 * torrent-stream without the packages of 2015 by which it would look for peers, read torrents and block addresses: `overrides`
 * in package.json install an empty package for each, and these stand in for what it calls of them.
 */
export async function loadLibrary(): Promise<Library> {
  let completing: Link | null = null;
  const standIns = {
    'torrent-discovery': noDiscovery,
    'ip-set': noBlocklist,
    mkdirp: noFolder,
    bitfield: bitfieldOf,
    // It is given torrents that have been read.
    'parse-torrent': (given: Link) => completing ?? given,
  };
  const library = requireOf(createRequire(import.meta.url), 'torrent-stream');
  for (const [name, stand] of Object.entries(standIns)) standIn(library, name, stand);
  standIn(requireOf(requireOf(library, 'peer-wire-swarm'), 'peer-wire-protocol'), 'bitfield', bitfieldOf);
  const begin = (await import('torrent-stream')).default;
  return {
    begin,
    complete(wire, link) {
      completing = link;
      try {
        // There is no other way in than a peer's message, and one without a size may hold all of it.
        wire.emit('extended', 0, Buffer.from('d1:md11:ut_metadatai1eee'));
        const head = Buffer.from('d8:msg_typei1e5:piecei0ee');
        wire.emit('extended', NUMBER_OF_METADATA, Buffer.concat([head, link.infoBuffer]));
      } finally {
        completing = null;
      }
    },
  };
}

/** As that package finds others: each has its own copy of what is not at the root. */
function requireOf(require: NodeJS.Require, name: string): NodeJS.Require {
  return createRequire(require.resolve(name));
}

function standIn(require: NodeJS.Require, name: string, stand: unknown): void {
  const path = require.resolve(name);
  require(path);
  const loaded = require.cache[path];
  if (loaded !== undefined) loaded.exports = stand;
}

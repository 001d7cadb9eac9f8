import { isIP } from 'node:net';
import { z } from 'zod';
import { duration, onOff, places, size, text } from './config-values.ts';

const MIB = 1024 * 1024;

/** Those of torrents; a part of `Env`. */
export const TORRENT_SETTINGS = {
  CACHE_DIR: text()
    .default('torrents')
    .describe('Folder for the pieces of torrents that were watched; a relative one lies in `DATA_DIR`.'),
  CACHE_MAX_BYTES: size()
    .pipe(
      z
        .number()
        .min(0)
        .max(64 * 1024 * 1024 * MIB),
    )
    .default(50 * 1024 * MIB)
    .describe(
      'How much of them is kept, such as `10G`; less where the disk runs short. 0 keeps nothing on disk.',
    ),
  TORRENT_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('TCP port at which other peers of torrents can connect. Nothing listens when absent.'),
  TORRENT_HOST: text()
    .refine((value) => isIP(value) !== 0, 'must be an IP address')
    .optional()
    .describe(
      'Address of this machine that torrents use, a VPN’s say: to listen at, and to reach peers, trackers and the DHT from. All and any when absent.',
    ),
  UTP: onOff('on').describe(
    '`off` reaches peers of torrents by TCP alone; else those who speak only uTP too.',
  ),
  TORRENT_ENGINE: z
    .enum(['swarm', 'torrent-stream'])
    .default('swarm')
    .describe(
      'What downloads torrents: our own engine, or the npm package `torrent-stream`, which is slower.',
    ),
  TRACKER_CHECK_INTERVAL: duration({ from: '1s', to: '24h' })
    .default('15m')
    .describe('How old what is known of a tracker may get at most, such as `30s` or `1h`.'),
  DHT: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether public torrents are looked for in the DHT, which needs no tracker.'),
  DHT_BOOTSTRAP: places()
    .default(
      'router.bittorrent.com:6881,dht.transmissionbt.com:6881,router.utorrent.com:6881,dht.libtorrent.org:25401',
    )
    .describe('Comma-separated `host:port` of the nodes that are asked first, while no others are known.'),
};

import type { Request, Router } from 'express';
import type { AccountDoors } from './account-doors.ts';
import { addressOf } from './doors.ts';
import {
  createCodeEntries,
  deviceRoutes,
  ownDeviceRoutes,
  pairingRoutes,
  requestRoutes,
} from './features/devices/index.ts';
import type { Ground } from './ground.ts';

/** What devices stand on: all a test has to lay for them. */
export type DeviceGround = Pick<Ground, 'db' | 'crypto' | 'limiter'> & {
  enricher: Pick<Ground['enricher'], 'opened'>;
};

/** As long as a code lives. */
const PER_SECONDS = 600;
/** Wrong codes of one address, and of all: of a thousand codes that are open at once one is guessed in ten windows of these. */
const WRONG_CODES = 10;
const WRONG_CODES_OF_ALL = 100;
const NEW_CODES = 30;
/** Of one address: a household asks less. */
const REQUESTS = 60;
/** Keeps the table small, and guesses hopeless. */
const NEW_CODES_OF_DEVICES = 1000;

/** The routes by which devices are paired, and asked after. */
export function openDevices(
  ground: DeviceGround,
  { guard, actorOf, passwords }: Pick<AccountDoors, 'guard' | 'actorOf' | 'passwords'>,
  baseUrl: (req: Request) => string,
): Router[] {
  const { limiter, enricher } = ground;
  const rule = (name: string, points: number) => ({ name, points, perSeconds: PER_SECONDS });
  const deps = { ...ground, guard, actorOf, passwords, addressOf, baseUrl };
  return [
    pairingRoutes({
      ...deps,
      entries: createCodeEntries({
        ofAddress: limiter.limit(rule('pairing-codes-wrong', WRONG_CODES)),
        ofAll: limiter.limit(rule('pairing-codes-wrong-all', WRONG_CODES_OF_ALL)),
      }),
      limitCodes: limiter.middleware({ ...rule('pairing-codes', NEW_CODES), keyOf: addressOf }),
      limitDeviceCodes: limiter.middleware({
        ...rule('pairing-codes-all', NEW_CODES_OF_DEVICES),
        keyOf: () => 'all',
      }),
    }),
    deviceRoutes(deps),
    ownDeviceRoutes(deps),
    requestRoutes({
      ...deps,
      // Not waited for: the rule holds for episodes that come later.
      loadEpisodes: (mediaId) => void enricher.opened(mediaId, 0),
      limitRequests: limiter.middleware({ ...rule('child-requests', REQUESTS), keyOf: addressOf }),
    }),
  ];
}

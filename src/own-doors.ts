import type { Request, Router } from 'express';
import { addressOf, placeOf } from './doors.ts';
import type { Guard, OwnedPart } from './features/accounts/index.ts';
import { ACTIVITY_PARTS } from './features/activity/index.ts';
import { REPORTS_PART } from './features/content-reports/index.ts';
import { SERVICE_PARTS } from './features/deep-links/index.ts';
import { DEVICE_PARTS } from './features/devices/index.ts';
import { FAMILY_PARTS } from './features/family/index.ts';
import { FINDERS_PART } from './features/finders/index.ts';
import { ownStreamRoutes, ownTitleRoutes, ownTitlesPart } from './features/own-titles/index.ts';
import { OWN_STREAMS_PART } from './features/stream-index/index.ts';
import type { Ground } from './ground.ts';

/** All that rooms keep of an account, as it is handed out. `language`: of texts. */
export function ownedParts(language: string): readonly OwnedPart[] {
  return [
    ...[...FAMILY_PARTS, ...DEVICE_PARTS, ...ACTIVITY_PARTS, ...SERVICE_PARTS],
    ...[ownTitlesPart(language), OWN_STREAMS_PART, REPORTS_PART, FINDERS_PART],
  ];
}

/** Links a user may add in an hour: each asks an origin what it is. */
const STREAMS_AN_HOUR = 60;

/** Titles that users add for themselves, and what those can be watched by. */
export function ownTitleDoors(ground: Ground, guard: Guard): Router[] {
  const { db, net, kinds, settled, limiter, config } = ground;
  const deps = { db, guard, settled, baseUrl: (req: Request) => placeOf(ground, req).baseUrl };
  return [
    ownTitleRoutes({ ...deps, language: config.catalogLanguage }),
    ownStreamRoutes({
      ...{ ...deps, net, kinds },
      limitStreams: limiter.middleware({
        ...{ name: 'own-streams', points: STREAMS_AN_HOUR, perSeconds: 3600, keyOf: addressOf },
      }),
    }),
  ];
}

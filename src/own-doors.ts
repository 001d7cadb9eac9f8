import type { OwnedPart } from './features/accounts/index.ts';
import { ACTIVITY_PARTS } from './features/activity/index.ts';
import { DEVICE_PARTS } from './features/devices/index.ts';
import { FAMILY_PARTS } from './features/family/index.ts';
import { ownTitlesPart } from './features/own-titles/index.ts';

/** All that rooms keep of an account, as it is handed out. `language`: of texts. */
export function ownedParts(language: string): readonly OwnedPart[] {
  return [...FAMILY_PARTS, ...DEVICE_PARTS, ...ACTIVITY_PARTS, ownTitlesPart(language)];
}

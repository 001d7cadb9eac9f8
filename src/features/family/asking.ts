import type { Request } from 'express';
import { z } from 'zod';
import { Forbidden, NotFound } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import type { Actor } from '../audit/index.ts';
import { lockProfile, type Profile } from './queries/profiles.ts';

/** Who is signed in. */
type User = { userId: number; role: string };

export type FamilyRoutesDeps = {
  db: Pool;
  crypto: Pick<Crypto, 'sealToken'>;
  passwords: PasswordHashes;
  requireUser(req: Request): Promise<User>;
  actorOf(req: Request): Promise<Actor>;
  baseUrl(req: Request): string;
  /** Told when there may be a first kid, or none any more; resolves when every instance knows. */
  onKidsChanged(): Promise<void>;
};

/** Guests look around; profiles are for who lives here. */
export async function memberOf(deps: Pick<FamilyRoutesDeps, 'requireUser'>, req: Request): Promise<User> {
  const user = await deps.requireUser(req);
  if (user.role === 'guest')
    throw new Forbidden('family.guest', 'A guest has no profiles. Ask the administrator for a user account.');
  return user;
}

const Id = z.uuid();

/** A uuid of the path; anything else is nothing of ours. */
export function idOf(req: Request, name = 'id'): string {
  const id = Id.safeParse(req.params[name]);
  if (!id.success) throw noProfile();
  return id.data;
}

export async function requireProfile(tx: Db, userId: number, publicId: string): Promise<Profile> {
  const profile = await lockProfile(tx, userId, publicId);
  if (profile === null) throw noProfile();
  return profile;
}

export function noProfile(): NotFound {
  return new NotFound('family.no_profile', 'There is no such profile of yours.');
}

import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { evaluatePreconditions } from '../../kit/conditional.ts';
import { AppError, BadInput, Conflict } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { type FamilyRoutesDeps, idOf, memberOf, noProfile, requireProfile } from './asking.ts';
import {
  countProfiles,
  deleteProfile,
  insertProfile,
  lockUserProfiles,
  makeDefault,
  type Profile,
  type ProfileAnswer,
  type ProfileFields,
  profileAnswer,
  profilesOf,
  updateProfile,
} from './queries/profiles.ts';
import { checkModes, NewProfile, ProfilePatch } from './schemas.ts';

const MOST_PROFILES = 30;

/** `/api/profiles`: who watches by an account. Only its own; others' are not there. */
export function profileRoutes(deps: FamilyRoutesDeps): Router {
  const { db, passwords } = deps;
  const router = Router();
  const body = jsonBody('128kb');
  router.get('/profiles', list);
  router.post('/profiles', ...body, add);
  router.get('/profiles/:id', show);
  router.patch('/profiles/:id', ...body, change);
  router.delete('/profiles/:id', remove);
  return router;

  async function list(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    res.set('Cache-Control', 'no-store').json({ profiles: await profilesOf(db, userId) });
  }

  async function show(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    send(res, await answerOf(userId, idOf(req)));
  }

  async function answerOf(userId: number, publicId: string): Promise<ProfileAnswer> {
    const answer = await profileAnswer(db, userId, publicId);
    if (answer === null) throw noProfile();
    return answer;
  }

  async function add(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const { pin = null, ...given } = parseInput(NewProfile, req.body, 'The profile');
    const pinHash = pin === null ? null : await passwords.make(pin);
    const actor = await deps.actorOf(req);
    const { name, kind, avatar = null, age = null, maxAge = null, allowsUnrated = false } = given;
    const { hours = null, dailyMinutes = null, config = {}, mode = kind === 'kid' ? 'allow' : 'all' } = given;
    const fields: ProfileFields = {
      ...{ name, kind, avatar, age, pinHash, mode, maxAge, allowsUnrated, hours, dailyMinutes, config },
    };
    const publicId = await db.transaction(async (tx) => {
      await lockUserProfiles(tx, userId);
      if ((await countProfiles(tx, userId)) >= MOST_PROFILES)
        throw new Conflict(
          'family.too_many_profiles',
          `There are ${MOST_PROFILES} profiles. Delete one first.`,
        );
      const id = await insertProfile(tx, userId, fields);
      await noteAudit(tx, actor, {
        action: 'family.profile_made',
        resource: `profile ${id}`,
        after: told(fields),
      });
      return id;
    });
    if (given.kind === 'kid') await deps.onKidsChanged();
    send(res.status(201), await answerOf(userId, publicId));
  }

  async function change(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const { pin, isDefault, ...patch } = parseInput(ProfilePatch, req.body, 'The profile');
    const pinHash = pin === undefined || pin === null ? pin : await passwords.make(pin);
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const profile = await requireProfile(tx, userId, publicId);
      const before = await profileAnswer(tx, userId, publicId);
      if (before === null) throw noProfile();
      requireSame(req, before);
      checkChange(profile, before, { ...patch, pin });
      await updateProfile(tx, profile.id, { ...patch, ...(pinHash === undefined ? {} : { pinHash }) });
      if (isDefault === true) await makeDefault(tx, userId, profile.id);
      await noteAudit(tx, actor, {
        ...{ action: 'family.profile_changed', severity: 'warning', resource: `profile ${publicId}` },
        ...{
          before: pick(told(before), patch),
          after: { ...patch, ...(pin === undefined ? {} : { pin: 'changed' }) },
        },
      });
    });
    send(res, await answerOf(userId, publicId));
  }

  /** Its installs and rules go with it, at once. */
  async function remove(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const actor = await deps.actorOf(req);
    const { kind } = await db.transaction(async (tx) => {
      const profile = await requireProfile(tx, userId, publicId);
      await noteAudit(tx, actor, {
        ...{ action: 'family.profile_deleted', severity: 'warning', resource: `profile ${publicId}` },
      });
      await deleteProfile(tx, profile.id);
      return profile;
    });
    if (kind === 'kid') await deps.onKidsChanged();
    res.status(204).end();
  }
}

function send(res: Response, answer: ProfileAnswer): void {
  res.set({ 'Cache-Control': 'no-store', ETag: etagOf(answer) }).json(answer);
}

const etagOf = ({ version }: ProfileAnswer) => `"${version}"`;

/** 412 for who changes what somebody else has changed since it was loaded: one of the two would be lost without a word (RFC 9110 §13.1.1). */
function requireSame({ method, headers }: Request, before: ProfileAnswer): void {
  const asked = evaluatePreconditions({ method, headers, etag: etagOf(before), lastModified: null });
  if (asked === 'proceed') return;
  throw new AppError(
    'family.changed_meanwhile',
    `Somebody else has changed ${before.name} meanwhile. Nothing was saved: load the profile again, and make your change there.`,
    { status: 412 },
  );
}

/** What the profile would be must be one that may be: a kid has a PIN and never sees everything. */
function checkChange({ kind }: Profile, before: ProfileAnswer, patch: z.infer<typeof ProfilePatch>): void {
  if (kind === 'kid' && patch.pin === null)
    throw new BadInput('request.invalid', 'The profile is not valid. pin: a kid has one; give another.');
  const mode = patch.mode ?? before.mode;
  const maxAge = patch.maxAge === undefined ? before.maxAge : patch.maxAge;
  checkModes(
    { kind, mode, maxAge },
    {
      addIssue({ path, message }) {
        throw new BadInput('request.invalid', `The profile is not valid. ${path.join('.')}: ${message}.`);
      },
    },
  );
}

/** As the audit log has it: no hash of a PIN. */
function told({
  pinHash: _pin,
  ...fields
}: Partial<ProfileFields> & Record<string, unknown>): Record<string, unknown> {
  return fields;
}

function pick(whole: Record<string, unknown>, keys: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(keys).map((key) => [key, whole[key] ?? null]));
}

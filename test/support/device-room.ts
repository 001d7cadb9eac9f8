import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { createPasswordHashes } from '../../src/platform/password-hash.ts';
import { type Answer, openAccountRoom, type Signed } from './account-room.ts';
import { FRONT_PROXY } from './cluster.ts';

const Code = z.object({ code: z.string(), expiresAt: z.iso.datetime(), pairingUrl: z.url() });
const DeviceCode = Code.extend({ secret: z.string() });
const Paired = z.object({ deviceId: z.uuid(), key: z.string() });
const Devices = z.object({
  devices: z.array(
    z.object({
      deviceId: z.uuid(),
      name: z.string(),
      profile: z.object({ profileId: z.uuid(), name: z.string() }).nullable(),
      isOnline: z.boolean(),
    }),
  ),
});
const Audit = z.object({ actor: z.string(), action: z.string(), severity: z.string(), after: z.unknown() });
export type Profile = { profileId: string; pin: string };

/** The routes of accounts and devices, families in them, and devices that call from wherever. */
export async function openDeviceRoom() {
  const room = await openAccountRoom();
  const { db, ask, bearer } = room;
  const passwords = createPasswordHashes(() => new Error('too busy'));
  const by = (who: Signed, method: string, path: string, body?: unknown) =>
    ask(method, path, body, bearer(who.accessToken));

  return {
    ...room,
    by,
    /** As a kid of this account; straight into the table. */
    async kid(parent: Signed, name: string, pin: string): Promise<Profile> {
      const { profileId } = await db.one(rows('test.kid', z.object({ profileId: z.uuid() }))`
        INSERT INTO profile (user_id, kind, name, pin_hash, mode)
        SELECT id, 'kid', ${name}, ${await passwords.make(pin)}, 'allow' FROM app_user WHERE public_id = ${parent.user.userId}
        RETURNING public_id AS "profileId"`);
      return { profileId, pin };
    },
    async dropProfile({ profileId }: Profile): Promise<void> {
      await db.query(command('test.drop_profile')`DELETE FROM profile WHERE public_id = ${profileId}`);
    },
    /** A code that the parent makes. */
    code: async (parent: Signed, profileId?: string) =>
      Code.parse(
        (await by(parent, 'POST', '/pairing-codes', profileId === undefined ? {} : { profileId })).body,
      ),
    /** A code that a device makes. */
    deviceCode: async (name = 'TV') => DeviceCode.parse((await ask('POST', '/pairing-codes', { name })).body),
    status: (code: string, secret: string) => ask('GET', `/pairing-codes/${code}`, undefined, bearer(secret)),
    claim: (code: string, body: object) => ask('POST', `/pairing-codes/${code}/claim`, body),
    paired: (answer: Answer) => Paired.parse(answer.body),
    /** A device of that kid. */
    async pair(parent: Signed, { profileId, pin }: Profile, name = 'TV'): Promise<z.infer<typeof Paired>> {
      const { code } = Code.parse((await by(parent, 'POST', '/pairing-codes', {})).body);
      const answer = await ask('POST', `/pairing-codes/${code}/claim`, { name, profileId, pin });
      return Paired.parse(answer.body);
    },
    devices: async (who: Signed) => Devices.parse((await by(who, 'GET', '/devices')).body).devices,
    /** Installs that open something. */
    openInstalls: async () =>
      (
        await db.any(rows('test.installs', z.object({ id: z.int() }))`
          SELECT id FROM install`)
      ).length,
    /** Ten minutes and a second go by for every code. */
    async expire(): Promise<void> {
      await db.query(command('test.expire')`
        UPDATE pairing_code SET created_at = created_at - interval '601 s', expires_at = expires_at - interval '601 s'`);
    },
    audit: () =>
      db.any(rows('test.audit', Audit)`
        SELECT actor, action, severity, after FROM audit_log WHERE action ~ '^(device|request)\\.' ORDER BY id`),
    /** As a visitor of that address, by the proxy before the server. */
    async askFrom(address: string, method: string, path: string, body?: unknown): Promise<Answer> {
      const sent = request(`${room.baseUrl}/api${path}`, {
        method,
        localAddress: FRONT_PROXY,
        headers: { 'X-Forwarded-For': address, 'Content-Type': 'application/json' },
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
      const [answer]: IncomingMessage[] = (await once(sent, 'response')) as [IncomingMessage];
      if (answer === undefined) throw new Error('no answer');
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value));
      return { status: answer.statusCode ?? 0, headers, body: JSON.parse(await text(answer)) };
    },
  };
}
export type DeviceRoom = Awaited<ReturnType<typeof openDeviceRoom>>;

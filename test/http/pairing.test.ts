import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { forgetExpiredCodes } from '../../src/features/devices/device-install.ts';
import { rows } from '../../src/platform/db.ts';
import type { Answer, Signed } from '../support/account-room.ts';
import { type DeviceRoom, openDeviceRoom, type Profile } from '../support/device-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: DeviceRoom;
let parent: Signed;
let other: Signed;
let ada: Profile;
beforeAll(async () => {
  room = await openDeviceRoom();
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
  ada = await room.kid(parent, 'Ada', '1234');
});
afterAll(() => room.close());

const told = (answer: Answer) => [answer.status, problemIn(answer.body).code];
const Claimed = z.object({
  secret: z.string(),
  profiles: z.array(z.object({ profileId: z.uuid(), name: z.string() })),
});
const Stored = z.object({ keySealed: z.instanceof(Buffer).nullable(), keyHash: z.instanceof(Buffer) });
const stored = () =>
  room.db.one(rows('test.stored', Stored)`
    SELECT c.key_sealed AS "keySealed", d.key_hash AS "keyHash" FROM pairing_code c JOIN device d ON d.id = c.device_id`);

describe('a code that a parent makes', () => {
  test('is entered on the device, which chooses a profile and is paired by its PIN, once', async () => {
    const before = Date.now();
    const { code, expiresAt, pairingUrl } = await room.code(parent);
    expect(code).toMatch(/^\d{6}$/);
    expect(Math.abs(Date.parse(expiresAt) - before - 600_000)).toBeLessThan(5000);
    expect(pairingUrl).toBe(`${room.baseUrl}/#pair/${code}`);
    const bob = await room.kid(parent, 'Bob', '4321');
    await room.kid(other, 'Eve', '1234');

    const entered = await room.claim(code, { name: 'Tablet' });
    expect(entered.status).toBe(200);
    const { secret, profiles } = Claimed.parse(entered.body);
    expect(profiles.map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    expect(entered.body).not.toHaveProperty('key');
    const wrong = await room.claim(code, { name: 'Tablet', secret, profileId: bob.profileId, pin: '1234' });
    expect(told(wrong)).toEqual([401, 'pairing.wrong_pin']);
    expect(await room.devices(parent)).toEqual([]);

    const right = await room.claim(code, { name: 'Tablet', secret, ...ada });
    expect(right.status).toBe(201);
    expect(right.headers.get('cache-control')).toBe('no-store');
    const { key, deviceId } = room.paired(right);
    expect(key).toMatch(/^tribdev_[\w-]{43}$/);
    expect(await room.devices(parent)).toMatchObject([
      { deviceId, name: 'Tablet', isOnline: false, profile: { profileId: ada.profileId, name: 'Ada' } },
    ]);
    expect(await room.devices(other)).toEqual([]);

    const later = await room.status(code, secret);
    expect(later.body).toMatchObject({ state: 'paired', deviceId });
    expect(JSON.stringify(later.body)).not.toContain(key);
    expect(later.body).not.toHaveProperty('key');
    expect((await stored()).keySealed).toBeNull();
    expect(told(await room.claim(code, { name: 'Tablet', secret, ...ada }))).toEqual([409, 'pairing.used']);
    expect(told(await room.claim(code, { name: 'Another', ...ada }))).toEqual([409, 'pairing.used']);
  });

  test('may be for one profile only, and pairs in one step where the device knows whose it is', async () => {
    const bob = await room.kid(parent, 'Bob', '4321');
    const { code } = await room.code(parent, ada.profileId);
    expect(told(await room.claim(code, { name: 'TV', ...bob }))).toEqual([401, 'pairing.wrong_pin']);
    expect((await room.claim(code, { name: 'TV', ...ada })).status).toBe(201);
    const eve = await room.kid(other, 'Eve', '1234');
    const foreign = await room.by(parent, 'POST', '/pairing-codes', { profileId: eve.profileId });
    expect(told(foreign)).toEqual([404, 'family.no_profile']);
    const next = await room.code(parent);
    expect(told(await room.claim(next.code, { name: 'TV', ...eve }))).toEqual([401, 'pairing.wrong_pin']);
  });

  test('is 410 after ten minutes, and gone when the job was there', async () => {
    const { code } = await room.code(parent);
    await room.db.query(rows('test.nearly', z.looseObject({}))`
      UPDATE pairing_code SET created_at = created_at - interval '599 s', expires_at = expires_at - interval '599 s'`);
    const { secret } = Claimed.parse((await room.claim(code, { name: 'TV' })).body);
    expect(await room.db.transaction(forgetExpiredCodes)).toBe(0);
    await room.expire();
    expect(told(await room.claim(code, { name: 'TV', secret, ...ada }))).toEqual([410, 'pairing.expired']);
    expect(told(await room.status(code, secret))).toEqual([410, 'pairing.expired']);
    expect(await room.db.transaction(forgetExpiredCodes)).toBe(1);
    expect(told(await room.claim(code, { name: 'TV', ...ada }))).toEqual([404, 'pairing.not_found']);
  });

  test('ends after five wrong PINs, those that come at once counted too', async () => {
    const { code } = await room.code(parent);
    const { secret } = Claimed.parse((await room.claim(code, { name: 'TV' })).body);
    const guesses = ['0000', '0001', '0002', '0003', '0004', '0005', '0006', '1234'];
    const answers = await Promise.all(
      guesses.map((pin) => room.claim(code, { name: 'TV', secret, profileId: ada.profileId, pin })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
    const { code: second } = await room.code(parent);
    for (let count = 0; count < 5; count += 1) {
      const answer = await room.claim(second, { name: 'TV', profileId: ada.profileId, pin: '9999' });
      expect(told(answer)).toEqual([401, 'pairing.wrong_pin']);
    }
    expect(told(await room.claim(second, { name: 'TV', ...ada }))).toEqual([410, 'pairing.ended']);
    expect((await room.audit()).filter(({ action }) => action === 'device.wrong_pin').length).toBeGreaterThan(
      4,
    );
  });

  test('is one device’s once that has entered it: 409 to one that enters it too, 403 with another secret', async () => {
    const { code } = await room.code(parent);
    const second = await room.code(parent);
    await room.claim(code, { name: 'TV' });
    const { secret } = Claimed.parse((await room.claim(second.code, { name: 'Radio' })).body);
    expect(told(await room.claim(code, { name: 'Radio', ...ada }))).toEqual([409, 'pairing.in_use']);
    expect(told(await room.claim(code, { name: 'Radio', secret, ...ada }))).toEqual([
      403,
      'pairing.foreign_device',
    ]);
    expect(told(await room.status(code, secret))).toEqual([403, 'pairing.foreign_device']);
    expect(told(await room.by(other, 'GET', `/pairing-codes/${code}`))).toEqual([
      403,
      'pairing.foreign_device',
    ]);
    expect((await room.by(parent, 'GET', `/pairing-codes/${code}`)).body).toMatchObject({
      state: 'claimed',
      name: 'TV',
    });
  });

  test('claimed twice at once pairs one device', async () => {
    const { code } = await room.code(parent);
    const answers = await Promise.all([1, 2, 3].map((n) => room.claim(code, { name: `TV ${n}`, ...ada })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await room.devices(parent)).toHaveLength(1);
  });

  test('stands open with four others at most', async () => {
    const made = [];
    for (let count = 0; count < 6; count += 1) made.push((await room.code(parent)).code);
    expect(told(await room.claim(made[0] ?? '', { name: 'TV', ...ada }))).toEqual([404, 'pairing.not_found']);
    expect((await room.claim(made[1] ?? '', { name: 'TV', ...ada })).status).toBe(201);
  });
});

describe('a code that a device shows', () => {
  const confirm = (who: Signed, code: string, body: object = { profileId: ada.profileId }) =>
    room.by(who, 'POST', `/pairing-codes/${code}/confirm`, body);

  test('is confirmed by a parent, and the device fetches its key, once', async () => {
    const { code, secret, pairingUrl } = await room.deviceCode('Living room');
    expect(pairingUrl).toBe(`${room.baseUrl}/#devices/${code}`);
    expect((await room.status(code, secret)).body).toMatchObject({ state: 'waiting', name: 'Living room' });
    const confirmed = await confirm(parent, code);
    expect(confirmed.body).toMatchObject({ name: 'Living room', profile: { name: 'Ada' } });
    expect(JSON.stringify(confirmed.body)).not.toContain('tribdev_');
    expect((await stored()).keySealed?.includes('tribdev_')).toBe(false);
    expect((await room.by(parent, 'GET', `/pairing-codes/${code}`)).body).not.toHaveProperty('key');

    const polls = await Promise.all([1, 2, 3].map(() => room.status(code, secret)));
    const keys = polls.map(({ body }) => z.object({ key: z.string().optional() }).parse(body).key);
    expect(keys.filter((key) => key !== undefined)).toEqual([expect.stringMatching(/^tribdev_[\w-]{43}$/)]);
    expect((await stored()).keySealed).toBeNull();
    const again = await room.status(code, secret);
    expect([again.status, again.body]).toEqual([
      200,
      expect.not.objectContaining({ key: expect.anything() }),
    ]);
    expect(told(await confirm(parent, code))).toEqual([409, 'pairing.used']);
  });

  test('is confirmed for a profile of one’s own only, signed in, and by one of two who try', async () => {
    const { code } = await room.deviceCode();
    expect(told(await confirm(other, code))).toEqual([404, 'family.no_profile']);
    const unsigned = await room.ask('POST', `/pairing-codes/${code}/confirm`, { profileId: ada.profileId });
    expect(told(unsigned)).toEqual([401, 'auth.required']);
    const { profileId } = await room.kid(other, 'Eve', '1234');
    const both = await Promise.all([confirm(parent, code), confirm(other, code, { profileId })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('that was confirmed and never fetched leaves no device behind', async () => {
    const { code, secret } = await room.deviceCode();
    await confirm(parent, code);
    expect(await room.devices(parent)).toHaveLength(1);
    await room.expire();
    expect(told(await room.status(code, secret))).toEqual([410, 'pairing.expired']);
    expect(await room.openInstalls()).toBe(1);
    await room.db.transaction(forgetExpiredCodes);
    expect(await room.devices(parent)).toEqual([]);
    expect(await room.openInstalls()).toBe(0);
  });

  test('is not entered on another device, nor a parent’s code confirmed', async () => {
    const { code } = await room.deviceCode();
    expect(told(await room.claim(code, { name: 'TV', ...ada }))).toEqual([404, 'pairing.not_found']);
    const made = await room.code(parent);
    expect(told(await confirm(parent, made.code))).toEqual([404, 'pairing.not_found']);
  });
});

describe('bad input', () => {
  test.each(['12345', '1234567', '12345a', '１２３４５６', '123456\n'])(
    'a code of %j is 400',
    async (code) => {
      const path = encodeURIComponent(code);
      expect(told(await room.claim(path, { name: 'TV' }))).toEqual([400, 'request.invalid']);
      expect(told(await room.status(path, 'tribpair_x'))).toEqual([400, 'request.invalid']);
    },
  );

  test.each(['', '   ', 'a'.repeat(61), 'TV\r\nSet-Cookie: a=b', 'TV\u202Egnp.exe', 'T\u0007V'])(
    'a device called %j is 400',
    async (name) => {
      const { code } = await room.code(parent);
      expect(told(await room.claim(code, { name, ...ada }))).toEqual([400, 'request.invalid']);
      expect(told(await room.ask('POST', '/pairing-codes', { name }))).toEqual([400, 'request.invalid']);
    },
  );

  test.each([
    `'; DROP TABLE device; --`,
    '<img src=x onerror=alert(1)>',
    '{{7*7}} %24{7*7} %0a',
    'Adas "TV" 📺 \\',
  ])('a device called %j is called just so', async (name) => {
    const { deviceId } = await room.pair(parent, ada, name);
    expect(await room.devices(parent)).toMatchObject([{ deviceId, name }]);
    expect(await room.audit()).toMatchObject([{ action: 'device.paired', actor: 'device', after: { name } }]);
  });
});

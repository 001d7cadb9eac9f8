import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Signed } from '../support/account-room.ts';
import { type DeviceRoom, openDeviceRoom, type Profile } from '../support/device-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: DeviceRoom;
let parent: Signed;
let other: Signed;
let ada: Profile;
let bob: Profile;
beforeAll(async () => {
  room = await openDeviceRoom();
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
  ada = await room.kid(parent, 'Ada', '1234');
  bob = await room.kid(parent, 'Bob', '4321');
});
afterAll(() => room.close());

const told = (answer: Answer) => [answer.status, problemIn(answer.body).code];
const own = (key: string) => room.ask('GET', '/device', undefined, room.bearer(key));

describe('a device', () => {
  test('says by its key who it is, is online then, and offline after five minutes', async () => {
    const { key, deviceId } = await room.pair(parent, ada, 'Tablet');
    const answer = await own(key);
    expect(answer.body).toMatchObject({ deviceId, name: 'Tablet', profile: { name: 'Ada' }, isOnline: true });
    expect(JSON.stringify(answer.body)).not.toContain('tribdev_');
    expect((await room.devices(parent))[0]?.isOnline).toBe(true);
    await room.run(`UPDATE device SET last_active_at = now() - interval '5 minutes'`);
    expect((await room.devices(parent))[0]?.isOnline).toBe(false);
    await own(key);
    expect((await room.devices(parent))[0]?.isOnline).toBe(true);
  });

  test('is renamed, given to another profile and unpaired by its parent; each is noted', async () => {
    const { key, deviceId } = await room.pair(parent, ada, 'Tablet');
    const renamed = await room.by(parent, 'PATCH', `/devices/${deviceId}`, { name: ' Küche ' });
    expect(renamed.body).toMatchObject({ name: 'Küche', profile: { name: 'Ada' } });
    await room.by(parent, 'PATCH', `/devices/${deviceId}`, { profileId: bob.profileId });
    expect((await own(key)).body).toMatchObject({ profile: { profileId: bob.profileId, name: 'Bob' } });
    await room.by(parent, 'PATCH', `/devices/${deviceId}`, { profileId: null });
    expect((await own(key)).body).toMatchObject({ profile: null });
    expect((await room.by(parent, 'DELETE', `/devices/${deviceId}`)).status).toBe(204);
    expect(told(await own(key))).toEqual([401, 'device.not_paired']);
    expect(await room.devices(parent)).toEqual([]);
    expect(await room.audit()).toMatchObject([
      { action: 'device.paired', actor: 'device', after: { name: 'Tablet', profileId: ada.profileId } },
      { action: 'device.changed', actor: 'user', after: { name: 'Küche', profileId: ada.profileId } },
      { action: 'device.changed', actor: 'user', after: { profileId: bob.profileId } },
      { action: 'device.changed', actor: 'user', after: { profileId: null } },
      { action: 'device.unpaired', actor: 'user' },
    ]);
  });

  test('of others is not there, nor is a profile of others given to it', async () => {
    const { key, deviceId } = await room.pair(parent, ada);
    const eve = await room.kid(other, 'Eve', '1234');
    for (const [method, body] of [
      ['PATCH', { name: 'Mine' }],
      ['PATCH', { profileId: eve.profileId }],
      ['DELETE', undefined],
    ] as const)
      expect(told(await room.by(other, method, `/devices/${deviceId}`, body))).toEqual([
        404,
        'device.not_found',
      ]);
    const foreign = await room.by(parent, 'PATCH', `/devices/${deviceId}`, { profileId: eve.profileId });
    expect(told(foreign)).toEqual([404, 'family.no_profile']);
    expect((await own(key)).body).toMatchObject({ name: 'TV', profile: { profileId: ada.profileId } });
    expect(told(await room.by(parent, 'DELETE', '/devices/1'))).toEqual([404, 'device.not_found']);
  });

  test('takes no field that is not its parent’s to set', async () => {
    const { deviceId } = await room.pair(parent, ada);
    for (const body of [{ keyHash: 'x' }, { name: 'a', userId: 1 }, { pairedAt: 'now' }, {}, { name: '' }])
      expect(told(await room.by(parent, 'PATCH', `/devices/${deviceId}`, body))).toEqual([
        400,
        'request.invalid',
      ]);
  });

  test('is no user: its key opens nothing of the account, nor a user’s token what is a device’s', async () => {
    const { key } = await room.pair(parent, ada);
    for (const path of ['/devices', '/auth/sessions', '/auth/tokens', '/users', '/requests'])
      expect((await room.ask('GET', path, undefined, room.bearer(key))).status, path).toBe(401);
    expect(told(await own(parent.accessToken))).toEqual([401, 'device.not_paired']);
    expect(told(await own(`${key}A`))).toEqual([401, 'device.not_paired']);
    expect((await room.ask('GET', '/device')).status).toBe(401);
  });

  test('stays when its child is gone, for nobody; its key is 401 when the parent is (A9)', async () => {
    const { key, deviceId } = await room.pair(parent, ada);
    const { code } = await room.code(parent, ada.profileId);
    await room.dropProfile(ada);
    expect(await room.devices(parent)).toMatchObject([{ deviceId, profile: null }]);
    expect((await own(key)).body).toMatchObject({ profile: null });
    expect((await room.claim(code, { name: 'TV', ...bob })).status).toBe(404);
    const theirs = await room.pair(other, await room.kid(other, 'Eve', '1'));
    expect((await own(theirs.key)).status).toBe(200);
    await room.asAdmin('DELETE', `/users/${other.user.userId}`);
    expect(told(await own(theirs.key))).toEqual([401, 'device.not_paired']);
  });

  test('of a closed account is 403 until it is open again', async () => {
    const { key } = await room.pair(other, await room.kid(other, 'Eve', '1'));
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'banned' });
    expect(told(await own(key))).toEqual([403, 'auth.closed']);
    await room.asAdmin('PATCH', `/users/${other.user.userId}`, { status: 'active' });
    expect((await own(key)).status).toBe(200);
  });

  test('is nothing a guest pairs, who has no profiles', async () => {
    const { code } = await room.deviceCode();
    await room.run(`UPDATE app_user SET role = 'guest' WHERE username = 'other'`);
    const { profileId } = await room.kid(other, 'Eve', '1');
    for (const [path, body] of [
      ['/pairing-codes', {}],
      ['/pairing-codes', { profileId }],
      [`/pairing-codes/${code}/confirm`, { profileId }],
    ] as const)
      expect(told(await room.by(other, 'POST', path, body))).toEqual([403, 'family.guest']);
    expect(await room.devices(other)).toEqual([]);
  });

  test('is one of a hundred', async () => {
    await room.run(`INSERT INTO device (user_id, friendly_name, key_hash)
      SELECT u.id, 'TV', sha256(g::text::bytea) FROM app_user u, generate_series(1, 100) g WHERE u.username = 'parent'`);
    const { code } = await room.code(parent);
    expect(told(await room.claim(code, { name: 'TV', ...ada }))).toEqual([409, 'device.too_many']);
  });
});

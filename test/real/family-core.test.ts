import { afterAll, beforeAll, expect, test } from 'vitest';
import { addZoo, type FamilyRoom, IBEX, openFamilyRoom, ZEBRA } from '../support/family-room.ts';
import { withStremioCore } from '../support/real/stremio-core.ts';

let room: FamilyRoom;
beforeAll(async () => {
  room = await openFamilyRoom();
  await addZoo(room);
}, 180_000);
afterAll(() => room?.close());

test('stremio-core with a kid’s address sees exactly the allowed list, and nothing of a blocked episode', async () => {
  const parent = await room.register('parent');
  const kid = await room.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
  const { base, manifestUrl } = await room.addInstall(parent, kid);
  const put = (rule: object) => room.ask('POST', `/api/profiles/${kid}/policies`, rule, parent);
  await put({ mediaId: ZEBRA, policy: 'allow' });
  await put({ mediaId: IBEX, policy: 'allow' });
  const before = (await room.streams(base, `series/${IBEX}:1:2`))[0]?.url ?? '';
  expect((await room.play(before)).status).toBe(206);
  await put({ mediaId: IBEX, blockedEpisodes: ['S1E2'] });
  await withStremioCore(async (core) => {
    const { manifest } = await core.installAddon(manifestUrl);
    expect(manifest.name).toContain('Ada');
    const shown = (await core.board()).flatMap(({ items }) => items.map(({ name }) => name));
    expect([...new Set(shown)].toSorted()).toEqual(['Ibex series', 'Zebra film']);
    const found = async (text: string) =>
      (await core.search(text)).flatMap(({ items }) => items.map(({ name }) => name));
    expect(await found('film')).toEqual(['Zebra film']);
    expect(await found('quagga')).toEqual([]);
    const allowed = await core.metaDetails('series', IBEX, `${IBEX}:1:1`);
    expect(allowed.meta.videos.map(({ id }) => id)).toEqual([`${IBEX}:1:1`]);
    expect(allowed.streams.map(({ url }) => typeof url)).toEqual(['string']);
    const blocked = await core.metaDetails('series', IBEX, `${IBEX}:1:2`);
    expect(blocked.streams).toMatchObject([
      { externalUrl: `${room.product.baseUrl}/`, description: expect.stringContaining('Ask a parent') },
    ]);
    await expect(core.metaDetails('movie', 'tt9100002')).rejects.toThrow();
  });
  expect((await room.play(before)).status).toBe(403);
});

import { z } from 'zod';
import { openFamilyRoom } from '../family-room.ts';
import { waitUntil } from '../wait-until.ts';
import { type Release, startEveryKind } from './every-kind.ts';

export const [ZEBRA, QUAGGA, OKAPI, IBEX] = ['tt9200001', 'tt9200002', 'tt9200003', 'tt9200004'] as const;
/** `allowed` stays so; the others are closed, each in its own way. */
export const RELEASES = {
  allowed: { word: 'zebra', name: 'Zebra.film.2001', id: `movie/${ZEBRA}` },
  denied: { word: 'quagga', name: 'Quagga.film.2001', id: `movie/${QUAGGA}`, isLong: true },
  unlisted: { word: 'okapi', name: 'Okapi.film.2001', id: `movie/${OKAPI}` },
  allowedEpisode: { word: 'ibex', name: 'Ibex.series.S01E01.Ibex.one', id: `series/${IBEX}:1:1` },
  blockedEpisode: { word: 'kudu', name: 'Ibex.series.S01E02.Kudu.comes', id: `series/${IBEX}:1:2` },
} satisfies Record<string, Release & { id: string }>;

const Scans = z.object({ scans: z.array(z.object({ phase: z.string(), status: z.string() })) });
const Streams = z.object({ streams: z.array(z.object({ streamId: z.string() })) });

/** A family's room in which each title and episode has a stream of every form, by servers that run. */
export async function openEveryKindRoom() {
  const servers = await startEveryKind(Object.values(RELEASES));
  const off = { STARTER_CATALOG: 'off', METADATA_PROVIDERS: 'none' };
  const room = await openFamilyRoom({ ...servers.env, ...off }).catch(async (error: unknown) => {
    await servers.stop();
    throw error;
  });
  const media = new Map<string, string>();
  const close = async () => {
    await room.close();
    await servers.stop();
  };
  const admin = room.product.adminToken;
  const parent = await room.register('parent');

  async function must(method: string, path: string, body?: object, token = parent): Promise<unknown> {
    const answer = await room.ask(method, path, body, token);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async function addTitles(): Promise<void> {
    const add = async (imdb: string, title: object) => {
      const body = { genres: ['Comedy'], ids: { imdb }, ...title };
      media.set(imdb, z.object({ id: z.string() }).parse(await must('POST', '/api/media', body, admin)).id);
    };
    await add(ZEBRA, { kind: 'movie', title: 'Zebra film', year: 2001 });
    await add(QUAGGA, { kind: 'movie', title: 'Quagga film', year: 2001 });
    await add(OKAPI, { kind: 'movie', title: 'Okapi film', year: 2001 });
    const episodes = [
      { number: 1, title: 'Ibex one' },
      { number: 2, title: 'Kudu comes' },
    ];
    await add(IBEX, { kind: 'series', title: 'Ibex series', seasons: [{ number: 1, episodes }] });
    for (const release of Object.values(RELEASES)) await addStreams(release);
  }

  async function addStreams(release: Release & { id: string }): Promise<void> {
    const [, imdb = '', season, episode] = /^\w+\/(tt\d+)(?::(\d+):(\d+))?$/.exec(release.id) ?? [];
    const place = season === undefined ? {} : { season: Number(season), episode: Number(episode) };
    for (const { form, kind, body } of servers.streamsOf(release)) {
      if (body === null) continue;
      const name = `${release.name}.1080p.${form.replace(' ', '-')}`;
      await must('POST', '/api/streams', { mediaId: imdb, ...place, kind, name, ...body }, admin);
    }
  }

  async function scan(source: object): Promise<void> {
    const added = await must('POST', '/api/sources', source, admin);
    const { sourceId } = z.object({ sourceId: z.string() }).parse(added);
    await must('PATCH', `/api/sources/${sourceId}`, { isActive: true }, admin);
    let told: unknown;
    await waitUntil(
      async () => {
        told = await must('GET', `/api/sources/${sourceId}/scans`, undefined, admin);
        return Scans.parse(told).scans.some(
          ({ phase, status }) => phase === 'enricher' && status === 'completed',
        );
      },
      { what: 'a source is scanned', timeoutMs: 60_000, detail: () => JSON.stringify(told) },
    );
  }

  try {
    const limits = { streamsPerSubject: 0, streamsPerIp: 0, streamsPerTitle: 100, streamsPerResolution: 100 };
    await must('PATCH', '/api/settings', limits, admin);
    await addTitles();
    await Promise.all(servers.sources.map(scan));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...room,
    ...{ servers, parent, must, close },
    /** Our ids of the titles, by those of IMDb. */
    media: media as ReadonlyMap<string, string>,
    async streamIdsOf(imdb: string): Promise<string[]> {
      const listed = await must('GET', `/api/streams?mediaId=${imdb}`, undefined, admin);
      return Streams.parse(listed).streams.map(({ streamId }) => streamId);
    },
    /** A device of a kid: its key, and where its own install begins. */
    async pair(profileId: string, pin: string): Promise<{ key: string; base: string }> {
      const { code } = z.object({ code: z.string() }).parse(await must('POST', '/api/pairing-codes', {}));
      const claim = { name: 'Tablet', profileId, pin };
      const paired = await must('POST', `/api/pairing-codes/${code}/claim`, claim);
      const { key } = z.object({ key: z.string() }).parse(paired);
      const own = z.object({ manifestUrl: z.string() });
      const { manifestUrl } = own.parse(await must('GET', '/api/device', undefined, key));
      return { key, base: manifestUrl.replace('/manifest.json', '') };
    },
  };
}
export type EveryKindRoom = Awaited<ReturnType<typeof openEveryKindRoom>>;

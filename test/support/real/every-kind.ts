import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFileOrigin } from '../file-origin.ts';
import { startFileTreeServer } from '../file-tree-server.ts';
import { startNntpServer } from '../nntp-server.ts';
import { nzbOf, postFile } from '../nzb-post.ts';
import { freePort, openTempDir, runProcess } from '../processes.ts';
import { startApache } from './apache.ts';
import { CLIP } from './clip.ts';
import { startVsftpd } from './ftp-servers.ts';
import { startOpentracker } from './opentracker.ts';
import { makePresentations } from './presentations.ts';
import { startSeeds } from './swarm.ts';

/** A film or an episode that is to have a stream of every kind. */
export type Release = {
  /** Its own word, in the name of each of its files. */
  word: string;
  /** As release groups write it: a file that a scan finds is matched by it. */
  name: string;
  /** More than a kernel takes of a viewer who does not read. */
  isLong?: boolean;
};

/** `form`: `http file`, `http hls` and so on; `body`: of `POST /api/streams`. Null in place of it: a scan finds it. */
export type KindStream = { form: string; kind: string; body: object | null };

const LONG_BYTES = 32 * 1024 * 1024;
const POST_BYTES = 700_000;
const SUBTITLE = 'WEBVTT\n\n00:01.000 --> 00:03.000\nGood evening.\n';

/** Servers nobody here wrote (but for those of HTTP files and of articles), and on them a stream of every form for each release, none of them the same bytes. */
export async function startEveryKind(releases: readonly Release[]) {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  await chmod(dir.path, 0o755);
  const folders = { films: '', ftp: '', dav: '', seeds: '', www: '', apache: '', made: '' };
  for (const name of Object.keys(folders) as (keyof typeof folders)[]) {
    folders[name] = join(dir.path, name);
    await mkdir(folders[name], { mode: 0o755 });
  }
  const short = join(dir.path, 'short.mp4');
  await runProcess({
    command: 'ffmpeg',
    args: ['-nostdin', '-v', 'error', '-i', CLIP, '-t', '12', '-c', 'copy', '-movflags', '+faststart', short],
  });
  const clip = await readFile(short);
  await makePresentations(folders.made);

  const fileOf = ({ name }: Release, form: string) => `${name}.1080p.${form.replace(' ', '-')}.mp4`;
  const bytesOf = ({ word, isLong }: Release, form: string) =>
    Buffer.concat([clip, Buffer.from(`${word} ${form}`.padEnd(5000)), longTail(isLong)]);
  const lay = async (folder: string, release: Release, form: string) =>
    await writeFile(join(folder, fileOf(release, form)), bytesOf(release, form));

  const origin = stack.use(await startFileOrigin({ folder: folders.www }));
  const ftp = stack.use(await startVsftpd({ root: folders.ftp }));
  const apache = stack.use(await startApache(folders.apache, folders.dav));
  const index = stack.use(await startFileTreeServer());
  const articles = new Map<string, Buffer>();
  const news = stack.use(await startNntpServer({ articles }));
  const nzbs = new Map<string, string>();
  const torrents = await seedAll();

  for (const release of releases) {
    await lay(folders.films, release, 'local file');
    await lay(folders.ftp, release, 'ftp file');
    await lay(folders.dav, release, 'http webdav');
    index.files.set(fileOf(release, 'http index'), bytesOf(release, 'http index'));
    await layOnline(release);
    const post = { name: fileOf(release, 'usenet post'), bytes: bytesOf(release, 'usenet post') };
    const posted = postFile(articles, { ...post, partBytes: POST_BYTES });
    nzbs.set(release.word, nzbOf([posted], { title: `${release.name}.1080p.usenet-post` }));
  }

  async function layOnline(release: Release): Promise<void> {
    const own = join(folders.www, release.word);
    await cp(folders.made, own, { recursive: true });
    await lay(own, release, 'http file');
    await writeFile(join(own, 'film.vtt'), SUBTITLE);
    const variant = '#EXT-X-STREAM-INF:BANDWIDTH=500000\nindex.m3u8';
    await writeFile(join(own, 'aes/master.m3u8'), `#EXTM3U\n${variant}\n`);
    if (!release.isLong) return;
    for (const segment of ['aes/index0.ts', 'number/chunk-stream0-00001.m4s'])
      await writeFile(join(own, segment), longTail(true));
  }

  async function seedAll(): Promise<ReadonlyMap<string, Buffer>> {
    const port = await freePort();
    const trackers = [`udp://127.0.0.1:${port}/announce`];
    const jobs: { word: string; files: string; torrent: string; pieceBytes: number; trackers: string[] }[] =
      [];
    for (const release of releases) {
      const own = join(folders.seeds, release.word);
      await mkdir(own);
      await lay(own, release, 'torrent file');
      const files = join(own, fileOf(release, 'torrent file'));
      jobs.push({ word: release.word, files, torrent: `${own}.torrent`, pieceBytes: 256 * 1024, trackers });
    }
    // Made once to know what the tracker is to serve.
    const made = await Promise.all(jobs.map((job) => startSeeds({ ...job, peers: [] })));
    await Promise.all(made.map((seeds) => seeds.stop()));
    stack.use(await startOpentracker({ infoHashes: made.map(({ infoHash }) => infoHash), port }));
    for (const [index, job] of jobs.entries())
      stack.use(
        await startSeeds({ ...job, peers: [{ host: `127.0.3.${index + 1}`, port: await freePort() }] }),
      );
    return new Map(jobs.map(({ word }, index) => [word, made[index]?.torrent ?? Buffer.alloc(0)]));
  }

  return {
    /** For the product. */
    env: {
      LOCAL_FOLDERS: `films=${folders.films}`,
      USENET_PROVIDERS: JSON.stringify([
        { name: 'news', host: news.host, port: news.port, tls: false, connections: 20, priority: 0 },
      ]),
    },
    /** `POST /api/sources`: where the files of the forms `http webdav` and `http index` are found; the last may be had by their own address too. */
    sources: [
      {
        name: 'NAS',
        finder: 'webdav',
        baseUrl: `${apache.baseUrl}dav/`,
        ...apache.login,
        allowsPrivate: true,
      },
      { name: 'Web', finder: 'http-index', baseUrl: index.baseUrl, offers: 'both', allowsPrivate: true },
    ],
    /** Where addresses of the last begin. */
    directUrl: index.baseUrl,
    streamsOf(release: Release): KindStream[] {
      const { word } = release;
      const at = (path: string) => `${origin.base}/${word}/${path}`;
      const number = releases.indexOf(release) + 1;
      const file = (form: string) => encodeURIComponent(fileOf(release, form));
      const subtitles = [{ url: at('film.vtt'), language: 'en' }];
      return [
        {
          ...{ form: 'local file', kind: 'local' },
          body: { file: `films/${fileOf(release, 'local file')}` },
        },
        { form: 'http file', kind: 'http', body: { url: at(file('http file')), subtitles } },
        { form: 'http hls', kind: 'http', body: { url: at('aes/master.m3u8') } },
        { form: 'http dash', kind: 'http', body: { url: at('number/index.mpd') } },
        { form: 'http webdav', kind: 'http', body: null },
        { form: 'http index', kind: 'http', body: null },
        {
          ...{ form: 'ftp file', kind: 'ftp' },
          body: { url: `ftp://127.0.0.1:${ftp.port}/${file('ftp file')}` },
        },
        {
          ...{ form: 'torrent file', kind: 'torrent' },
          body: { torrent: torrents.get(word)?.toString('base64') },
        },
        {
          ...{ form: 'usenet post', kind: 'usenet' },
          body: { nzb: Buffer.from(nzbs.get(word) ?? '').toString('base64') },
        },
        { form: 'youtube video', kind: 'youtube', body: { videoId: `video-of-0${number}` } },
        { form: 'telegram message', kind: 'telegram', body: { chat: `chat_of_${word}`, messageId: number } },
        {
          ...{ form: 'external page', kind: 'external' },
          body: { url: `https://pages.example/${word}`, service: 'a page' },
        },
      ];
    },
    stop: () => stack.disposeAsync(),
  };
}
export type EveryKind = Awaited<ReturnType<typeof startEveryKind>>;

function longTail(isLong = false): Buffer {
  return isLong ? randomBytes(LONG_BYTES) : Buffer.alloc(0);
}

import { describe, expect, test } from 'vitest';
import { inViewingOrder } from '../../src/addon/stream-order.ts';
import {
  bingeGroup,
  filenameOf,
  isFileOf,
  streamDescription,
  streamName,
} from '../../src/addon/stream-text.ts';
import type { Offer } from '../../src/features/stream-index/index.ts';
import type { Progress, Target } from '../../src/streams/kind.ts';
import { offerWith } from '../support/offers.ts';

const PLAY: Target = { via: 'play', fileIndex: null, resource: 'r', contentType: 'video/mp4' };
const SWARM: Target = {
  ...{ via: 'torrent', infoHash: 'a'.repeat(40), resource: 'r' },
  ...{ fileIndex: null, sources: [] },
};
const VIDEO: Target = { via: 'youtube', videoId: 'aqz-KE-bpKQ' };
const PAGE: Target = { via: 'external', url: 'https://watch.example/' };
const POST: Target = { via: 'listed', reason: 'Not yet.' };

const nameOf = (more: Partial<Offer>, target: Target = PLAY) => streamName('Films', offerWith(more), target);
const linesOf = (more: Partial<Offer>, target: Target = PLAY) =>
  streamDescription(offerWith(more), target).split('\n');

describe('the name', () => {
  test.each<[Partial<Offer>, Target, string]>([
    [{ resolution: '1080p' }, PLAY, 'Films 🌐\n1080p'],
    [
      { kind: 'torrent', resolution: '2160p', hdrFormats: ['DV', 'HDR10', 'HDR10+'] },
      SWARM,
      'Films 🧲\n2160p DV HDR10',
    ],
    [{ resolution: '1080p', visualTags: ['3D', 'H-SBS', 'IMAX'] }, PLAY, 'Films 🌐\n1080p 3D'],
    [{ kind: 'local' }, PLAY, 'Films 📁'],
    [{ kind: 'ftp', quality: 'DVDRip' }, PLAY, 'Films 🗄️\nDVDRip'],
    [{ resolution: '480p', quality: 'DVDRip' }, PLAY, 'Films 🌐\n480p'],
    [{ kind: 'youtube', resolution: '2160p', hdrFormats: ['HDR'] }, VIDEO, 'Films ▶️\nYouTube'],
    [{ kind: 'external', resolution: '2160p' }, PAGE, 'Films 🔗\n2160p'],
    [{ kind: 'usenet' }, POST, 'Films 📰'],
    [{ kind: 'telegram' }, PAGE, 'Films 📱'],
  ])('of %j is two short lines', (more, target, expected) => {
    expect(nameOf(more, target)).toBe(expected);
  });
});

describe('the description', () => {
  test('of what nothing is known of is its name alone', () => {
    expect(linesOf({})).toEqual(['Film.mp4']);
  });

  test.each([
    [{ completeness: 1, postedAt: 3 }, '🧩 100%  📅 3 d'],
    [{ completeness: 0.9999, postedAt: 364 }, '🧩 99.9%  📅 364 d'],
    [
      { completeness: 0.5, postedAt: 2000, health: 'damaged', needsPassword: true },
      '⚠️ 50%  📅 5.4 y  🔒 password',
    ],
    [{ completeness: 0, health: 'gone' }, '⚠️ gone'],
    [{ needsPassword: true }, '🔒 password'],
    [{}, undefined],
  ] as const)('of a post %j says whether it plays', (given, line) => {
    const days = 'postedAt' in given ? given.postedAt : null;
    const postedAt = days === null ? null : Date.now() - days * 86_400_000 - 1000;
    const unknown = { completeness: null, health: null, needsPassword: false };
    const [, figures] = linesOf({ kind: 'usenet', post: { ...unknown, ...given, postedAt } });
    expect(figures).toBe(line);
  });

  test('has a line a subject', () => {
    expect(
      linesOf({
        quality: 'BluRay',
        codec: 'HEVC',
        edition: "Director's Cut",
        audio: ['TrueHD', 'Atmos'],
        channels: ['7.1'],
        sizeBytes: 1_400_000_000,
        seeders: 0,
        languages: ['en', 'pt-BR'],
        subtitleLanguages: ['de', 'de'],
      }),
    ).toEqual([
      'Film.mp4',
      "🎞️ BluRay · HEVC · Director's Cut  🔊 TrueHD · Atmos · 7.1",
      '📦 1.4 GB  👤 0',
      '🎙️ English · Brazilian Portuguese  💬 German',
    ]);
  });

  test('says how the picture is packed, and where else the same release lies', () => {
    const visualTags = ['3D', 'H-SBS', 'IMAX', '10bit'];
    expect(linesOf({ codec: 'HEVC', edition: 'IMAX', visualTags, seeders: 3, alternatives: 2 })).toEqual([
      'Film.mp4',
      '🎞️ HEVC · H-SBS · 10bit · IMAX',
      '👤 3  🔁 2 more',
    ]);
  });

  test('leaves out halves of lines, and empty words', () => {
    expect(linesOf({ audio: ['AAC'], quality: '', sizeBytes: 5, subtitleLanguages: ['xx'] })).toEqual([
      'Film.mp4',
      '🔊 AAC',
      '📦 5 B',
      '💬 xx',
    ]);
  });

  test('names four languages, or three and how many more', () => {
    const languages = ['en', 'de', 'fr', 'es', 'it'];
    expect(linesOf({ languages: languages.slice(0, 4) })[1]).toBe('🎙️ English · German · French · Spanish');
    expect(linesOf({ languages })[1]).toBe('🎙️ English · German · French · +2');
  });

  test('names the file without its folders, and a stream by its name, slashes and all', () => {
    expect(linesOf({ name: 'Pack', fileName: 'Show.S01/Disc 1/Show.S01E02.mkv' })[0]).toBe('Show.S01E02.mkv');
    expect(linesOf({ name: 'AC/DC live' })[0]).toBe('AC/DC live');
  });

  test('takes a name as one line that keeps its direction and its length', () => {
    expect(linesOf({ name: 'a\r\nb\u2028c\u0000d\u202egpj.exe' })).toEqual(['a b c dgpj.exe']);
    const [long = ''] = linesOf({ name: '🎬'.repeat(500) });
    expect([...long]).toHaveLength(120);
    expect(long.endsWith('🎬…')).toBe(true);
  });

  test.each([
    ['CC-BY-3.0', 'Creative Commons Attribution 3.0', 'CC BY 3.0'],
    ['CC-BY-SA-4.0', 'Creative Commons Attribution-ShareAlike 4.0', 'CC BY-SA 4.0'],
    ['CC0-1.0', 'Creative Commons Zero 1.0', 'CC0 1.0'],
    ['PD', 'Public domain', 'Public domain'],
    ['LAL-1.3', 'Licence Art Libre', 'Licence Art Libre'],
  ])('calls %s what people call it, with the author', (licenceCode, licenceName, short) => {
    const open = { isOpen: true, licenceCode, licenceName };
    expect(linesOf(open)[1]).toBe(`📜 ${short}`);
    expect(linesOf({ ...open, attribution: '© Ann' })[1]).toBe(`📜 ${short} — © Ann`);
    expect(linesOf({ ...open, isOpen: false, attribution: '© Ann' })).toEqual(['Film.mp4']);
  });

  test('says when choosing it does not play it here', () => {
    expect(linesOf({}, PAGE).at(-1)).toBe('↗️ Opens outside the player');
    expect(linesOf({}, POST).at(-1)).toBe('ℹ️ Not yet.');
    expect(linesOf({}, VIDEO)).toHaveLength(1);
  });
});

describe('what goes on with a torrent', () => {
  const swarm = { peers: 4, giving: 2, bytesPerSecond: 2_100_000, piecesHeld: 3, pieceCount: 120 };
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000 - 1000);

  test.each<[Progress, string]>([
    [{ state: 'starting', swarm: null }, '⏳ Starting'],
    [{ state: 'starting', swarm }, '⏳ Starting · 4 peers · 2.1 MB/s · 3 of 120 pieces'],
    [
      { state: 'starting', swarm: { ...swarm, peers: 0, bytesPerSecond: 0, piecesHeld: 0, pieceCount: 0 } },
      '⏳ Starting · no peer yet',
    ],
    [{ state: 'running', swarm: { ...swarm, peers: 1 } }, '▶️ Running · 1 peer · 2.1 MB/s'],
    [{ state: 'running', swarm: { ...swarm, bytesPerSecond: 0 } }, '▶️ Running · 4 peers'],
    [{ state: 'running', swarm: { ...swarm, peers: 0, bytesPerSecond: 0 } }, '▶️ Running'],
    [
      { state: 'failed', at: ago(0), reason: 'no peer gave anything' },
      '⚠️ Failed just now · no peer gave anything',
    ],
    [
      { state: 'failed', at: ago(3), reason: 'no peer gave anything' },
      '⚠️ Failed 3 min ago · no peer gave anything',
    ],
  ])('%j is the last line', (progress, line) => {
    const without = streamDescription(offerWith({ seeders: 4 }), SWARM);
    expect(streamDescription(offerWith({ seeders: 4 }), SWARM, progress)).toBe(`${without}\n${line}`);
  });
});

describe('the file name', () => {
  test.each<[string, string, string]>([
    ['Film.mkv', 'video/x-matroska', 'Film.mkv'],
    ['Film, 720p WebM', 'video/webm', 'Film, 720p WebM.webm'],
    ['Film.2008.1080p', 'video/mp4', 'Film.2008.1080p.mp4'],
    ['Channel', 'application/vnd.apple.mpegurl', 'Channel.m3u8'],
    ['Film', 'application/octet-stream', 'Film'],
  ])('%s of type %s is %s, and is known again', (name, contentType, expected) => {
    const offer = offerWith({ name });
    const told = filenameOf(offer, { ...PLAY, contentType });
    expect(told).toBe(expected);
    expect(isFileOf(offer, told)).toBe(true);
    expect(isFileOf(offer, 'Another.mkv')).toBe(false);
    expect(isFileOf(offer, undefined)).toBe(false);
  });

  test('of a file in a torrent is the file’s', () => {
    expect(filenameOf(offerWith({ name: 'Pack', fileName: 'Pack/1.mkv' }), SWARM)).toBe('1.mkv');
  });
});

describe('the group of streams that follow each other', () => {
  const first = {
    name: 'S01E01',
    kind: 'torrent' as const,
    resolution: '1080p',
    releaseGroup: 'GRP',
    streamId: 1,
  };

  test('is one over episodes of a release, whatever differs from file to file', () => {
    const second = { ...first, name: 'S01E02', streamId: 2, fileIndex: 1, sizeBytes: 5, seeders: 9 };
    expect(bingeGroup(offerWith(second))).toBe(bingeGroup(offerWith(first)));
  });

  test.each<Partial<Offer>>([
    { resolution: '720p' },
    { releaseGroup: 'OTHER' },
    { quality: 'WEB-DL' },
    { codec: 'AVC' },
    { hdrFormats: ['DV'] },
    { languages: ['de'] },
    { kind: 'http' },
  ])('is another with %j', (more) => {
    expect(bingeGroup(offerWith({ ...first, ...more }))).not.toBe(bingeGroup(offerWith(first)));
  });
});

describe('the order', () => {
  const namesOf = (streams: readonly [Partial<Offer>, Target][]) =>
    inViewingOrder(streams.map(([offer, target]) => ({ offer: offerWith(offer), target }))).map(
      ({ offer }) => offer.name,
    );

  test('is by place, sharpness, source of a screen, nearness, and else as it came', () => {
    expect(
      namesOf([
        [{ name: 'post', kind: 'usenet', resolution: '2160p' }, POST],
        [{ name: 'page', kind: 'external', resolution: '2160p' }, PAGE],
        [{ name: 'video', kind: 'youtube', resolution: '2160p' }, VIDEO],
        [{ name: 'swarm', kind: 'torrent', resolution: '1080p', quality: 'BluRay' }, SWARM],
        [{ name: 'cam', kind: 'local', resolution: '1080p', quality: 'CAM' }, PLAY],
        [{ name: 'web 1', resolution: '1080p' }, PLAY],
        [{ name: 'web 2', resolution: '1080i' }, PLAY],
        [{ name: 'here', kind: 'local', resolution: '1080p' }, PLAY],
        [{ name: 'sharp', kind: 'torrent', resolution: '2160p' }, SWARM],
        [{ name: 'unknown', kind: 'local' }, PLAY],
      ]),
    ).toEqual(['sharp', 'here', 'web 1', 'web 2', 'swarm', 'cam', 'unknown', 'video', 'page', 'post']);
  });

  test('leaves what it was given alone', () => {
    const given = [
      { offer: offerWith({ name: 'b' }), target: PAGE },
      { offer: offerWith({ name: 'a' }), target: PLAY },
    ];
    inViewingOrder(given);
    expect(given.map(({ offer }) => offer.name)).toEqual(['b', 'a']);
  });
});

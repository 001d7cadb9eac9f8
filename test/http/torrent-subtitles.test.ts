import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Subtitle } from '../../src/addon/objects.ts';
import { StreamAnswer } from '../../src/features/stream-index/index.ts';
import { torrentOf, torrentRoom } from '../support/torrent-room.ts';

const Subtitles = z.object({ subtitles: z.array(Subtitle) });
const streamIn = (body: unknown) => StreamAnswer.parse(body);
const SRT = (text: string) => Buffer.from(`1\r\n00:00:01,000 --> 00:00:02,000\r\n${text}\r\n`, 'latin1');
const PACK = torrentOf('The.Show.S01.1080p-GRP', [
  ['The.Show.S01E01.1080p-GRP.mkv', 900],
  ['The.Show.S01E02.1080p-GRP.mkv', 900],
  ['Subs/The.Show.S01E01.1080p-GRP/2_English.srt', 0.05],
  ['Subs/The.Show.S01E02.1080p-GRP/2_English.srt', 0.05],
  ['Subs/The.Show.S01E02.1080p-GRP/3_French.srt', 0.05],
]);
const SHOW = { kind: 'series', title: 'The Show', ids: { imdb: 'tt0000702' } };

describe('subtitles among the files of a torrent that can be read here', () => {
  const room = torrentRoom((fileIndex) =>
    fileIndex === 4 ? SRT('Il était là à Noël') : SRT(`file ${fileIndex}`),
  );
  const of = async (episode: number) =>
    Subtitles.parse((await room.addon.ask(`/subtitles/series/tt0000702%3A1%3A${episode}.json`)).body)
      .subtitles;
  const textOf = async (url = '') => {
    const token = /\/play\/subtitles\/([\w-]+)\.vtt$/.exec(url)?.[1] ?? '';
    const link = room.addon.subtitleLinks.open(token);
    if (link === null) throw new Error('no link');
    return await room.texts.textOf(link, new AbortController().signal);
  };

  test('go with their own episode, by a link to WebVTT, beside the stream and by themselves', async () => {
    await room.add(SHOW, PACK);
    expect((await of(1)).map(({ lang }) => lang)).toEqual(['eng']);
    const second = await of(2);
    expect(second.map(({ lang }) => lang)).toEqual(['eng', 'fre']);
    expect(await textOf(second[0]?.url)).toMatch(/^WEBVTT[\s\S]*00:00:01.000 --> 00:00:02.000\nfile 3/);
    expect(await textOf(second[1]?.url)).toMatch(/Il était là à Noël/);
    const [stream] = await room.streamsOf('series', 'tt0000702:1:2');
    expect(stream).toMatchObject({ subtitles: [{ lang: 'eng' }, { lang: 'fre' }] });
  });

  test('are told of by the API with the index of their file, and stay one row each', async () => {
    const { subtitles, subtitleLanguages } = streamIn((await room.add(SHOW, PACK)).body);
    expect(subtitles).toEqual([
      { url: null, language: 'en', fileIndex: 2 },
      { url: null, language: 'en', fileIndex: 3 },
      { url: null, language: 'fr', fileIndex: 4 },
    ]);
    expect(subtitleLanguages).toEqual(['en', 'fr']);
    expect(streamIn((await room.add(SHOW, PACK)).body).subtitles).toHaveLength(3);
  });
});

describe('subtitles among the files of a torrent that only the player reads', () => {
  const room = torrentRoom();

  test('are known and not offered: nobody here could send them', async () => {
    expect(streamIn((await room.add(SHOW, PACK)).body).subtitles).toHaveLength(3);
    const answer = await room.addon.ask('/subtitles/series/tt0000702%3A1%3A2.json');
    expect(Subtitles.parse(answer.body).subtitles).toEqual([]);
    expect((await room.streamsOf('series', 'tt0000702:1:2'))[0]).not.toHaveProperty('subtitles');
    expect(await room.addon.dropped()).toEqual({});
  });
});

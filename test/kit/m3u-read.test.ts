import { expect, test } from 'vitest';
import { type ListEntry, m3uEntries } from '../../src/kit/m3u-read.ts';

async function entriesOf(text: string): Promise<ListEntry[]> {
  async function* lines() {
    yield* text.split('\n');
  }
  const entries: ListEntry[] = [];
  for await (const entry of m3uEntries(lines())) entries.push(entry);
  return entries;
}

test('an entry has its attributes, also with commas in quotes, and the title behind them', async () => {
  expect(
    await entriesOf(
      '\uFEFF#EXTM3U x-tvg-url="https://guide.example"\n#EXTINF:-1 tvg-id="one.nl" TVG-Logo="https://l.example/1.png" group-title="News, local" radio=true,One, the first\nhttps://tv.example/1.m3u8\r',
    ),
  ).toEqual([
    {
      ...{ title: 'One, the first', url: 'https://tv.example/1.m3u8', headers: {}, durationSeconds: null },
      attributes: {
        'tvg-id': 'one.nl',
        'tvg-logo': 'https://l.example/1.png',
        'group-title': 'News, local',
        radio: 'true',
      },
    },
  ]);
});

test('headers come from VLC options, Kodi properties and behind the bar, and belong to one entry', async () => {
  const [first, second] = await entriesOf(
    [
      '#EXTINF:-1,A',
      '#EXTVLCOPT:http-user-agent=Agent 1',
      '#EXTVLCOPT:network-caching=1000',
      '#KODIPROP:inputstream.adaptive.stream_headers=X-Key=a%20b',
      'https://tv.example/a|Referer=https://x.example/&User-Agent=Agent 2',
      '#EXTINF:60.5 tvg-name="B",',
      'https://tv.example/b',
    ].join('\n'),
  );
  expect(first?.headers).toEqual({ 'user-agent': 'Agent 2', 'x-key': 'a b', referer: 'https://x.example/' });
  expect(second).toMatchObject({ title: 'B', headers: {}, durationSeconds: 60.5 });
});

test('what is no list gives entries without titles, and no line makes it hang', async () => {
  const odd = `<html>\n#EXTINF\n#EXTINF:\n#EXTINF:-1 ${'a="'.repeat(9000)}\n${'x'.repeat(100_000)}\n#EXTGRP:News`;
  const started = performance.now();
  expect((await entriesOf(odd)).map(({ title }) => title)).toEqual(['']);
  expect(performance.now() - started).toBeLessThan(2000);
});

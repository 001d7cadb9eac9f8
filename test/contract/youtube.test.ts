import { expect, test } from 'vitest';
import { youtubeId, youtubeKind } from '../../src/streams/youtube/index.ts';
import { storedKindContract } from './stream-kind.ts';

storedKindContract('youtube', youtubeKind, {
  input: { videoId: 'aqz-KE-bpKQ' },
  sameInput: { url: 'https://www.youtube.com/watch?list=PL1&v=aqz-KE-bpKQ&t=10s', isLive: true },
  otherInput: { url: 'https://youtu.be/eRsGyueVLvQ?si=abc' },
  badInputs: [
    {},
    { videoId: 'short' },
    { url: 'https://example.org/watch?v=aqz-KE-bpKQ' },
    { url: 'https://youtube.com/@channel' },
  ],
  target: () => ({ via: 'youtube', videoId: 'aqz-KE-bpKQ' }),
});

test.each([
  'https://m.youtube.com/watch?v=aqz-KE-bpKQ',
  'youtube.com/shorts/aqz-KE-bpKQ?feature=share',
  'https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ?rel=0',
  'https://music.youtube.com/watch?v=aqz-KE-bpKQ&si=x',
  'http://youtube.com/live/aqz-KE-bpKQ',
  'https://www.youtube.com/v/aqz-KE-bpKQ',
  ' https://youtu.be/aqz-KE-bpKQ ',
])('reads the id of %s', (link) => {
  expect(youtubeId(link)).toBe('aqz-KE-bpKQ');
});

test.each(['https://youtube.com.example.org/watch?v=aqz-KE-bpKQ', 'https://youtu.be/', 'aqz-KE-bpKQ1', ''])(
  'finds no id in "%s"',
  (link) => {
    expect(youtubeId(link)).toBeNull();
  },
);

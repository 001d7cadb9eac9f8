import { httpKind } from '../../src/streams/http/index.ts';
import { resourceKey } from '../../src/streams/resource.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { startOrigin } from '../support/origin.ts';
import { openableKindContract, storedKindContract } from './stream-kind.ts';

const badInputs = [
  {},
  { url: 'ftp://127.0.0.1/film.mp4' },
  { url: 'javascript:alert(1)' },
  { url: 'http://' },
  { url: `http://127.0.0.1/${'a'.repeat(9000)}` },
  { url: 'http://127.0.0.1/', headers: { 'x-a': 'one\r\nx-b: two' } },
  { url: 'http://127.0.0.1/', headers: { 'bad name': 'x' } },
  { url: 'http://127.0.0.1/', headers: { Host: 'elsewhere' } },
  { url: 'http://127.0.0.1/', headers: { Range: 'bytes=0-1' } },
  { url: 'http://127.0.0.1/', expiresAt: 'tomorrow' },
];

openableKindContract('http', async (bytes) => {
  const held = await openKindDeps();
  const origin = await startOrigin(bytes);
  return {
    kind: httpKind(held.deps),
    input: { url: origin.url },
    badInputs,
    async dieAfter(count) {
      Object.assign(origin.behaviour, { cutAfter: count, isDeadAfterCut: true });
    },
    async close() {
      await held.close();
      await origin.stop();
    },
  };
});

storedKindContract('http', httpKind, {
  input: { url: 'http://user:p%40ss@Films.example.org:80/a/Film.mkv?id=1#t=10', headers: { Referer: 'x' } },
  sameInput: { url: 'http://films.example.org/a/Film.mkv?id=1' },
  otherInput: { url: 'http://films.example.org/a/Film.mkv?id=2' },
  badInputs,
  target: (fileIndex) => ({
    via: 'play',
    fileIndex,
    resource: resourceKey('http', 'http://films.example.org/a/Film.mkv?id=1'),
    contentType: 'video/x-matroska',
  }),
});

import { ftpKind } from '../../src/streams/ftp/index.ts';
import { resourceKey } from '../../src/streams/resource.ts';
import { NEVER, readRange } from '../support/ftp-room.ts';
import { type FtpServer, startFtpServer } from '../support/ftp-server.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { openableKindContract, storedKindContract } from './stream-kind.ts';

const badInputs = [
  {},
  { url: 'http://127.0.0.1/film.mp4' },
  { url: 'ftp:///film.mp4' },
  { url: 'ftp://127.0.0.1/' },
  { url: `ftp://127.0.0.1/${'a'.repeat(9000)}` },
  { url: `ftp://127.0.0.1/${'é'.repeat(2000)}` },
  { url: 'ftp://127.0.0.1/a\r\nDELE b' },
  { url: 'ftp://127.0.0.1/a%0D%0ADELE%20b' },
  { url: 'ftp://127.0.0.1/a%00b' },
  { url: 'ftp://127.0.0.1/a%0Ab' },
  { url: 'ftp://us%0Aer:pass@127.0.0.1/a' },
  { url: 'ftp://user:pa%0Dss@127.0.0.1/a' },
  { url: 'ftp://127.0.0.1/a%2F..%2Fb' },
  { url: 'ftp://127.0.0.1/a/b%2Fc' },
];

const urlOf = ({ port }: FtpServer) => `ftp://127.0.0.1:${port}/films/A%20film.mkv`;

openableKindContract('ftp', async (bytes) => {
  const held = await openKindDeps();
  const server = await startFtpServer(new Map([['/films/A film.mkv', bytes]]));
  const kind = ftpKind(held.deps);
  return {
    kind,
    input: { url: urlOf(server) },
    badInputs,
    async dieAfter(count) {
      // Two at most wait for a next range that begins there: they have the rest already.
      const ref = { detail: kind.parse({ url: urlOf(server) }), fileIndex: null };
      for (let waiting = 0; waiting < 2; waiting += 1) {
        const source = await kind.open?.(ref, NEVER);
        if (source !== undefined) await readRange(source, count, bytes.length);
      }
      Object.assign(server.behaviour, { cutAfter: count, isDeadAfterCut: true });
    },
    async close() {
      await kind.close?.();
      await held.close();
      await server.stop();
    },
  };
});

storedKindContract('ftp', ftpKind, {
  input: { url: 'ftp://user:p%40ss@Films.example.org:21/a/Fil%6d%20%e9.mkv' },
  sameInput: { url: 'ftp://films.example.org/a//Film %E9.mkv;type=i' },
  otherInput: { url: 'ftps://films.example.org/a/Film%20%E9.mkv' },
  badInputs,
  target: (fileIndex) => ({
    via: 'play',
    fileIndex,
    resource: resourceKey('ftp', 'ftp://films.example.org/a/Film%20%E9.mkv'),
    contentType: 'video/x-matroska',
  }),
});

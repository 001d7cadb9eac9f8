import { usenetKind } from '../../src/streams/usenet/index.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { startNntpServer } from '../support/nntp-server.ts';
import { startOrigin } from '../support/origin.ts';
import { releaseOf } from '../support/usenet-releases.ts';
import { providerAt } from '../support/usenet-room.ts';
import { openableKindContract, storedKindContract } from './stream-kind.ts';

const target = () =>
  ({ via: 'listed', reason: 'No Usenet provider is configured (USENET_PROVIDERS).' }) as const;
const badInputs = [
  {},
  { guid: '' },
  { guid: 'x'.repeat(201) },
  { nzbUrl: 'ftp://indexer.example.org/1.nzb' },
  { nzbUrl: 'no url' },
];

storedKindContract('usenet', usenetKind, {
  input: { guid: 'a1b2c3', nzbUrl: 'https://indexer.example.org/get/a1b2c3?apikey=one' },
  sameInput: { guid: 'a1b2c3' },
  otherInput: { guid: 'a1b2c4' },
  badInputs,
  target,
});

storedKindContract('usenet, by an URL with a member’s key', usenetKind, {
  input: { nzbUrl: 'https://indexer.example.org/api?t=get&id=77&apikey=one' },
  sameInput: { nzbUrl: 'https://indexer.example.org/api?t=get&id=77&apikey=two' },
  otherInput: { nzbUrl: 'https://indexer.example.org/api?t=get&id=78&apikey=one' },
  badInputs,
  target,
});

openableKindContract('usenet', async (bytes) => {
  const held = await openKindDeps();
  const { articles, nzb, posted } = await releaseOf([{ name: 'Film.2020.mkv', bytes }], { inside: [] });
  let lives = Number.POSITIVE_INFINITY;
  const placeOf = new Map(posted[0]?.map(({ id }, place) => [id, place]));
  const trouble = (id: string) => ((placeOf.get(id) ?? 0) >= lives ? ({ kind: 'missing' } as const) : null);
  const server = await startNntpServer({ articles, trouble });
  const indexer = await startOrigin(Buffer.from(nzb));
  const kind = usenetKind({
    ...held.deps,
    usenet: { providers: [providerAt(server)], cache: { folder: '/nonexistent', maxBytes: 0 } },
    // So little that most of the file is not kept from one reading to the next.
    streamMemoryBytes: 8 * 1024 * 1024,
  });
  return {
    kind,
    input: { nzbUrl: indexer.url },
    badInputs,
    async dieAfter(count) {
      lives = Math.floor((count / bytes.length) * placeOf.size);
    },
    async close() {
      await kind.close?.();
      await server.stop();
      await indexer.stop();
      await held.close();
    },
  };
});

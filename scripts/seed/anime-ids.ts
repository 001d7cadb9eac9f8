import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { replaceList } from '../../src/features/ids/index.ts';
import { completeAllIds } from '../../src/features/media/index.ts';
import { noteContradictions } from '../../src/features/metadata/index.ts';
import { BadInput, UpstreamFailed } from '../../src/kit/errors.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { toUpstreamFailed } from '../../src/platform/net-request.ts';
import type { ScriptContext } from '../context.ts';
import type { Importer, ImportWork } from './importer.ts';
import { onlyArgument } from './usage.ts';

/** The largest list is of 60 MB; one that unpacks to more than this is none. */
const MAX_BYTES = 512 * 1024 * 1024;
const SHOWN_CONTRADICTIONS = 20;

/** The public lists that say which anime ids are one title, and where its episodes stand in the series. */
export const animeIds: Importer = {
  name: 'anime-ids',
  usage: [
    'PATH-OR-URL  a list of anime ids: Fribb anime-lists (JSON), Anime-Lists anime-list (XML) or manami anime-offline-database (JSON, JSON Lines); plain, .gz or .zst',
  ],
  async run(args, work) {
    const source = onlyArgument(args, 'the path or the web address of a list');
    const { signal, progress, context } = work;
    const { db } = context.database;
    progress.begin('reading and storing the list', 'entries', null);
    const result = await replaceList(db, unpacked(sourceOf(source, work)), {
      signal,
      onEntry: () => progress.add(1),
    });
    progress.end();
    progress.begin('completing ids', 'titles', null);
    const completed = await completeAllIds(db, { signal, onTitles: (count) => progress.add(count) });
    const { contradictions } = completed;
    await noteContradictions(
      db,
      'anime-lists',
      contradictions.map((one) => ({ ...one, title: null, year: null })),
    );
    progress.end();
    return {
      ...result,
      titles: completed.titles,
      idsAdded: completed.added,
      contradictions: contradictions.length,
      toReview: contradictions
        .slice(0, SHOWN_CONTRADICTIONS)
        .map(({ mediaId, reason }) => `title ${mediaId}: ${reason}`),
    };
  },
};

function sourceOf(source: string, { context, signal, progress }: ImportWork): AsyncIterable<Uint8Array> {
  const at = (done: number, total: number) => progress.at(total > 0 ? Math.min(1, done / total) : 0);
  return /^https?:\/\//i.test(source) ? fetched(source, context, signal, at) : fileBytes(source, signal, at);
}

type At = (done: number, total: number) => void;

async function* fileBytes(path: string, signal: AbortSignal, at: At): AsyncGenerator<Uint8Array> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile())
    throw new BadInput('seed.no_file', `There is no readable file ${path}.`);
  yield* counted(createReadStream(path, { signal }), info.size, at);
}

async function* fetched(
  url: string,
  { config, database }: ScriptContext,
  signal: AbortSignal,
  at: At,
): AsyncGenerator<Uint8Array> {
  const { mode, allow } = config.outbound;
  const net = createNet({ mode, allow, ownPorts: () => new Set(database.ports) });
  try {
    yield* answered(net, url, signal, at);
  } catch (error) {
    signal.throwIfAborted();
    throw toUpstreamFailed(error);
  } finally {
    await net.close();
  }
}

async function* answered(net: Net, url: string, signal: AbortSignal, at: At): AsyncGenerator<Uint8Array> {
  const { status, headers, body } = await net.request(url, {
    headers: { 'accept-encoding': 'identity' },
    signal,
  });
  // A body cut off below says so by an error event; one that nobody hears would end the process.
  body.on('error', () => {});
  try {
    if (status !== 200)
      throw new UpstreamFailed(`The list could not be fetched: its server answered ${status}.`, {
        retryable: status >= 500,
      });
    yield* counted(body, Number(headers['content-length'] ?? 0), at);
  } finally {
    body.destroy();
  }
}

async function* counted(chunks: AsyncIterable<unknown>, total: number, at: At): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) continue;
    done += chunk.length;
    if (done > MAX_BYTES) throw tooLarge();
    at(done, total);
    yield chunk;
  }
}

/** What begins as gzip or Zstandard is unpacked, whatever it is called. */
async function* unpacked(chunks: AsyncGenerator<Uint8Array> | AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const { value: head = new Uint8Array(0) } = await iterator.next();
    const all = joined(head, { [Symbol.asyncIterator]: () => iterator });
    const [first, second, third, fourth] = head;
    const isGzip = first === 0x1f && second === 0x8b;
    const isZstd = first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd;
    yield* isGzip || isZstd ? through(isGzip ? createGunzip() : createZstdDecompress(), all) : all;
  } finally {
    await iterator.return?.();
  }
}

async function* joined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

async function* through(
  unpacker: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const fed = pipeline(Readable.from(packed, { objectMode: false }), unpacker).catch(
    (error: unknown) => error,
  );
  let done = 0;
  try {
    for await (const chunk of unpacker) {
      if (!(chunk instanceof Uint8Array)) continue;
      done += chunk.length;
      if (done > MAX_BYTES) throw tooLarge();
      yield chunk;
    }
  } catch (error) {
    throw isBrokenPack(error)
      ? new BadInput('seed.broken_pack', 'The packed list is broken, or ends in the middle.')
      : error;
  } finally {
    unpacker.destroy();
    await fed;
  }
}

function isBrokenPack(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZSTD)/.test(String(error.code));
}

function tooLarge(): BadInput {
  return new BadInput('seed.too_large', `The list is larger than ${MAX_BYTES / 1024 / 1024} MiB.`);
}

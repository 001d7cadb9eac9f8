import { bytesOf } from '../../kit/byte-names.ts';
import { AppError } from '../../kit/errors.ts';
import { wholeSize } from '../../kit/whole-size.ts';
import { abortable } from '../../platform/abortable.ts';
import { type FtpPlace, placeOf } from '../../platform/ftp/place.ts';
import { createFtpPool, type FtpPool, type FtpPoolOptions } from '../../platform/ftp/pool.ts';
import { ftpFailure, refusedWith } from '../../platform/ftp/refusal.ts';
import type { FtpSession } from '../../platform/ftp/session.ts';
import type { FtpTransfer } from '../../platform/ftp/transfer.ts';
import type { Net } from '../../platform/net.ts';
import { atFault } from '../ask-folder.ts';
import { describeFolder } from '../describe-folder.ts';
import { namedBy } from '../listed-name.ts';
import { type ListedEntry, type Lister, ListingFailed, type ListingPlace } from '../lister.ts';
import { EntryReader, MAX_LINKS } from './entry-reader.ts';
import { LineBatches } from './line-batches.ts';
import { lineOfList, lineOfMlsd } from './listing-line.ts';

const CONNECTIONS = 8;
const BATCH = 1000;
const BUSY_REST_MS = 30_000;

/**
 * Lists the folders of an FTP server: by MLSD where it has that (UTC times, exact sizes), else by LIST in the folder itself, as paths with
 * spaces lead nowhere in some servers' LIST. Links are asked for one by one what they lead to.
 */
export function ftpListing(
  { net, ftp }: { net: Pick<Net, 'dial'>; ftp?: FtpPoolOptions },
  place: ListingPlace,
): Lister {
  const connections = place.config.connections ?? CONNECTIONS;
  const pool = createFtpPool(net, { ...ftp, mostPerPlace: connections });
  const server = serverOf(place);
  const base = bytesOf(new URL(place.baseUrl).pathname.slice(1)).replace(/\/$/, '');

  return {
    connections,
    list: (path, signal, onRefused = () => {}) => listFolder({ pool, server, base }, path, signal, onRefused),
    async test(signal) {
      const words = await describeFolder(listFolder({ pool, server, base }, '', signal, () => {}));
      return `An FTP server. ${words}`;
    },
    close: async () => pool.close(),
  };
}

function serverOf({ baseUrl, username, password }: ListingPlace): FtpPlace {
  const server = placeOf(baseUrl, username === null ? null : { username, password: password ?? '' });
  if (server === null)
    throw new ListingFailed('server', 'Its address is not one of FTP.', { isLasting: true });
  return server;
}

type Where = { pool: FtpPool; server: FtpPlace; base: string };

async function* listFolder(
  { pool, server, base }: Where,
  path: string,
  signal: AbortSignal,
  onRefused: () => void,
): AsyncGenerator<readonly ListedEntry[], void> {
  const lines = new LineBatches();
  let transfer: FtpTransfer | null = null;
  const lease = await pool.lease(server, signal).catch((error: unknown) => {
    throw failed(error, path, signal);
  });
  const { session } = lease;
  const folder = session.absolute([base, bytesOf(path)].filter((part) => part !== '').join('/'));
  const beginning = begin(session, folder, lines);
  try {
    const { read, begun } = await abortable(beginning, signal);
    const reader = new EntryReader(read, onRefused);
    transfer = begun;
    lines.onRoom = () => begun.resume();
    for (
      let batch = await lines.next(BATCH, signal);
      batch !== null;
      batch = await lines.next(BATCH, signal)
    ) {
      const entries = reader.take(batch);
      if (entries.length > 0) yield entries;
    }
    yield reader.end();
    const { links } = reader;
    const some = links.slice(0, MAX_LINKS);
    for (let at = 0; at < some.length; at += BATCH)
      yield await followed(session, folder, some.slice(at, at + BATCH), signal);
    // Told as failed, so that nothing of it is taken for gone.
    if (links.length > MAX_LINKS)
      throw new ListingFailed(
        'folder',
        `It holds more than ${MAX_LINKS} links: the rest of them is left out.`,
        {
          isLasting: true,
        },
      );
  } catch (error) {
    throw failed(error, path, signal);
  } finally {
    // The next folder waits for it, rather than for a login.
    lease.hold(null);
    const ending = transfer === null ? beginning.then(({ begun }) => begun) : Promise.resolve(transfer);
    ending
      .then((begun) => (lines.hasEnded ? undefined : begun.cut()))
      .catch(() => {})
      .finally(() => lease.release());
  }
}

async function begin(session: FtpSession, folder: string, lines: LineBatches) {
  if (session.hasFeature('MLST') || session.hasFeature('MLSD'))
    return { read: lineOfMlsd, begun: await session.transfer(`MLSD ${folder}`, 0, lines) };
  await session.demand(`CWD ${folder}`);
  return { read: lineOfList, begun: await session.transfer('LIST', 0, lines) };
}

/** What links lead to: SIZE follows them, and CWD goes into folders only. What leads nowhere is left out. */
async function followed(
  session: FtpSession,
  folder: string,
  links: readonly string[],
  signal: AbortSignal,
): Promise<readonly ListedEntry[]> {
  const entries: ListedEntry[] = [];
  for (const link of links) {
    signal.throwIfAborted();
    const named = namedBy(Buffer.from(link, 'latin1'));
    const path = `${folder.replace(/\/$/, '')}/${link}`;
    const size = await session.ask(`SIZE ${path}`);
    const bytes = size.code === 213 ? wholeSize(size.message.slice(4).trim()) : null;
    const isFolder = size.code !== 213 && (await session.ask(`CWD ${path}`)).code < 300;
    if (named === null || !(isFolder || bytes !== null)) continue;
    entries.push({
      ...{ kind: isFolder ? 'folder' : 'file', ...named },
      ...{ sizeBytes: isFolder ? null : bytes, modifiedAt: null },
    });
  }
  return entries;
}

/** As ListingFailed: a folder that is not there says nothing about the server, whatever else it says does. */
function failed(error: unknown, path: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const code = refusedWith(error);
  if (error instanceof ListingFailed || (error instanceof AppError && error.code === 'net.refused'))
    return error;
  if (code === 550 || code === 450 || code === 553 || code === 501)
    return atFault(path === '', `There is no such folder, or it may not be read (code ${code}).`, error);
  if (code === 421)
    return new ListingFailed('server', 'It has too many visitors (code 421).', {
      restMs: BUSY_REST_MS,
      cause: error,
    });
  const isLogin = code === 530 || code === 430;
  return new ListingFailed('server', isLogin ? 'It refuses the login.' : ftpFailure(error).message, {
    isLasting: isLogin,
    cause: error,
  });
}

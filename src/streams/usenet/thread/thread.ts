/** The thread in which Usenet is read: sockets, decoding and checksums stay off the thread that answers viewers. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { NotFound } from '../../../kit/errors.ts';
import { createLog } from '../../../platform/log.ts';
import { createNet } from '../../../platform/net.ts';
import { createSlabMemory } from '../../slab-memory.ts';
import { type Asked, serveThread, threadTalk } from '../../thread-serve.ts';
import { openArticleDisk } from '../articles/disk.ts';
import { createPostedFile } from '../articles/posted-file.ts';
import { createArticleStore } from '../articles/store.ts';
import type { ReleaseFile } from '../engine.ts';
import { healthOf } from '../health.ts';
import { createAllProviders } from '../providers/all-providers.ts';

import { openRelease } from '../release/open-release.ts';
import { OpenReleases } from '../release/opened.ts';
import { readFile } from '../release/read-file.ts';
import { isHole, toAppError } from '../release/refusals.ts';
import { nameOfSubject } from '../subject-name.ts';
import { createYenc } from '../yenc/yenc.ts';
import type { Ask, Opened, Tell, ThreadData, Told } from './messages.ts';

/** Of the memory, for what is given out and not yet sent: slow viewers stop there, and with them the reading ahead. */
const OUT_SHARE = 0.5;
/** The most that one viewer may have ahead (criterion 38). */
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
/** Of the memory, for articles that nobody wants right now. */
const CACHE_SHARE = 0.5;
const STATES_MS = 1000;
const QUIET_S = 60;

if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const { outbound, publicUrl, memoryBytes, cache, providers } = data;
  const ownPorts = new Set<number>();
  const net = createNet({ ...outbound, publicUrl, ownPorts: () => ownPorts });
  const talk = threadTalk<Told>(port);
  const yenc = createYenc();
  const memory = createSlabMemory(memoryBytes, (slab) => talk.forget(slab));
  const articles = createAllProviders({ net, yenc, providers });
  const disk = await openArticleDisk({ ...cache, log: createLog('silent') });
  const cacheBytes = memoryBytes * CACHE_SHARE;
  const store = createArticleStore({ articles, yenc, memory, disk, cacheBytes });
  const releases = new OpenReleases({
    open: (spec, signal) => openRelease(spec, { posted }, signal),
    onLearned: (key, learned) => talk.tell({ type: 'learned', key, learned }),
  });
  let viewers = 0;

  function posted(...[file, learned, onLearned]: Parameters<Parameters<typeof openRelease>[1]['posted']>) {
    viewers += 1;
    const { segments, missing, subject } = file;
    return createPostedFile({
      store,
      segments,
      missing,
      name: nameOfSubject(subject) ?? '',
      learned,
      onLearned,
      viewer: viewers,
    });
  }

  let toldProviders = '';
  let toldStates = 0;
  let quietS = 0;
  setInterval(() => {
    const states = releases.tick();
    if (states.length > 0 || toldStates > 0) talk.tell({ type: 'states', states });
    toldStates = states.length;
    tellProviders();
    quietS = states.some(({ readers }) => readers > 0) ? 0 : quietS + 1;
    // New memory is dear: between two films it stays.
    if (quietS === QUIET_S) memory.trim();
  }, STATES_MS).unref();

  function tellProviders(): void {
    const states = articles.states();
    if (JSON.stringify(states) === toldProviders) return;
    toldProviders = JSON.stringify(states);
    talk.tell({ type: 'providers', providers: states });
  }

  const maxOutBytes = memoryBytes * OUT_SHARE;
  serveThread<Ask, Tell>(port, talk.shared, { memory, maxOutBytes, run, onTell });

  function onTell({ key }: Tell): void {
    releases.release(key);
  }

  async function run(question: Ask, asked: Asked): Promise<unknown> {
    const { signal } = asked;
    try {
      switch (question.type) {
        case 'reopen':
          return opened(await releases.reopen(question.key, signal));
        case 'open':
          for (const own of question.ownPorts) ownPorts.add(own);
          return opened(await releases.open(question.spec, signal));
        case 'read':
          return await read(question, asked);
        case 'health':
          for (const own of question.ownPorts) ownPorts.add(own);
          return await healthOf(question.spec, articles, signal);
        default:
          return await close();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw toAppError(error);
    }
  }

  function opened(files: readonly ReleaseFile[] | null): Opened | null {
    return files === null ? null : { files };
  }

  async function read(
    { key, fileIndex, range, fillsHoles }: Extract<Ask, { type: 'read' }>,
    { signal, give }: Asked,
  ): Promise<void> {
    const release = await releases.of(key);
    const entry = release.files.find(({ index }) => index === fileIndex);
    if (entry === undefined) throw new NotFound('play.no_file', 'This post has no such file.');
    viewers += 1;
    const reading = releases.reading(key);
    const windowBytes = () => Math.min(MAX_WINDOW_BYTES, store.shareBytes());
    const options = {
      store,
      memory,
      files: release.posted,
      viewer: viewers,
      windowBytes,
      range,
      signal,
      padding: fillsHoles ? entry.padding : null,
    };
    try {
      for await (const part of readFile(entry, options)) {
        reading.count(part.to - part.from);
        await give(part);
      }
    } catch (error) {
      if (isHole(error)) reading.missed();
      throw error;
    } finally {
      reading.end();
    }
  }

  async function close(): Promise<null> {
    await store.close();
    await articles.close();
    tellProviders();
    await net.close();
    return null;
  }
}

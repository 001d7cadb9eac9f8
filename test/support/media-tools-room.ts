import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { codecsFor, createMediaTools, type MediaTools } from '../../src/platform/media-tools/index.ts';
import { createLender, type Lender } from '../../src/play/lend.ts';
import type { ByteSource } from '../../src/streams/kind.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';
import { openTempDir } from './processes.ts';
import { makeFilms } from './real/films.ts';

/** ffmpeg's tools, films made for them, and the lender that hands them out. Registers the hooks. */
export function mediaToolsRoom() {
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let held: TestKindDeps;
  let kinds: Kinds;
  let tools: MediaTools;
  let lender: Lender;
  const ownPorts = new Set<number>();
  const log = createLog('silent');
  const signal = () => AbortSignal.timeout(60_000);

  beforeAll(async () => {
    dir = await openTempDir();
    await makeFilms(dir.path);
    held = await openKindDeps({ films: dir.path });
    kinds = createKinds(held.deps);
    tools = createMediaTools({ ffmpegPath: 'ffmpeg', cores: 2, log });
    lender = createLender({ ownPorts });
  });
  afterAll(async () => {
    await lender?.close();
    await kinds?.close();
    await held?.close();
    await dir?.remove();
  });

  /** Lends a file of the folder, or what an http origin has, for one run. */
  async function lent<T>(
    input: { kind: 'local'; file: string } | { kind: 'http'; url: string },
    work: (url: string, source: ByteSource) => Promise<T>,
  ): Promise<T> {
    const kind = kinds.get(input.kind);
    const detail = kind?.parse(input.kind === 'local' ? { file: `films/${input.file}` } : input);
    const source = await kind?.open?.({ detail, fileIndex: null }, signal());
    if (source === undefined) throw new Error('nothing opened');
    const loan = await lender.lend(source);
    try {
      return await work(loan.url, source);
    } finally {
      loan.release();
      await source.close();
    }
  }

  const local = (file: string) => ({ kind: 'local', file }) as const;

  /** ffmpeg and ffprobe processes begun by this one. */
  async function children(): Promise<number[]> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,ppid=,comm=', '-A']);
    return stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, name = '']) => Number(parent) === process.pid && /^ff(mpeg|probe)/.test(name))
      .map(([pid]) => Number(pid));
  }

  /** A slow run: the HDR film encoded anew. */
  async function slowRun(url: string, stopping: AbortSignal) {
    const facts = await tools.probe(url, signal());
    const codecs = codecsFor(facts, 0, 1);
    expect(codecs).toEqual({ video: 'libx264', audio: 'aac' });
    const part = { url, startSeconds: 0, endSeconds: 1000, videoIndex: 0, audioIndex: 1, codecs };
    return tools.init(part, stopping);
  }

  return {
    lent,
    local,
    children,
    slowRun,
    signal,
    log,
    ownPorts,
    get dir() {
      return dir;
    },
    get held() {
      return held;
    },
    get kinds() {
      return kinds;
    },
    get tools() {
      return tools;
    },
    get lender() {
      return lender;
    },
  };
}

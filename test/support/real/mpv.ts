import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { plainEnv, type RunningProcess, startProcess, withTempDir } from '../processes.ts';
import { waitUntil } from '../wait-until.ts';
import type { Playback } from './players.ts';

type MpvOptions = {
  /** Per step: start, seek, play on. Default 20 s. */
  timeoutMs?: number;
  /**
   * mpv's own cache reads a clip whole on loopback, and a seek then asks nobody. Default false: every seek is a request
   * to the server; true is how mpv comes out of the box.
   */
  hasCache?: boolean;
};

/** Plays with the real mpv, without picture or sound card but in real time; seeks to `seconds` and sees it go on from there. */
export async function mpvPlayAndSeek(
  url: string,
  seconds: number,
  options: MpvOptions = {},
): Promise<Playback> {
  return await withTempDir(async (dir) => {
    const socketPath = join(dir, 'mpv.sock');
    await using mpv = await startProcess({
      command: 'mpv',
      args: [
        ...[
          '--no-config',
          '--vo=null',
          '--ao=null',
          '--ytdl=no',
          '--no-input-terminal',
          '--msg-level=all=warn',
        ],
        ...(options.hasCache ? [] : ['--cache=no']),
        ...[`--input-ipc-server=${socketPath}`, '--', url],
      ],
      env: plainEnv(dir),
      stopTimeoutMs: 3_000,
    });
    using ipc = await connectIpc(socketPath, mpv);
    return await playAndSeek(ipc, mpv, seconds, options.timeoutMs ?? 20_000);
  });
}

async function playAndSeek(
  ipc: Ipc,
  mpv: RunningProcess,
  seconds: number,
  timeoutMs: number,
): Promise<Playback> {
  const position = async (what: string, isThere: (at: number) => boolean) =>
    await waitUntil(
      async () => {
        if (mpv.hasExited()) throw new Error(`mpv ended before ${what}:\n${mpv.output()}`);
        const at = await ipc.number('playback-time');
        return at !== undefined && isThere(at) ? at : undefined;
      },
      { what, timeoutMs, detail: mpv.output },
    );
  const startedAtSeconds = await position('mpv plays', (at) => at > 0.2);
  await position('mpv plays on', (at) => at > startedAtSeconds + 0.3);
  const durationSeconds = (await ipc.number('duration')) ?? Number.NaN;
  await ipc.ask(['seek', seconds, 'absolute+exact']);
  const isNear = (at: number) => at >= seconds - 1 && at < seconds + 10;
  const soughtToSeconds = await position(`mpv is at ${seconds} s`, isNear);
  const playedOnToSeconds = await position('mpv goes on after the seek', (at) => at > soughtToSeconds + 0.5);
  await ipc.ask(['quit']);
  const { code } = await mpv.exited;
  // 2 and above: a file could not be played to where we left it.
  if (code !== 0) throw new Error(`mpv ended with ${code}:\n${mpv.output()}`);
  return {
    durationSeconds,
    startedAtSeconds,
    soughtToSeconds,
    playedOnToSeconds,
  };
}

type Ipc = Disposable & {
  ask(command: readonly (string | number)[]): Promise<unknown>;
  number(property: string): Promise<number | undefined>;
};

const Reply = z.object({
  request_id: z.number().optional(),
  error: z.string().optional(),
  data: z.unknown().optional(),
});
type Reply = z.infer<typeof Reply>;

async function connectIpc(path: string, mpv: RunningProcess): Promise<Ipc> {
  const socket = await waitUntil(
    () => {
      if (mpv.hasExited()) throw new Error(`mpv ended at once:\n${mpv.output()}`);
      return tryConnect(path);
    },
    {
      what: 'mpv opens its control socket',
      timeoutMs: 10_000,
      detail: mpv.output,
    },
  );
  const waiting = new Map<number, (reply: Reply | undefined) => void>();
  createInterface({ input: socket }).on('line', (line) => {
    // Without an id it is an event: nobody waits for those.
    const reply = Reply.parse(JSON.parse(line));
    const id = reply.request_id ?? 0;
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });
  const giveUp = () => {
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  };
  socket.on('error', giveUp).on('close', giveUp);
  let lastId = 0;
  const ask = async (command: readonly (string | number)[]): Promise<unknown> => {
    lastId += 1;
    const id = lastId;
    const reply = await new Promise<Reply | undefined>((resolve) => {
      if (socket.destroyed) return resolve(undefined);
      waiting.set(id, resolve);
      socket.write(`${JSON.stringify({ command, request_id: id })}\n`);
      setTimeout(resolve, 5_000, undefined).unref();
    });
    return reply?.error === 'success' ? reply.data : undefined;
  };
  // "property unavailable" while nothing is loaded: no number yet.
  const number = async (property: string) => z.number().safeParse(await ask(['get_property', property])).data;
  return { ask, number, [Symbol.dispose]: () => socket.destroy() };
}

async function tryConnect(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

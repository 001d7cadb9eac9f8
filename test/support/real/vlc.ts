import { chown } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, plainEnv, type RunningProcess, startProcess, withTempDir } from '../processes.ts';
import { waitUntil } from '../wait-until.ts';
import type { Playback } from './players.ts';

/** Debian's nobody: VLC refuses to run as root. */
const NOBODY = 65534;

/** What VLC says when it gives an input up; it then stays, idle. */
const CANNOT_OPEN = /Your input can't be opened/;

type VlcOptions = {
  /** Per step: start, seek, play on. Default 20 s. */
  timeoutMs?: number;
  /** VLC reads 16 MiB ahead in big steps, which is a whole clip. Default false: 1 MiB, so that a seek in an mp4 asks the server; true is VLC out of the box. */
  hasCache?: boolean;
};

/** Plays with the real VLC, without screen or sound card but in real time; seeks to `seconds` (whole) and sees it go on from there. */
export async function vlcPlayAndSeek(
  url: string,
  seconds: number,
  options: VlcOptions = {},
): Promise<Playback> {
  return await withTempDir(async (dir) => {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(dir, NOBODY, NOBODY);
    const port = await freePort();
    const vlc = [
      ...['vlc', '--ignore-config', '-I', 'oldrc', '--rc-fake-tty', '--rc-host', `127.0.0.1:${port}`],
      ...['--no-video', '--aout=dummy', '--no-metadata-network-access', '--no-color'],
      ...(options.hasCache ? [] : ['--prefetch-buffer-size=1024', '--prefetch-read-size=65536']),
      url,
    ];
    const asNobody = [
      'setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      '--no-new-privs',
    ];
    const [command = '', ...args] = isRoot ? [...asNobody, ...vlc] : vlc;
    await using running = await startProcess({
      command,
      args,
      env: plainEnv(dir),
      stopTimeoutMs: 3_000,
    });
    using remote = await connectRemote(port, running);
    return await playAndSeek(remote, running, seconds, options.timeoutMs ?? 20_000);
  });
}

async function playAndSeek(
  remote: Remote,
  vlc: RunningProcess,
  seconds: number,
  timeoutMs: number,
): Promise<Playback> {
  const position = async (what: string, isThere: (at: number) => boolean) =>
    await waitUntil(
      async () => {
        if (vlc.hasExited() || CANNOT_OPEN.test(vlc.output()))
          throw new Error(`VLC gave up before ${what}:\n${vlc.output()}`);
        const at = await remote.number('get_time');
        return at !== undefined && isThere(at) ? at : undefined;
      },
      { what, timeoutMs, everyMs: 100, detail: vlc.output },
    );
  const startedAtSeconds = await position('VLC plays', (at) => at >= 1);
  const durationSeconds = (await remote.number('get_length')) ?? Number.NaN;
  remote.tell(`seek ${seconds}`);
  const isNear = (at: number) => at >= seconds - 1 && at < seconds + 10;
  const soughtToSeconds = await position(`VLC is at ${seconds} s`, isNear);
  const playedOnToSeconds = await position('VLC goes on after the seek', (at) => at > soughtToSeconds);
  remote.tell('quit');
  return {
    durationSeconds,
    startedAtSeconds,
    soughtToSeconds,
    playedOnToSeconds,
  };
}

type Remote = Disposable & {
  tell(command: string): void;
  number(command: string): Promise<number | undefined>;
};

/** VLC's remote control: lines in, lines out, no marks of what answers what. So: one question at a time, and the first number after it. */
async function connectRemote(port: number, vlc: RunningProcess): Promise<Remote> {
  let received = '';
  const socket = await waitUntil(
    async () => {
      if (vlc.hasExited()) throw new Error(`VLC ended at once:\n${vlc.output()}`);
      return await tryConnect(port);
    },
    {
      what: 'VLC opens its remote control',
      timeoutMs: 15_000,
      detail: vlc.output,
    },
  );
  socket.setEncoding('utf8').on('data', (text: string) => {
    received = (received + text).slice(-4_000);
  });
  socket.on('error', () => socket.destroy());
  const tell = (command: string) => void socket.write(`${command}\n`);
  const number = async (command: string) => {
    received = '';
    tell(command);
    for (let waitedMs = 0; waitedMs < 1_000; waitedMs += 20) {
      await sleep(20);
      const answer = /^(?:> )*(\d+)\s*$/m.exec(received)?.[1];
      if (answer !== undefined) return Number(answer);
    }
    return undefined;
  };
  return { tell, number, [Symbol.dispose]: () => socket.destroy() };
}

function tryConnect(port: number) {
  return new Promise<ReturnType<typeof connect> | undefined>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

import { freePort, openTempDir, type RunningProcess, startProcess } from './processes.ts';

export type TestRedis = AsyncDisposable & {
  url: string;
  port: number;
  process: RunningProcess;
  stop(): Promise<void>;
};

/** A Redis of one's own on 127.0.0.1 that keeps nothing. `port`: to come back where one was before, after an outage. */
export async function startRedis(options: { port?: number } = {}): Promise<TestRedis> {
  const port = options.port ?? (await freePort());
  const dir = await openTempDir();
  const stop = async (running?: RunningProcess) => {
    await running?.stop();
    await dir.remove();
  };
  try {
    const running = await startProcess({
      command: 'redis-server',
      args: [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        dir.path,
      ],
      readyWhen: /Ready to accept connections/,
      stopTimeoutMs: 5_000,
    });
    const close = () => stop(running);
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      process: running,
      stop: close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

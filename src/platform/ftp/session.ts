import { type CheckedAddress, startTls, type TlsSession } from '../dial.ts';
import type { ReadBuffers } from '../http1/read-buffers.ts';
import type { Net } from '../net.ts';
import { FtpControl, FtpRefused } from './control.ts';
import type { DataReader } from './data-flow.ts';
import type { FtpPlace } from './place.ts';
import { FtpTransfer } from './transfer.ts';

export type FtpReply = { code: number; message: string };

export type FtpTimes = {
  /** For the answer to a command. */
  replyMs: number;
  /** From the dial until commands may be sent. */
  loginMs: number;
  /** Silence of a data connection that is read. */
  idleMs: number;
  /** For a server to say that it has heard of a transfer's end. */
  cutMs: number;
};

export type FtpSessionDeps = { net: Pick<Net, 'dial'>; buffers: ReadBuffers; times: FtpTimes };

/** `REST` was refused: files are had from their first byte only. */
export class CannotRestart extends Error {}

/** One logged-in control connection; one command or transfer at a time. Paths and names are bytes (`kit/byte-names.ts`). */
export class FtpSession {
  readonly place: FtpPlace;
  readonly #deps: FtpSessionDeps;
  readonly #control: FtpControl;
  /** Ends the control connection, and what is dialled or secured meanwhile. */
  readonly #stop = new AbortController();
  readonly #tls: TlsSession = { current: undefined, isAwaited: false };
  #features: ReadonlySet<string> = new Set();
  #address: CheckedAddress | undefined;
  /** Where the login leads; relative paths begin there. */
  #home = '/';
  #hasEpsv = true;
  /** A `REST` was sent that no transfer has used up. */
  #isRestartSet = false;

  private constructor(place: FtpPlace, deps: FtpSessionDeps) {
    this.place = place;
    this.#deps = deps;
    this.#control = new FtpControl(deps.times.replyMs, 'latin1');
    const { signal } = this.#stop;
    signal.addEventListener('abort', () => this.#control.closeWithError(signal.reason), { once: true });
  }

  /** Dials and logs in. Rejects with what the server or the socket said. */
  static async open(place: FtpPlace, deps: FtpSessionDeps, signal: AbortSignal): Promise<FtpSession> {
    signal.throwIfAborted();
    const session = new FtpSession(place, deps);
    const stop = session.#stop;
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const late = setTimeout(() => stop.abort(new Error('Timeout (login)')), deps.times.loginMs).unref();
    try {
      await session.#connect();
      await session.#login();
      return session;
    } catch (error) {
      // What ended for this reason may tell of its own end only.
      const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
      session.close();
      throw reason;
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    }
  }

  get isClosed(): boolean {
    return this.#control.closed;
  }

  close(): void {
    this.#stop.abort(new Error('the session was closed'));
  }

  hasFeature(name: string): boolean {
    return this.#features.has(name);
  }

  /** The answer, whatever it is; rejects when there is none. */
  ask(command: string): Promise<FtpReply> {
    return this.#control.handle(command, (reply, task) => {
      if (reply instanceof FtpRefused) task.resolve({ code: reply.code, message: reply.message });
      else if (reply instanceof Error) task.reject(reply);
      else if (reply.code >= 200) task.resolve(reply);
    });
  }

  /** The answer; rejects with FtpRefused where it is a refusal. */
  async demand(command: string): Promise<FtpReply> {
    const reply = await this.ask(command);
    if (reply.code >= 400) throw new FtpRefused(reply);
    return reply;
  }

  /** The path from the server's root, for one from where the login leads; one that begins with `/` is from the root. */
  absolute(path: string): string {
    if (path.startsWith('/')) return path;
    return `${this.#home.replace(/\/$/, '')}/${path}`;
  }

  /** Whether files can be had from their middle. */
  async canRestart(): Promise<boolean> {
    if (this.#features.has('REST')) return true;
    const { code } = await this.ask('REST 1');
    this.#isRestartSet = code === 350;
    return this.#isRestartSet;
  }

  /** Begins `RETR`, `LIST` or `MLSD`; what comes goes to `reader`. Resolves once the server has agreed to send. */
  async transfer(command: string, offset: number, reader: DataReader): Promise<FtpTransfer> {
    const transfer = new FtpTransfer(this.#control, this.#deps, this.place.tls !== 'none', reader);
    try {
      const dialling = this.#dialData(await this.#passivePort(), transfer);
      dialling.catch(() => {});
      try {
        if (offset > 0 || this.#isRestartSet) await this.#restartAt(offset);
      } catch (error) {
        dialling.then((socket) => socket.destroy()).catch(() => {});
        throw error;
      }
      transfer.attach(await dialling);
      await transfer.begin(command);
      // A command that was refused leaves it in place at many servers.
      this.#isRestartSet = false;
      return transfer;
    } catch (error) {
      transfer.drop();
      throw error;
    }
  }

  async #connect(): Promise<void> {
    const { signal } = this.#stop;
    const { host, port, tls } = this.place;
    const raw = await this.#deps.net.dial({ host, port, isTls: false }, signal);
    const { remoteAddress: address = '', remoteFamily } = raw;
    this.#address = { address, family: remoteFamily === 'IPv6' ? 6 : 4 };
    this.#control.socket = tls === 'implicit' ? await startTls(raw, host, this.#tls, signal) : raw;
    const greeting = await this.ask('');
    if (greeting.code >= 400) throw new FtpRefused(greeting);
    if (tls !== 'explicit') return;
    await this.demand('AUTH TLS');
    this.#control.socket = await startTls(raw, host, this.#tls, signal);
  }

  async #login(): Promise<void> {
    const { username, password, tls } = this.place;
    const user = await this.demand(`USER ${username}`);
    if (user.code === 331) {
      const pass = await this.demand(`PASS ${password}`);
      if (pass.code >= 300) throw new FtpRefused({ code: 530, message: pass.message });
    } else if (user.code >= 300) throw new FtpRefused({ code: 530, message: user.message });
    if (tls !== 'none') {
      await this.demand('PBSZ 0');
      await this.demand('PROT P');
    }
    this.#features = featuresIn(await this.ask('FEAT'));
    if (this.#features.has('UTF8')) await this.ask('OPTS UTF8 ON');
    await this.demand('TYPE I');
    this.#home = folderIn(await this.ask('PWD'));
  }

  async #restartAt(offset: number): Promise<void> {
    const { code } = await this.ask(`REST ${offset}`);
    if (code !== 350 && offset > 0) throw new CannotRestart('the server cannot begin in the middle');
    this.#isRestartSet = code === 350;
  }

  /** The address is never looked at: data comes from the host of the control connection or not at all (no bounce). */
  async #passivePort(): Promise<number> {
    if (this.#hasEpsv) {
      const reply = await this.ask('EPSV');
      const port = reply.code === 229 ? /\((.)\1\1(\d{1,5})\1\)/.exec(reply.message)?.[2] : undefined;
      if (port !== undefined) return Number(port);
      if (reply.code >= 400 && reply.code < 500) throw new FtpRefused(reply);
      this.#hasEpsv = false;
    }
    const reply = await this.demand('PASV');
    const [, high, low] = /\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})/.exec(reply.message) ?? [];
    const port = Number(high) * 256 + Number(low);
    if (!(port > 0 && port < 65_536)) throw new FtpRefused({ code: 502, message: reply.message });
    return port;
  }

  #dialData(port: number, { onread }: FtpTransfer) {
    const { host, tls } = this.place;
    const sameAddress = this.#address;
    const target = { host, port, isTls: tls !== 'none', onread, session: this.#tls };
    const at = sameAddress === undefined ? {} : { sameAddress };
    return this.#deps.net.dial({ ...target, ...at }, this.#stop.signal);
  }
}

function featuresIn({ code, message }: FtpReply): ReadonlySet<string> {
  if (code >= 300) return new Set();
  const lines = message.split('\n').slice(1, -1);
  return new Set(lines.map((line) => line.trim().split(' ')[0]?.toUpperCase() ?? ''));
}

function folderIn({ code, message }: FtpReply): string {
  const quoted = code === 257 ? /"((?:[^"]|"")*)"/.exec(message)?.[1] : undefined;
  return quoted === undefined || !quoted.startsWith('/') ? '/' : quoted.replaceAll('""', '"');
}

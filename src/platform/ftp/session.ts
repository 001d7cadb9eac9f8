import type { OnReadOpts, Socket } from 'node:net';
import { type CheckedAddress, startTls, type TlsSession } from '../dial.ts';
import type { ReadBuffers } from '../http1/read-buffers.ts';
import type { Net } from '../net.ts';
import { FtpControl, FtpRefused, handle } from './control.ts';
import type { DataReader } from './data-flow.ts';
import { DataPorts } from './data-ports.ts';
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

/**
 * How servers greet that were seen to answer REST and RETR in one write (`test/real/ftp.test.ts`): one round trip less a seek. Others
 * are asked one after the other, as some lose what comes early (lftp keeps a list of those).
 */
const TAKES_TWO = /vsFTPd|Pure-FTPd/;

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
  readonly #ports: DataPorts;
  /** The last transfer was of a file, and the server agreed to it. */
  #readsFiles = false;
  /** A `REST` was sent that no transfer has used up. */
  #isRestartSet = false;
  /** The server is one that reads a second command which comes with the first. */
  #takesTwo = false;

  private constructor(place: FtpPlace, deps: FtpSessionDeps) {
    this.place = place;
    this.#deps = deps;
    this.#control = new FtpControl(deps.times.replyMs, 'latin1');
    this.#ports = new DataPorts({
      ask: (command) => this.#say(command),
      dial: (port, onread) => this.#dialData(port, onread),
      nowhere: deps.buffers.shared,
    });
    const { signal } = this.#stop;
    const end = () => {
      this.#control.closeWithError(signal.reason);
      this.#ports.close();
    };
    signal.addEventListener('abort', end, { once: true });
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
  async ask(command: string): Promise<FtpReply> {
    // What became of that is for who uses it.
    await this.#ports.pending?.catch(() => {});
    return await this.#say(command);
  }

  #say(command: string): Promise<FtpReply> {
    return handle(this.#control, command, (reply, task) => {
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

  /**
   * While it waits for the next file: two round trips less until that comes. Not with TLS: its handshake would begin now, by a session
   * that need not be the one the server wants to see resumed then.
   */
  prepare(): void {
    if (this.#readsFiles && this.place.tls === 'none' && !this.isClosed) this.#ports.prepare();
  }

  /** Begins `RETR`, `LIST` or `MLSD`; what comes goes to `reader`. Resolves once the server has agreed to send. */
  async transfer(command: string, offset: number, reader: DataReader): Promise<FtpTransfer> {
    this.#readsFiles = false;
    const port = this.#ports.take();
    const transfer = new FtpTransfer(this.#control, this.#deps, this.place.tls !== 'none', reader);
    try {
      await port.known;
      const opened = port.use(transfer.onread);
      const restart = offset > 0 || this.#isRestartSet ? `REST ${offset}` : null;
      const onCode = (code: number) => this.#onRestart(code, offset);
      if (restart !== null && !this.#takesTwo) onCode((await this.#say(restart)).code);
      transfer.attach(await opened);
      await transfer.begin(command, restart !== null && this.#takesTwo ? { command: restart, onCode } : null);
      // A command that was refused leaves it in place at many servers.
      this.#isRestartSet = false;
      this.#readsFiles = command.startsWith('RETR ');
      return transfer;
    } catch (error) {
      port.close();
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
    this.#takesTwo = TAKES_TWO.test(greeting.message);
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

  #onRestart(code: number, offset: number): void {
    if (code !== 350 && offset > 0) throw new CannotRestart('the server cannot begin in the middle');
    this.#isRestartSet = code === 350;
  }

  #dialData(port: number, onread: OnReadOpts): Promise<Socket> {
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

import type { OnReadOpts, Socket } from 'node:net';
import { FtpRefused } from './control.ts';
import type { Onread } from './data-flow.ts';
import type { FtpReply } from './session.ts';

type DataPortsDeps = {
  ask(command: string): Promise<FtpReply>;
  /** Connects to this port of the host that the control connection leads to. */
  dial(port: number, onread: OnReadOpts): Promise<Socket>;
  /** What a read goes into that nobody waits for. */
  nowhere: Buffer;
};

/** The data connection of one transfer. */
type DataPort = {
  /** Its port is known: the server takes the next command. */
  readonly known: Promise<unknown>;
  /** Connected; what comes goes to `onread`. */
  use(onread: Onread): Promise<Socket>;
  close(): void;
  /** It ended before anybody used it. */
  isDead(): boolean;
};

/** Data connections of one session: one a transfer, by EPSV (RFC 2428), else PASV; the next may be open before it is needed. */
export class DataPorts {
  readonly #deps: DataPortsDeps;
  #ready: DataPort | null = null;
  #hasEpsv = true;
  #isClosed = false;

  constructor(deps: DataPortsDeps) {
    this.#deps = deps;
  }

  /** Opens the one that `take` gives next: two of the four round trips of a seek. */
  prepare(): void {
    if (!this.#isClosed) this.#ready ??= this.#open();
  }

  /** The one that is open, or a new one. */
  take(): DataPort {
    const ready = this.#ready;
    this.#ready = null;
    return ready === null || ready.isDead() ? this.#open() : ready;
  }

  /** What has to be over before the next command; null: nothing. */
  get pending(): Promise<unknown> | null {
    return this.#ready?.known ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#ready?.close();
    this.#ready = null;
  }

  #open(): DataPort {
    let reader: Onread | null = null;
    let socket: Socket | null = null;
    let isOver = false;
    const known = this.#passivePort();
    const opened = known
      .then((port) =>
        this.#deps.dial(port, {
          buffer: () => reader?.buffer() ?? this.#deps.nowhere,
          // Nothing was asked for.
          callback: (count) => reader?.callback(count) ?? close(),
        }),
      )
      .then((connected) => {
        socket = connected;
        if (isOver) connected.destroy();
        return connected;
      });
    const close = () => {
      isOver = true;
      socket?.destroy();
      return false;
    };
    for (const settled of [known, opened]) settled.catch(() => (isOver = true));
    return {
      known,
      use(onread) {
        reader = onread;
        return opened;
      },
      close,
      isDead: () => isOver || (socket !== null && (socket.destroyed || socket.readableEnded)),
    };
  }

  /** The address is never looked at: data comes from the host of the control connection or not at all (no bounce). */
  async #passivePort(): Promise<number> {
    const { ask } = this.#deps;
    if (this.#hasEpsv) {
      const reply = await ask('EPSV');
      const port = reply.code === 229 ? /\((.)\1\1(\d{1,5})\1\)/.exec(reply.message)?.[2] : undefined;
      if (port !== undefined) return Number(port);
      if (reply.code >= 400 && reply.code < 500) throw new FtpRefused(reply);
      this.#hasEpsv = false;
    }
    const reply = await ask('PASV');
    if (reply.code >= 400) throw new FtpRefused(reply);
    const [, high, low] = /\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})/.exec(reply.message) ?? [];
    const port = Number(high) * 256 + Number(low);
    if (!(port > 0 && port < 65_536)) throw new FtpRefused({ code: 502, message: reply.message });
    return port;
  }
}

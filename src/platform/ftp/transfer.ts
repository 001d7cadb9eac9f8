import type { Socket } from 'node:net';
import { type FtpControl, FtpRefused, handle } from './control.ts';
import { DataFlow, type DataReader, type Onread } from './data-flow.ts';
import type { FtpReply, FtpSessionDeps } from './session.ts';

/** A command that is written together with the one that begins a transfer. */
export type Ahead = {
  command: string;
  /** Its answer; what this throws ends the control connection, as the transfer is on its way. */
  onCode(code: number): void;
};

/**
 * One transfer of a session. The reader hears its end when the data connection has ended and the server has said how it went;
 * then, and after `cut`, the session takes the next command.
 */
export class FtpTransfer {
  readonly #control: FtpControl;
  readonly #times: FtpSessionDeps['times'];
  readonly #flow: DataFlow;
  readonly #reader: DataReader;
  /** What the server said at last, or what became of the control connection. */
  #verdict: FtpReply | Error | null = null;
  /** The data connection has ended, by this error or by the server. */
  #ended: { error: Error | null } | null = null;
  #isCut = false;
  #isOver = false;
  /** Settles the session's task, once nothing more is expected. */
  #finish: () => void = () => {};
  #timer: NodeJS.Timeout | null = null;

  constructor(control: FtpControl, { buffers, times }: FtpSessionDeps, isTls: boolean, reader: DataReader) {
    this.#control = control;
    this.#times = times;
    this.#reader = reader;
    this.#flow = new DataFlow(
      buffers,
      {
        onData: (chunk, release) => reader.onData(chunk, release),
        onEnd: (error) => this.#onDataEnd(error),
      },
      isTls,
    );
  }

  get onread(): Onread {
    return this.#flow.onread;
  }

  attach(socket: Socket): void {
    this.#flow.attach(socket, this.#times.idleMs);
  }

  resume(): void {
    this.#flow.resume();
  }

  /** Before it began, or after the server refused it. */
  drop(): void {
    this.#isOver = true;
    this.#stopTimer();
    this.#flow.cut();
  }

  /** Sends the command; resolves once the server says that it sends, rejects when it does not. */
  begin(command: string, ahead: Ahead | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      let [hasBegun, isBehind] = [false, ahead !== null];
      const begun = () => {
        hasBegun = true;
        // The control connection is silent as long as the data goes on.
        this.#control.socket.setTimeout(0);
        resolve();
      };
      const onReply = (reply: FtpReply | Error) => {
        if (reply instanceof Error && !hasBegun) return reject(reply);
        const isPreliminary = !(reply instanceof Error) && reply.code < 200;
        if (!hasBegun) begun();
        if (!isPreliminary) this.#onVerdict(reply);
      };
      // What it writes is one segment: a server that is woken once is sooner done.
      const { socket } = this.#control;
      socket.cork();
      handle(this.#control, ahead?.command ?? command, (reply, task) => {
        const code = codeOf(reply);
        if (isBehind && code !== null) {
          isBehind = false;
          ahead?.onCode(code);
          return;
        }
        this.#finish = () => task.resolve(undefined);
        if (reply instanceof Error && !hasBegun) task.resolve(undefined);
        onReply(reply);
      }).catch(reject);
      if (isBehind && !this.#control.closed) this.#control.send(command);
      socket.uncork();
    });
  }

  /**
   * Ends it in the middle, for the next command: the data connection is closed, and ABOR with NOOP behind it shows where the
   * server's words on this transfer end, which differ from server to server. Resolves when that is known; a server that keeps
   * silent loses its control connection.
   */
  cut(): Promise<void> {
    const wasOver = this.#isOver;
    this.drop();
    if (wasOver || this.#control.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#stopTimer();
        this.#finish();
        resolve();
      };
      if (this.#verdict !== null) {
        end();
        return;
      }
      this.#isCut = true;
      this.#onCut = end;
      this.#timer = setTimeout(() => {
        this.#control.closeWithError(new Error('the server did not answer ABOR'));
        end();
      }, this.#times.cutMs).unref();
      try {
        this.#control.send('ABOR');
        this.#control.send('NOOP');
      } catch {
        this.#control.close();
        end();
      }
    });
  }

  #onCut: () => void = () => {};

  #onVerdict(reply: FtpReply | Error): void {
    if (this.#isCut) {
      // 200 is NOOP's; what comes before belongs to the transfer and to ABOR.
      const isLast = reply instanceof FtpRefused ? false : reply instanceof Error || reply.code === 200;
      if (isLast) this.#onCut();
      return;
    }
    this.#verdict ??= reply;
    this.#settle();
  }

  #onDataEnd(error: Error | null): void {
    this.#ended = { error };
    this.#stopTimer();
    this.#timer = setTimeout(() => {
      if (this.#isOver) return;
      const silence = new Error('the server did not say how the transfer ended');
      this.#verdict ??= silence;
      this.#control.closeWithError(silence);
      this.#settle();
    }, this.#times.cutMs).unref();
    this.#settle();
  }

  #settle(): void {
    if (this.#isOver || this.#ended === null || this.#verdict === null) return;
    this.#isOver = true;
    this.#stopTimer();
    this.#finish();
    this.#reader.onEnd(this.#ended.error ?? (this.#verdict instanceof Error ? this.#verdict : null));
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** Null: the connection is no more. */
function codeOf(reply: FtpReply | Error): number | null {
  return reply instanceof Error && !(reply instanceof FtpRefused) ? null : reply.code;
}

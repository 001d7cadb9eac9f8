import type { OnReadOpts, Socket } from 'node:net';
import type { ReadBuffers } from './read-buffers.ts';
import { ReadPace, Silent } from './read-pace.ts';
import { createHeadReader, type ResponseHead } from './response-head.ts';

/** Takes one answer. After `onEnd` or `onError` nothing more is called. */
export type BodyReader = {
  /** It has taken so many bytes before, on a connection that broke off. */
  readonly earlierBytes?: number;
  /** The final head. Throw to refuse the body: the connection is closed and `onError` gets what was thrown. */
  onHead(head: ResponseHead): void;
  /** `chunk` is the reader's until it calls `release`, once. False: pause until `resume`. */
  onData(chunk: Buffer, release: () => void): boolean;
  onEnd(): void;
  onError(error: Error): void;
};

/** One kept-alive connection: a request at a time, its body read into recycled buffers. */
export type Connection = {
  readonly onread: OnReadOpts;
  /** The connected socket that was opened with `onread`. */
  attach(socket: Socket): void;
  /** Sends a whole request head and hands the answer to `reader`. Only while idle. */
  send(request: string, reader: BodyReader): void;
  resume(): void;
  /** Closes at once; the reader hears `error`. */
  destroy(error: Error): void;
  /** Called every tick: closes what has been silent for too long; a paused reader is no silence. */
  tick(limits: { headTicks: number; bodyTicks: number }): void;
  /** Nothing of an answer has come since `send`: a kept-alive connection that the server had closed meanwhile. */
  isUntouched(): boolean;
};

export type ConnectionEvents = {
  /** The answer is read; true: the connection takes another request. */
  onIdle(connection: Connection, isKeptAlive: boolean): void;
  onClose(connection: Connection): void;
};

export function createConnection(buffers: ReadBuffers, events: ConnectionEvents): Connection {
  let socket: Socket | null = null;
  let reader: BodyReader | null = null;
  /** What the next read goes into. */
  let buffer = buffers.shared;
  const heads = createHeadReader();
  let head: ResponseHead | null = null;
  let left = 0;
  let isPaused = false;
  let hasBytes = false;
  let isClosed = false;
  const pace = new ReadPace();

  const connection: Connection = {
    onread: {
      buffer: nextBuffer,
      callback: (count) => onRead(count),
    },
    attach(opened) {
      socket = opened;
      opened.on('error', close);
      opened.on('end', () => close(new Error('the connection was ended')));
      opened.on('close', () => close(new Error('the connection was closed')));
    },
    send(request, next) {
      reader = next;
      head = null;
      hasBytes = false;
      pace.begin(next.earlierBytes);
      if (isPaused) connection.resume();
      socket?.write(request, 'latin1');
    },
    resume() {
      if (!isPaused) return;
      isPaused = false;
      socket?.resume();
    },
    destroy: close,
    tick({ headTicks, bodyTicks }) {
      const silentTicks = pace.tick(reader !== null && !isPaused);
      if (silentTicks > (head === null ? headTicks : bodyTicks)) close(new Silent('the origin fell silent'));
    },
    isUntouched: () => !hasBytes,
  };
  return connection;

  function close(error: Error): void {
    if (isClosed) return;
    isClosed = true;
    socket?.destroy();
    if (buffer !== buffers.shared) buffers.give(buffer);
    buffer = buffers.shared;
    const failed = reader;
    reader = null;
    events.onClose(connection);
    failed?.onError(error);
  }

  /** Asked by Node after each read: the next one may not overwrite what the reader still has. */
  function nextBuffer(): Buffer {
    // Who is paused holds no memory for what comes next: the first read after it is one of the shared buffer.
    const isInBody = head !== null && left > 0 && !isClosed && !isPaused;
    if (isInBody && buffer === buffers.shared) buffer = buffers.take(pace.isFast);
    return buffer;
  }

  /** The buffer that now is the reader's, and where in it the bytes are. */
  function lend(from: number, size: number): [Buffer, number] {
    const lent = buffer;
    if (lent !== buffers.shared) {
      buffer = buffers.shared;
      return [lent, from];
    }
    const copy = buffers.takeSmall();
    lent.copy(copy, 0, from, from + size);
    return [copy, 0];
  }

  /** Node's `onread`: false stops reading. */
  function onRead(count: number): boolean {
    pace.count(count);
    if (isClosed) return false;
    hasBytes = true;
    try {
      const from = head === null ? readHead(buffer.subarray(0, count)) : 0;
      if (from !== null) readBody(from, count);
    } catch (error) {
      close(error instanceof Error ? error : new Error(String(error)));
    }
    return !isClosed && !isPaused;
  }

  /** Where the body begins in this read; null when the head goes on. */
  function readHead(bytes: Buffer): number | null {
    if (reader === null) throw new Error('the origin speaks without being asked');
    const found = heads.read(bytes);
    if (found === null) return null;
    head = found.head;
    left = head.length ?? Number.POSITIVE_INFINITY;
    reader.onHead(head);
    return found.bodyAt;
  }

  function readBody(from: number, count: number): void {
    if (isClosed) return;
    const size = Math.min(left, count - from);
    const isSurplus = count - from > left;
    left -= size;
    if (size > 0 && reader !== null) {
      const [lent, at] = lend(from, size);
      const takesMore = reader.onData(lent.subarray(at, at + size), () => buffers.give(lent));
      if (isClosed) return;
      // After the last byte nothing can flood the reader, and a paused connection would not see its end.
      isPaused = !takesMore && left > 0;
    }
    if (left > 0) return;
    const ended = reader;
    reader = null;
    const isKeptAlive = head?.isKeptAlive === true && !isSurplus;
    head = null;
    events.onIdle(connection, isKeptAlive);
    ended?.onEnd();
  }
}

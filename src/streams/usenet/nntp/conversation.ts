import type { OnReadOpts, Socket } from 'node:net';
import type { ArticleDecoder } from '../yenc/decoder.ts';
import { createBodyEnd } from './body-end.ts';
import { NntpFailure } from './failure.ts';
import { createReplyLines } from './reply-lines.ts';

/** A command that is owed a reply. Exactly one of `onReply` with null, `onBody` and `onFailed` is the last that it hears. */
export type Request = {
  /** Without its line end. Empty: the greeting, which comes unasked. */
  readonly command: string;
  /** How long the body may be about, as it goes over the wire; 0: a line is the whole answer. */
  readonly bytes: number;
  /** What decodes the body that follows; null: nothing does. What it throws cuts the connection. */
  onReply(code: number, line: string): ArticleDecoder | null;
  /** The end of the body has been read. */
  onBody(): void;
  onFailed(failure: NntpFailure): void;
};

/** One that was sent, or will be in this turn. */
export type Sent = {
  readonly request: Request;
  isSent: boolean;
  /** Nobody wants it any more: it is read and thrown away. */
  isDropped: boolean;
  readonly sentAt: number;
  /** Null: nothing of its body has come. */
  beganAt: number | null;
  received: number;
};

/** Requests and replies in order over one socket (RFC 3977 §3.5), whatever they are about. */
export type Conversation = {
  readonly onread: OnReadOpts;
  /** The connected socket that was opened with `onread`; replies may have come already. */
  attach(socket: Socket): void;
  send(request: Request): Sent;
  /** Takes it out where it was not sent yet, else drops it. */
  drop(sent: Sent): void;
  /** What is owed, in order. */
  readonly line: readonly Sent[];
  /** Of bodies, in bytes a second; smoothed. */
  readonly rate: number | null;
  /** `performance.now()` of the last byte, or of the first command that was sent into silence. */
  readonly heardAt: number;
  readonly failure: NntpFailure | null;
  /** QUIT, unheard: the connection is cut right behind it. */
  goodbye(): void;
  /** All that is owed fails. */
  cut(failure: NntpFailure): void;
};

export type ConversationEvents = {
  /** A reply has been read whole: there is room for another request. */
  onRoom(): void;
  /** From the command for a body to its first byte, milliseconds, where nothing was owed before it. */
  onLatency(ms: number): void;
  onBytes(count: number): void;
  /** `isOwed`: something was asked for that has not come. */
  onClose(failure: NntpFailure, isOwed: boolean): void;
};

const BODY_FOLLOWS = 222;
/** An article is about as long as its NZB says; what is many times longer has no end. */
const MAX_TIMES_LONGER = 4;
const MAX_BYTES_LONGER = 4 * 1024 * 1024;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Of the newest body in the smoothed rate. */
const WEIGHT = 0.3;

export function createConversation(input: Buffer, events: ConversationEvents): Conversation {
  const line: Sent[] = [];
  const lines = createReplyLines();
  const bodyEnd = createBodyEnd();
  let socket: Socket | null = null;
  let decoder: ArticleDecoder | null = null;
  let isInBody = false;
  let unsent = '';
  let isFlushing = false;
  let failure: NntpFailure | null = null;
  let rate: number | null = null;
  let heardAt = performance.now();
  let turnSince = heardAt;

  const conversation: Conversation = {
    onread: { buffer: input, callback: onRead },
    line,
    get rate() {
      return rate;
    },
    get heardAt() {
      return heardAt;
    },
    get failure() {
      return failure;
    },
    attach(opened) {
      socket = opened;
      opened.on('error', (error) => cut(new NntpFailure('cut', 'the connection broke off', error)));
      opened.on('end', onEnd).on('close', onEnd);
      if (failure !== null || opened.destroyed) {
        opened.destroy();
        onEnd();
      }
    },
    send(request) {
      const now = performance.now();
      const sent = { request, isSent: false, isDropped: false, sentAt: now, beganAt: null, received: 0 };
      if (line.length === 0) {
        heardAt = now;
        turnSince = now;
      }
      line.push(sent);
      if (isFlushing) return sent;
      isFlushing = true;
      // All that is sent in one turn goes out in one write.
      queueMicrotask(flush);
      return sent;
    },
    drop(sent) {
      if (!sent.isSent) {
        const at = line.indexOf(sent);
        if (at >= 0) line.splice(at, 1);
        return;
      }
      sent.isDropped = true;
      // Where its bytes went may be somebody else's from now on.
      if (sent === line[0]) decoder = null;
    },
    goodbye() {
      if (socket === null || socket.writableLength > 0) return;
      socket.write('QUIT\r\n');
      // Closed once it has been written; `cut` has nothing left to destroy.
      socket.destroySoon();
      socket = null;
    },
    cut,
  };
  return conversation;

  function flush(): void {
    isFlushing = false;
    if (failure !== null) return;
    for (const sent of line) {
      if (sent.isSent) continue;
      sent.isSent = true;
      if (sent.request.command !== '') unsent += `${sent.request.command}\r\n`;
    }
    const commands = unsent;
    unsent = '';
    if (commands !== '') socket?.write(commands);
  }

  function onEnd(): void {
    cut(new NntpFailure('cut', 'the server closed the connection'));
  }

  function cut(why: NntpFailure): void {
    if (failure !== null) return;
    failure = why;
    decoder = null;
    socket?.destroy();
    const owed = line.splice(0);
    events.onClose(why, owed.length > 0);
    for (const { request, isDropped } of owed) if (!isDropped) request.onFailed(why);
  }

  /** Node's `onread`. What was read is used up here: the next read of any connection overwrites it. */
  function onRead(count: number): boolean {
    heardAt = performance.now();
    events.onBytes(count);
    try {
      for (let at = 0; at < count && failure === null; )
        at = isInBody ? readBody(at, count) : readLine(at, count);
    } catch (error) {
      cut(error instanceof NntpFailure ? error : new NntpFailure('protocol', 'what came is no NNTP', error));
    }
    return failure === null;
  }

  function readLine(from: number, to: number): number {
    const stop = lines.read(input, from, to);
    if (lines.line !== null) onLine(lines.line);
    return stop;
  }

  function onLine(text: string): void {
    const code = codeOf(text);
    const sent = awaited(code);
    decoder = sent.isDropped ? null : sent.request.onReply(code, text);
    if (sent.request.bytes > 0 && code === BODY_FOLLOWS) beginBody(sent);
    else finish();
  }

  /** Whose turn it is. Throws where no reply is owed. */
  function awaited(code: number): Sent {
    const [sent] = line;
    // A server that closes an idle connection says 400 first; nothing else comes unasked.
    if (sent === undefined) throw new NntpFailure(code === 400 ? 'cut' : 'protocol', 'a reply came unasked');
    if (sent.isSent || sent.request.command === '') return sent;
    throw new NntpFailure('protocol', 'a reply came before its command was sent');
  }

  function beginBody(sent: Sent): void {
    isInBody = true;
    bodyEnd.begin();
    sent.beganAt = heardAt;
    // One that was sent while another was read has waited for that one too.
    if (sent.sentAt >= turnSince) events.onLatency(heardAt - sent.sentAt);
  }

  function readBody(from: number, to: number): number {
    const [sent] = line;
    if (sent === undefined) throw new NntpFailure('protocol', 'a body came unasked');
    const end = decoder === null ? bodyEnd.find(input, from, to) : decodeFrom(decoder, from, to);
    const stop = end < 0 ? to : end;
    sent.received += stop - from;
    if (end >= 0) endBody(sent);
    else if (sent.received > mostBytes(sent.request)) throw new NntpFailure('protocol', 'a body has no end');
    return stop;
  }

  /** Where the body ends; -1: not in these. */
  function decodeFrom(one: ArticleDecoder, from: number, to: number): number {
    const stop = one.feed(from, to);
    if (one.isEnded) return stop;
    if (stop !== to) throw new NntpFailure('protocol', 'the decoder stopped before the end');
    // The decoder's owner may have dropped it in between.
    bodyEnd.pass(input, from, to);
    return -1;
  }

  function endBody(sent: Sent): void {
    const seconds = Math.max(1, performance.now() - (sent.beganAt ?? heardAt)) / 1000;
    const measured = sent.received / seconds;
    rate = rate === null ? measured : rate + WEIGHT * (measured - rate);
    isInBody = false;
    decoder = null;
    if (!sent.isDropped) sent.request.onBody();
    finish();
  }

  function finish(): void {
    line.shift();
    turnSince = heardAt;
    events.onRoom();
  }
}

function codeOf(text: string): number {
  if (!/^[1-5]\d\d( |$)/.test(text)) throw new NntpFailure('protocol', 'what came is no NNTP');
  return Number(text.slice(0, 3));
}

function mostBytes({ bytes }: Request): number {
  return Math.min(MAX_BODY_BYTES, bytes * MAX_TIMES_LONGER + MAX_BYTES_LONGER);
}

import { AppError } from '../../../kit/errors.ts';
import type { Net } from '../../../platform/net.ts';
import type { Provider } from '../providers/provider.ts';
import { type Conversation, createConversation, type Request, type Sent } from './conversation.ts';
import { NntpFailure } from './failure.ts';
import { logIn } from './login.ts';
import { type BodyReader, bodyRequest, keepAlive, statRequest } from './requests.ts';

export type { Sent } from './conversation.ts';
export type { BodyReader } from './requests.ts';

/** One connection that is logged in. BODY and STAT may be sent behind each other; replies come in their order. */
export type NntpConnection = {
  /** `bytes`: what the NZB says, encoded. */
  body(id: string, bytes: number, reader: BodyReader): Sent;
  /** Null: it could not be asked. */
  stat(id: string, onAnswer: (isThere: boolean | null) => void): Sent;
  /** Nobody wants it: taken out, or read off and thrown away, or the connection is cut where that would take longer than 2 s. */
  drop(sent: Sent): void;
  /** Commands whose reply has not been read whole. */
  readonly owed: number;
  /** How many of them are for bodies. */
  readonly bodies: number;
  /** What bodies that were asked for are still to come, in bytes. */
  owedBytes(): number;
  readonly rate: number | null;
  /** For how long nothing has come although something is owed; 0: nothing is. */
  quietMs(now: number): number;
  /** Called now and then: silence, keep-alive, and what is not worth reading on. */
  tick(now: number): void;
  /** Says goodbye; what is owed fails as `closed`. */
  end(): void;
};

export type ConnectionDeps = {
  net: Pick<Net, 'dial'>;
  /** Of the decoder of this thread; all sockets read into it. */
  input: Buffer;
  times?: Partial<ConnectionTimes>;
};

/** Milliseconds. */
export type ConnectionTimes = {
  /** From the connected socket to the answer to the password. */
  loginMs: number;
  silenceMs: number;
  keepAliveMs: number;
  idleMs: number;
  /** What is left of a body that nobody wants is read off if it takes no longer; else the connection is cut. */
  readOffMs: number;
};

export type NntpEvents = {
  onRoom(): void;
  onLatency(ms: number): void;
  onBytes(count: number): void;
  /** `isOwed`: something was asked for that has not come. Before what is owed hears of it. */
  onClose(failure: NntpFailure, isOwed: boolean): void;
};

const TIMES: ConnectionTimes = {
  loginMs: 10_000,
  silenceMs: 15_000,
  keepAliveMs: 30_000,
  idleMs: 120_000,
  readOffMs: 2000,
};
/** A rate is none before so much of a body has been waited for. */
const MEASURED_AFTER_MS = 200;
/** A body that comes so slowly for so long is as good as silence. */
const TRICKLE_MS = 30_000;
const MIN_BYTES_A_SECOND = 8192;

const UNTRUSTED = 'the certificate of the server is not trusted: tlsCa can name its authority';
const DIAL_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses connections',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is of another name',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server speaks no TLS at this port',
};

/** Dials, reads the greeting and logs in (RFC 4643, 8143). Rejects with NntpFailure, or with the signal's reason. */
export async function connectNntp(
  { net, input, times: given }: ConnectionDeps,
  provider: Provider,
  events: NntpEvents,
  signal: AbortSignal,
): Promise<NntpConnection> {
  const times = { ...TIMES, ...given };
  let isIn = false;
  const talk = createConversation(input, {
    onRoom: () => isIn && events.onRoom(),
    onLatency: events.onLatency,
    onBytes: events.onBytes,
    onClose: (failure, isOwed) => isIn && events.onClose(failure, isOwed),
  });
  await dialAndLogIn(net, talk, provider, times.loginMs, signal);
  isIn = true;
  // The server may have closed it in the same turn.
  if (talk.failure !== null) throw talk.failure;
  return connection(talk, times);
}

/** The first steps of a conversation. Rejects as `connectNntp` does, and cuts it then. */
export async function dialAndLogIn(
  net: Pick<Net, 'dial'>,
  talk: Conversation,
  provider: Provider,
  loginMs: number,
  signal: AbortSignal,
): Promise<void> {
  const greeted = logIn(talk, provider, loginMs, signal);
  // It may fail while the socket is still being opened.
  greeted.catch(() => {});
  try {
    talk.attach(await net.dial(targetOf(provider, talk), signal));
    await greeted;
  } catch (error) {
    const failure = failureOf(error);
    talk.cut(failure);
    signal.throwIfAborted();
    throw failure;
  }
}

function targetOf({ host, port, tls, tlsCa }: Provider, { onread }: Conversation) {
  return { host, port, isTls: tls, onread, ...(tlsCa === null ? {} : { ca: tlsCa }) };
}

function failureOf(error: unknown): NntpFailure {
  if (error instanceof NntpFailure) return error;
  // A rule of this server's own, in words for its owner.
  const words =
    error instanceof AppError ? error.message : (DIAL_WORDS[codeOf(error)] ?? 'no connection could be made');
  return new NntpFailure('unreachable', words, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function connection(talk: Conversation, times: ConnectionTimes): NntpConnection {
  const { line } = talk;
  let idleSince = performance.now();
  let aliveAt = idleSince;

  function send(request: Request): Sent {
    const sent = talk.send(request);
    if (talk.failure !== null) queueMicrotask(() => request.onFailed(talk.failure ?? closed()));
    return sent;
  }

  /** Whether the first of the line is read off soon. */
  function isWorthReading(sent: Sent, now: number): boolean {
    const forMs = sent.beganAt === null ? 0 : now - sent.beganAt;
    const rate = forMs > MEASURED_AFTER_MS ? (sent.received / forMs) * 1000 : talk.rate;
    if (rate === null) return true;
    return ((sent.request.bytes - sent.received) / rate) * 1000 <= times.readOffMs;
  }

  function cutIfNotWorth(now: number): void {
    const [first] = line;
    if (first?.isDropped !== true) return;
    if (now - talk.heardAt > times.readOffMs) talk.cut(silent());
    else if (!isWorthReading(first, now))
      talk.cut(new NntpFailure('closed', 'what was left to read was not wanted'));
  }

  function tickIdle(now: number): void {
    if (now - idleSince > times.idleMs) end();
    else if (now - aliveAt > times.keepAliveMs) {
      aliveAt = now;
      send(keepAlive());
    }
  }

  function end(): void {
    if (talk.failure !== null) return;
    talk.goodbye();
    talk.cut(closed());
  }

  return {
    body(id, bytes, reader) {
      const sent = send(bodyRequest(id, bytes, reader, () => talk.drop(sent)));
      return sent;
    },
    stat: (id, onAnswer) => send(statRequest(id, onAnswer)),
    drop(sent) {
      talk.drop(sent);
      cutIfNotWorth(performance.now());
    },
    get owed() {
      return line.length;
    },
    get bodies() {
      let count = 0;
      for (const { request } of line) if (request.bytes > 0) count += 1;
      return count;
    },
    owedBytes() {
      let bytes = 0;
      for (const { request, received } of line) bytes += Math.max(0, request.bytes - received);
      return bytes;
    },
    get rate() {
      return talk.rate;
    },
    quietMs: (now) => (line.length === 0 ? 0 : now - talk.heardAt),
    tick(now) {
      const [first] = line;
      if (first === undefined) return tickIdle(now);
      if (first.request.bytes > 0 || line.length > 1) {
        idleSince = now;
        aliveAt = now;
      }
      if (now - talk.heardAt > times.silenceMs || trickles(first, now)) talk.cut(silent());
      else cutIfNotWorth(now);
    },
    end,
  };
}

function closed(): NntpFailure {
  return new NntpFailure('closed', 'the connection was closed');
}

function trickles({ beganAt, received }: Sent, now: number): boolean {
  if (beganAt === null || now - beganAt < TRICKLE_MS) return false;
  return (received / (now - beganAt)) * 1000 < MIN_BYTES_A_SECOND;
}

function silent(): NntpFailure {
  return new NntpFailure('silent', 'the server fell silent in the middle of its answers');
}

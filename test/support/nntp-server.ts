import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { dotStuffed } from './yenc-encode.ts';

/** What becomes of one BODY; nothing: it is given. */
export type Trouble =
  | { kind: 'missing' }
  /** Answered so, without a body. */
  | { kind: 'reply'; line: string }
  /** So many bytes of the body, then RST or FIN, or silence. */
  | { kind: 'reset' | 'end' | 'stall'; after: number }
  | { kind: 'delay'; ms: number }
  /** So many bytes every 20 ms. */
  | { kind: 'slow'; bytes: number }
  /** Nothing, for ever. */
  | { kind: 'silence' }
  /** Another body instead. */
  | { kind: 'body'; wire: Buffer };

export type NntpServerOptions = {
  host?: string;
  port?: number;
  /** Bodies by message id (without brackets), not dot-stuffed. */
  articles: ReadonlyMap<string, Buffer>;
  login?: { username: string; password: string };
  /** More are turned away with 502, as providers do. */
  maxConnections?: number;
  tls?: { key: string | Buffer; cert: string | Buffer };
  trouble?: (id: string, count: number) => Trouble | null;
  /** Greets in place of `200 ready`; false: and talks no further. */
  greet?: (socket: Socket) => boolean;
  /** Told of each line as it arrives, which may be long before its turn. */
  hear?: (line: string) => void;
  /** The answer to a right login, where it is another. */
  loginReply?: () => string | null;
};

export type NntpServer = AsyncDisposable & {
  host: string;
  port: number;
  /** BODYs and STATs it was asked for, in order. */
  bodies: string[];
  stats: string[];
  /** Open now, and the most at once. */
  connections(): number;
  mostConnections(): number;
  /** Cuts every connection; `stop` closes the port too. */
  cut(): void;
  stop(): Promise<void>;
};

/** A small NNTP server (RFC 3977 reader commands that providers speak), in this process, that can be given trouble. */
export async function startNntpServer(options: NntpServerOptions): Promise<NntpServer> {
  const { host = '127.0.0.1', port = 0, tls } = options;
  const sockets = new Set<Socket>();
  const [bodies, stats]: [string[], string[]] = [[], []];
  let most = 0;
  const serve = (socket: Socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (sockets.size > (options.maxConnections ?? Number.POSITIVE_INFINITY)) {
      socket.end('502 too many connections\r\n');
      return;
    }
    if (options.greet === undefined) socket.write('200 ready\r\n');
    else if (!options.greet(socket)) return;
    talk(socket, options, { bodies, stats });
  };
  const server: Server =
    tls === undefined ? createServer({ noDelay: true }, serve) : createTlsServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    ...{ host, port: address.port, bodies, stats },
    connections: () => sockets.size,
    mostConnections: () => most,
    ...{ cut, stop },
    [Symbol.asyncDispose]: stop,
  };
}

type Seen = { bodies: string[]; stats: string[] };

function talk(socket: Socket, options: NntpServerOptions, seen: Seen): void {
  const { login } = options;
  let [user, isIn, rest] = ['', login === undefined, ''];
  // One after the other, in order: a delayed answer holds back those behind it.
  let turn: Promise<void> = Promise.resolve();
  const say = (line: string) => void socket.write(`${line}\r\n`);

  const verbs = new Map<string, (id: string) => unknown>([
    ['BODY', (id) => giveBody(socket, id, options, seen)],
    ['STAT', (id) => say(statOf(id, options, seen))],
    ['DATE', () => say('111 20261126000000')],
    ['CAPABILITIES', () => say('101 capabilities\r\nVERSION 2\r\nREADER\r\n.')],
  ]);

  function logIn(part: string, value: string): void {
    if (part === 'USER') user = value;
    else isIn = user === login?.username && value === login.password;
    const other = part === 'PASS' ? options.loginReply?.() : null;
    if (part === 'USER') say('381 password');
    else if (other != null) say(other);
    else say(isIn ? '281 welcome' : '481 wrong');
  }

  async function command(line: string): Promise<void> {
    const [verb = '', first = '', ...words] = line.split(' ');
    const name = verb.toUpperCase();
    const answer = verbs.get(name);
    if (name === 'AUTHINFO') logIn(first.toUpperCase(), words.join(' '));
    else if (name === 'QUIT') socket.end('205 bye\r\n');
    else if (!isIn) say('480 log in first');
    else if (answer === undefined) say('500 what?');
    else await answer(first.replace(/^<|>$/g, ''));
  }

  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      options.hear?.(line);
      turn = turn.then(() => command(line)).catch(() => {});
    }
  });
}

function statOf(id: string, { articles, trouble }: NntpServerOptions, seen: Seen): string {
  seen.stats.push(id);
  const isThere = articles.has(id) && trouble?.(id, 0)?.kind !== 'missing';
  return isThere ? `223 0 <${id}>` : '430 no such article';
}

async function giveBody(socket: Socket, id: string, options: NntpServerOptions, seen: Seen): Promise<void> {
  seen.bodies.push(id);
  const article = options.articles.get(id);
  const what = options.trouble?.(id, seen.bodies.filter((one) => one === id).length) ?? null;
  const line = what?.kind === 'reply' ? what.line : '430 no such article';
  if (article === undefined || what?.kind === 'missing' || what?.kind === 'reply') {
    socket.write(`${line}\r\n`);
    return;
  }
  if (what?.kind === 'silence') return await new Promise((resolve) => socket.once('close', resolve));
  if (what?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, what.ms));
  const wire = what?.kind === 'body' ? what.wire : dotStuffed(article);
  const answer = Buffer.concat([Buffer.from(`222 0 <${id}>\r\n`), wire]);
  if (what?.kind === 'slow') return await trickle(socket, answer, what.bytes);
  if (what !== null && 'after' in what) return await breakOff(socket, answer, what);
  if (socket.write(answer)) return;
  await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
}

async function trickle(socket: Socket, answer: Buffer, bytes: number): Promise<void> {
  for (let at = 0; at < answer.length && !socket.destroyed; at += bytes) {
    socket.write(answer.subarray(at, at + bytes));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function breakOff(
  socket: Socket,
  answer: Buffer,
  what: Extract<Trouble, { after: number }>,
): Promise<void> {
  const end = answer.indexOf('\r\n') + 2 + what.after;
  await new Promise((resolve) => socket.write(answer.subarray(0, end), resolve));
  if (what.kind === 'reset') socket.resetAndDestroy();
  else if (what.kind === 'end') socket.end();
  else await new Promise((resolve) => socket.once('close', resolve));
}

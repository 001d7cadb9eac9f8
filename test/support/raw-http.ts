import { request } from 'node:http';
import { connect } from 'node:net';

/** Nothing the server is asked may keep anyone waiting longer. */
export const HANG_MS = 5_000;

export type RawAnswer = {
  status: number;
  /** Names in lower case; values of repeated ones joined by `, `. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
};

export type RawRequest = {
  method?: string;
  /** Sent as it is: no `..` is folded, nothing is encoded. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
};

/** One request on a connection of its own, the path as written. Throws when there is no whole answer within 5 s. */
export function askHttp(
  baseUrl: string,
  { method = 'GET', path, headers, body }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(HANG_MS);
    const fail = (error: Error) =>
      reject(new Error(`${method} ${shown(path)}: ${error.message}`, { cause: error }));
    // Kept alive: a server may close at once what asks for it, also while a refused body is still on its way.
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const options = {
      host: hostname,
      port,
      method,
      path,
      agent: false,
      signal,
      headers: { Connection: 'keep-alive', ...length, ...headers },
    };
    const req = request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', fail);
      res.on('close', () => req.destroy());
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: mapOf(res.rawHeaders), body: Buffer.concat(chunks) }),
      );
    });
    req.on('error', fail);
    req.end(body);
  });
}

/** A request that was never finished is given up on after this long without an answer, as a client that goes away. */
const GIVE_UP_MS = 400;

/**
 * Writes bytes to the server's port as they are and reads one answer. Null: it hung up without a word, on a request
 * that was never finished for instance. Throws when it neither answers nor hangs up within 5 s.
 */
export async function askSocket(baseUrl: string, bytes: string | Buffer): Promise<RawAnswer | null> {
  const { hostname, port } = new URL(baseUrl);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = '';
    const givingUp = setTimeout(() => {
      if (received === '') socket.end();
    }, GIVE_UP_MS);
    const deadline = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`neither answered nor hung up: ${shown(bytes.toString('latin1'))} → ${shown(received)}`),
      );
    }, HANG_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      if (isWhole(received)) socket.destroy();
    });
    // A server that refuses may reset while we still write: what counts is what it said.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(givingUp);
      clearTimeout(deadline);
      resolve(received);
    });
    socket.write(bytes);
  });
  return text === '' ? null : parse(text);
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, headEnd + 2)) ?? [];
  return headEnd !== -1 && length !== undefined && text.length >= headEnd + 4 + Number(length);
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(first) ?? [];
  if (status === undefined) throw new Error(`not an HTTP answer: ${shown(text)}`);
  const raw = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(status), headers: mapOf(raw), body: Buffer.from(rest.join('\r\n\r\n'), 'latin1') };
}

function mapOf(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const known = headers.get(name);
    headers.set(name, known === undefined ? (raw[index + 1] ?? '') : `${known}, ${raw[index + 1]}`);
  }
  return headers;
}

/** Short enough for a message, with the invisible made visible. */
export function shown(text: string): string {
  const visible = JSON.stringify(text);
  return visible.length <= 200 ? visible : `${visible.slice(0, 200)}… (${text.length} characters)`;
}

/**
 * The origin of `bench http` that breaks off, in a process of its own. Usage: forked with the file it serves; says its URL, then
 * takes `Cuts` one at a time and answers each with `Asked`, the requests for bodies since the one before. On bare sockets: with
 * `node:http` each connection cost this side half a millisecond more, which would look like ours.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { z } from 'zod';

/** Each of the next answers is cut after so many bytes of its body; one as long as the body cuts nothing. */
const Cuts = z.array(z.int());
export type Asked = { range: string | null; ifRange: string | null }[];

const PIECE = 256 * 1024;
const ETAG = '"v1"';
const film = readFileSync(process.argv[2] ?? '');
let [cuts, asked]: [number[], Asked] = [[], []];

const server = createServer({ noDelay: true }, (socket) => {
  let heard = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
    if (!heard.endsWith('\r\n\r\n')) return;
    answer(socket, heard);
    heard = '';
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  process.send?.(`http://127.0.0.1:${address.port}/film.mp4`);
});
process.on('message', (message) => {
  process.send?.(asked);
  [cuts, asked] = [Cuts.parse(message), []];
});
process.on('disconnect', () => process.exit(0));

function answer(socket: Socket, request: string): void {
  const range = fieldOf(request, 'range');
  const ifRange = fieldOf(request, 'if-range');
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const isPart = first !== undefined && (ifRange ?? ETAG) === ETAG;
  const start = isPart ? Number(first) : 0;
  const end = isPart && last ? Math.min(Number(last) + 1, film.length) : film.length;
  socket.write(
    `HTTP/1.1 ${isPart ? '206 Partial Content' : '200 OK'}\r\nContent-Type: video/mp4\r\nETag: ${ETAG}\r\n` +
      (isPart ? `Content-Range: bytes ${start}-${end - 1}/${film.length}\r\n` : '') +
      `Accept-Ranges: bytes\r\nContent-Length: ${end - start}\r\n\r\n`,
  );
  if (request.startsWith('HEAD ')) return;
  asked.push({ range, ifRange });
  send(socket, start, end, start + (cuts.shift() ?? film.length));
}

function fieldOf(request: string, name: string): string | null {
  return new RegExp(`^${name}: *(.*)\\r$`, 'im').exec(request)?.[1] ?? null;
}

function send(socket: Socket, start: number, end: number, cutAt: number): void {
  const until = Math.min(end, cutAt);
  let at = start;
  const next = () => {
    while (at < until && !socket.destroyed) {
      const piece = film.subarray(at, Math.min(at + PIECE, until));
      at += piece.length;
      // Not before the last byte has left the process, or the place would be another each time.
      const isCut = at === until && until < end;
      if (!socket.write(piece, () => isCut && socket.destroy())) return void socket.once('drain', next);
    }
  };
  next();
}

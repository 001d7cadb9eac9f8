import type { ServerResponse } from 'node:http';
import type { PlayResponse } from './deps.ts';

/** Node's own response as what films are written to. */
export function nodeResponse(res: ServerResponse): PlayResponse {
  return {
    writeHead: (status, fixed, own) => void res.writeHead(status, { ...fixed, ...own }),
    write: (bytes, done) => void res.write(bytes, done),
    end: (tail) => void res.end(tail),
  };
}

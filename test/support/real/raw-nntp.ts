/**
 * The yardstick of Usenet: takes articles from a news server as fast as one process of Node can, decodes nothing, keeps nothing.
 * Usage: node raw-nntp.ts '{host, port, connections, depth, ids, login?, ca?}' on standard input; answers
 * `{seconds, wireBytes, cpuSeconds}` from the first connection on. Every connection has `depth` BODYs on their way.
 */
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { NntpFraming } from './nntp-framing.ts';
import { RawJob } from './nntp-jobs.ts';

const BUFFER_BYTES = 256 * 1024;

/** Takes from the common list until it is empty; answers its bytes, line ends and dots counted. */
function pull(job: RawJob, left: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let [waiting, bytes, line] = [0, 0, ''];
    const ask = () => {
      const ids = left.splice(0, job.depth - waiting);
      waiting += ids.length;
      if (ids.length > 0) socket.write(ids.map((id) => `BODY <${id}>\r\n`).join(''));
      if (waiting > 0) return;
      socket.end('QUIT\r\n');
      resolve(bytes);
    };
    // 20x greets, 381 wants the password, 281 takes it; 222 is before a body.
    const answers: readonly [RegExp, () => void][] = [
      [/^222/, () => {}],
      [/^381/, () => socket.write(`AUTHINFO PASS ${job.login?.password}\r\n`)],
      [/^20[01]/, () => (job.login ? socket.write(`AUTHINFO USER ${job.login.user}\r\n`) : ask())],
      [/^281/, ask],
      [/^(?!205)/, () => reject(new Error(`the news server said: ${line}`))],
    ];
    const framing = new NntpFraming((piece) => {
      if (piece.kind === 'line') {
        line += piece.bytes.toString('latin1');
        if (!piece.isLast) return;
        answers.find(([pattern]) => pattern.test(line))?.[1]();
        line = '';
        return;
      }
      bytes += piece.bytes.length;
      if (!piece.isLast) return;
      waiting -= 1;
      ask();
    });
    const socket = open(job, (chunk) => framing.take(chunk));
    socket.on('error', reject).on('close', () => reject(new Error('the news server hung up')));
  });
}

function open({ host, port, ca }: RawJob, take: (chunk: Buffer) => void): Socket {
  const callback = (length: number, { buffer, byteOffset }: Uint8Array) => {
    take(Buffer.from(buffer, byteOffset, length));
    return true;
  };
  if (ca === undefined)
    return connect({ host, port, noDelay: true, onread: { buffer: Buffer.alloc(BUFFER_BYTES), callback } });
  return connectTls({ host, port, ca }).on('data', take);
}

const job = RawJob.parse(JSON.parse(await text(process.stdin)));
const left = [...job.ids];
const begun = performance.now();
const counts = await Promise.all(Array.from({ length: job.connections }, () => pull(job, left)));
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage();
const result = {
  seconds,
  wireBytes: counts.reduce((sum, one) => sum + one, 0),
  cpuSeconds: (user + system) / 1e6,
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

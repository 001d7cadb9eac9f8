import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

export type DnsServer = AsyncDisposable & {
  port: number;
  /** Names asked for, in their order. */
  asked: readonly string[];
  stop(): Promise<void>;
};

const HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_CNAME = 5;
/** Docker's own answers live that long; who asks again sooner gets a new one. */
const TTL_SECONDS = 600;

/**
 * A DNS server on 127.0.0.1 as Docker's is inside a network (RFC 1035): the IPv4 addresses of a name, which may change while it
 * runs, and an empty answer for every other question. A name in the answer is an alias (CNAME): what follows is said of it.
 */
export async function startDns(
  addressesOf: (name: string) => readonly string[] | undefined,
): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, { port, address }) => {
    if (query.length > HEADER_BYTES) asked.push(nameAt(query, HEADER_BYTES).name);
    const answer = answerTo(query, addressesOf);
    if (answer !== null) socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const stop = async () => {
    socket.close();
    await once(socket, 'close');
  };
  return { port: socket.address().port, asked, stop, [Symbol.asyncDispose]: stop };
}

function answerTo(query: Buffer, addressesOf: (name: string) => readonly string[] | undefined) {
  if (query.length < HEADER_BYTES + 5) return null;
  const { name, endsAt } = nameAt(query, HEADER_BYTES);
  const isAddress = query.readUInt16BE(endsAt) === TYPE_A;
  const addresses = isAddress ? (addressesOf(name) ?? []) : [];
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8180, 2); // a response, without error
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, endsAt + 4), ...recordsOf(name, addresses)]);
}

function nameAt(query: Buffer, start: number): { name: string; endsAt: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), endsAt: at + 1 };
}

function recordsOf(name: string, answers: readonly string[]): Buffer[] {
  let owner = name;
  return answers.map((answer) => {
    const isAlias = isIP(answer) === 0;
    const data = isAlias ? nameBytes(answer) : Buffer.from(answer.split('.').map(Number));
    const record = Buffer.alloc(10);
    record.writeUInt16BE(isAlias ? TYPE_CNAME : TYPE_A, 0);
    record.writeUInt16BE(1, 2);
    record.writeUInt32BE(TTL_SECONDS, 4);
    record.writeUInt16BE(data.length, 8);
    const whole = Buffer.concat([nameBytes(owner), record, data]);
    if (isAlias) owner = answer;
    return whole;
  });
}

function nameBytes(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

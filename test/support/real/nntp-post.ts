import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { nzbOf, type PostOptions, postFile } from '../nzb-post.ts';
import { dotStuffed } from '../yenc-encode.ts';
import { GROUP } from './inn-settings.ts';
import type { Place } from './swarm.ts';

/** A release on a server: its NZB, and the message ids of each of its files. */
export type Posted = { nzb: string; ids: readonly (readonly string[])[] };

const HEAD = `From: poster <poster@test.invalid>\r\nNewsgroups: ${GROUP}\r\n`;

/** Posts a release, so many times: the same bytes under message ids that nobody has seen. Fast, since each part is encoded once. */
export async function postFiles(
  files: readonly PostOptions[],
  place: Place,
  options: { copies?: number; connections?: number; meta?: Readonly<Record<string, string>> } = {},
): Promise<Posted[]> {
  const { copies = 1, connections = 4, meta } = options;
  const articles = new Map<string, Buffer>();
  const encoded = files.map((file) => postFile(articles, file));
  const wires = new Map([...articles].map(([id, body]) => [id, dotStuffed(body)]));
  const left: { id: string; subject: string; wire: Buffer }[] = [];
  const posted = Array.from({ length: copies }, () => {
    const copy = encoded.map(({ subject, parts }) => ({
      subject,
      parts: parts.map((part) => {
        const id = `${randomUUID()}@post.invalid`;
        left.push({ id, subject, wire: wires.get(part.id) ?? Buffer.alloc(0) });
        return { ...part, id };
      }),
    }));
    return { nzb: nzbOf(copy, meta), ids: copy.map(({ parts }) => parts.map(({ id }) => id)) };
  });
  await Promise.all(Array.from({ length: connections }, () => postAll(place, left)));
  return posted;
}

async function postAll({ host, port }: Place, left: { id: string; subject: string; wire: Buffer }[]) {
  const socket = connect({ host, port, noDelay: true });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const expect = async (code: string) => {
    const { value } = await lines.next();
    if (!String(value).startsWith(code)) throw new Error(`the news server said: ${value}`);
  };
  try {
    await expect('200');
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      socket.write('POST\r\n');
      await expect('340');
      await send(socket, `${HEAD}Subject: ${one.subject}\r\nMessage-ID: <${one.id}>\r\n\r\n`, one.wire);
      await expect('240');
    }
  } finally {
    socket.destroy();
  }
}

async function send(socket: Socket, head: string, wire: Buffer): Promise<void> {
  socket.write(head);
  if (!socket.write(wire)) await once(socket, 'drain');
}

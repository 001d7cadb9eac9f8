import { expect, test } from 'vitest';
import { filmOf, MIB, NEVER, openFtpRoom, readRange } from '../support/ftp-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = filmOf(8 * MIB);
const files = new Map([['/film.mkv', film]]);
const SOON = { timeoutMs: 5000, everyMs: 2 };

/** A film whose end was read: the session waits, its next data connection open. */
async function openWaiting(greeting = 'Hello') {
  const room = await openFtpRoom(files, { mostPerPlace: 1, keepMs: 600 });
  room.server.behaviour.greeting = greeting;
  const source = await room.open();
  await readRange(source, film.length - 9, film.length);
  await waitUntil(() => room.server.waiting.size === 1, { what: 'a data connection waits', ...SOON });
  room.server.commands.length = 0;
  room.server.writes.length = 0;
  const isFilmAt = async (at: number) =>
    (await readRange(source, at, at + 99)).equals(film.subarray(at, at + 99));
  return { room, isFilmAt };
}

test('a seek on a session that waits is two commands', async () => {
  const { room, isFilmAt } = await openWaiting();
  await using _ = room;
  expect(await isFilmAt(MIB)).toBe(true);
  expect(room.server.writes.slice(0, 2)).toEqual([`REST ${MIB}\r\n`, 'RETR /film.mkv\r\n']);
});

const KNOWN = ['(vsFTPd 3.0.3)', '---------- Welcome to Pure-FTPd [privsep] [TLS] ----------'];

test.each(KNOWN)(
  'a seek is one write to a server that is known to read both commands (%s)',
  async (greeting) => {
    const { room, isFilmAt } = await openWaiting(greeting);
    await using _ = room;
    expect(await isFilmAt(MIB)).toBe(true);
    expect(room.server.writes[0]).toBe(`REST ${MIB}\r\nRETR /film.mkv\r\n`);
  },
);

test('a server that refuses REST and sends from the beginning gives no wrong byte', async () => {
  const { room, isFilmAt } = await openWaiting(KNOWN[0]);
  await using _ = room;
  room.server.behaviour.refuse.REST = 502;
  expect(await isFilmAt(MIB)).toBe(true);
  // What it sent then was for nobody: its connection is closed, and the film read from its first byte.
  expect(room.server.logins).toBe(2);
});

test('a waiting data connection that the server has closed is not used', async () => {
  const { room, isFilmAt } = await openWaiting();
  await using _ = room;
  for (const socket of room.server.waiting) socket.destroy();
  await waitUntil(() => room.server.waiting.size === 0, { what: 'it is closed', ...SOON });
  expect(await isFilmAt(MIB)).toBe(true);
  expect(room.server.commands[0]).toBe('EPSV');
});

test.each(['Hello', KNOWN[0]])(
  'a waiting data connection that the server (%s) has forgotten is one more attempt, by a new one',
  async (greeting) => {
    const { room, isFilmAt } = await openWaiting(greeting);
    await using _ = room;
    room.server.behaviour.losesData = true;
    expect(await isFilmAt(MIB)).toBe(true);
    const [rest, retr] = [`REST ${MIB}`, 'RETR /film.mkv'];
    expect(room.server.commands.slice(0, 5)).toEqual([rest, retr, 'EPSV', rest, retr]);
    expect(room.server.logins).toBe(1);
  },
);

test('it goes with the session that nobody needs any more', async () => {
  const { room } = await openWaiting();
  await using _ = room;
  await waitUntil(() => room.server.open === 0, { what: 'the session is closed', ...SOON });
  await waitUntil(() => room.server.waiting.size === 0, { what: 'the data connection is closed', ...SOON });
});

test('a session by which only was looked opens none', async () => {
  await using room = await openFtpRoom(files);
  await room.open();
  await room.kind.check?.({ detail: room.kind.parse({ url: room.url() }), fileIndex: null }, NEVER);
  expect(room.server.commands.filter((line) => /^(EPSV|PASV)$/.test(line))).toEqual([]);
});

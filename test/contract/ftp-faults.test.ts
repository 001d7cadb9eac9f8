import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { filmOf, MIB, NEVER, openFtpRoom, readRange, sha256, stallingSink } from '../support/ftp-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = filmOf(40 * MIB);
const files = new Map([['/film.mkv', film]]);
const known = getCACertificates('default');
afterEach(() => setDefaultCACertificates(known));

test.each([1, 2, 3])('ten cuts at random bytes and every byte arrives once (seed %d)', async (seed) => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  let [left, state] = [10, seed];
  Object.defineProperty(room.server.behaviour, 'cutAfter', {
    get() {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      left -= 1;
      return left < 0 ? Number.POSITIVE_INFINITY : MIB + (state % (2 * MIB));
    },
  });
  const got = await readRange(source, 4711, film.length - 13);
  expect(sha256(got)).toBe(sha256(film.subarray(4711, film.length - 13)));
  const begun = room.server.commands.filter((line) => line.startsWith('RETR'));
  expect([begun.length, room.server.logins]).toEqual([11, 1]);
});

test('goes on where the server says nothing of the lost data connection, with a new login', async () => {
  await using room = await openFtpRoom(files, { cutMs: 100 });
  const source = await room.open();
  Object.assign(room.server.behaviour, { cutAfter: 5 * MIB, cutCode: null });
  const reading = readRange(source, 0, 12 * MIB);
  await expect(reading.then(sha256)).resolves.toBe(sha256(film.subarray(0, 12 * MIB)));
  expect(room.server.logins).toBe(3);
});

test('a transfer that is given up after its data ended takes the session from nobody later', async () => {
  await using room = await openFtpRoom(files, { cutMs: 500, mostPerPlace: 1 });
  const source = await room.open();
  Object.assign(room.server.behaviour, { cutAfter: MIB, cutCode: null });
  const stop = new AbortController();
  const sink = stallingSink(2 * MIB);
  const ended = expect(source.send({ start: 0, end: film.length }, sink, stop.signal)).rejects.toThrow(
    'left',
  );
  await waitUntil(() => sink.bytes() === MIB, { what: 'the first MiB', timeoutMs: 5000, everyMs: 2 });
  await sleep(100);
  stop.abort(new Error('left'));
  await ended;
  room.server.behaviour.cutAfter = Number.POSITIVE_INFINITY;
  await readRange(source, 5 * MIB, 5 * MIB + 1);
  await sleep(600);
  await readRange(source, MIB, MIB + 1);
  expect(room.server.logins).toBe(1);
});

test('does not go on with a file that is another one now', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  Object.assign(room.server.behaviour, { cutAfter: 3 * MIB, size: film.length + 1 });
  await expect(readRange(source, 0, film.length)).rejects.toThrow(/has changed/);
});

test('does not go on with another file after others had the connection', async () => {
  await using room = await openFtpRoom(files, { mostPerPlace: 1 });
  const source = await room.open();
  const sink = stallingSink(1);
  const ended = expect(source.send({ start: 0, end: film.length }, sink, NEVER)).rejects.toThrow(
    /has changed/,
  );
  await waitUntil(() => sink.bytes() > 0, { what: 'the first bytes', timeoutMs: 5000, everyMs: 2 });
  await readRange(source, 30 * MIB, 30 * MIB + 1);
  room.server.behaviour.size = film.length + 1;
  sink.goOn();
  await ended;
});

test('a range after one that the server refused begins where it is asked for', async () => {
  await using room = await openFtpRoom(files, { mostPerPlace: 1 });
  const source = await room.open();
  room.server.behaviour.refuse.RETR = 550;
  await expect(readRange(source, MIB, 2 * MIB)).rejects.toMatchObject({ status: 404 });
  delete room.server.behaviour.refuse.RETR;
  expect((await readRange(source, 0, 99)).equals(film.subarray(0, 99))).toBe(true);
  expect(room.server.logins).toBe(1);
});

test.each(['greeting', 'PASS', 'SIZE'])(
  'a server that keeps silent at %s ends by a timer, as 504',
  async (when) => {
    await using room = await openFtpRoom(files, { replyMs: 60 });
    room.server.behaviour.mute.add(when);
    await expect(room.open()).rejects.toMatchObject({ code: 'upstream.failed', status: 504 });
  },
);

test.each([
  ['explicit', 'ftpes'],
  ['implicit', 'ftps'],
] as const)(
  'a TLS handshake that hangs (%s) ends by a timer, and the server is asked again after it',
  async (mode, scheme) => {
    const own = selfSigned('127.0.0.1');
    setDefaultCACertificates([...known, own.cert]);
    await using room = await openFtpRoom(files, { tls: { ...own, mode }, scheme, loginMs: 300 });
    room.server.behaviour.mute.add('handshake');
    await expect(room.open()).rejects.toMatchObject({ code: 'upstream.failed', status: 504 });
    await waitUntil(() => room.server.open === 0, { what: 'the hung connection is closed', timeoutMs: 2000 });
    room.server.behaviour.mute.clear();
    expect((await room.open()).size).toBe(film.length);
  },
);

test('a TLS handshake that hangs ends with the program', async () => {
  await using room = await openFtpRoom(files, {
    tls: { ...selfSigned('127.0.0.1'), mode: 'implicit' },
    scheme: 'ftps',
  });
  room.server.behaviour.mute.add('handshake');
  const ended = expect(room.open()).rejects.toThrow();
  await waitUntil(() => room.server.open === 1, { what: 'a connection', timeoutMs: 2000 });
  const before = performance.now();
  await room.kind.close?.();
  await ended;
  expect(performance.now() - before).toBeLessThan(5000);
  await waitUntil(() => room.server.open === 0, { what: 'the hung connection is closed', timeoutMs: 2000 });
});

test.each(['EPSV', 'REST', 'RETR'])('a server that keeps silent at %s ends by a timer', async (when) => {
  await using room = await openFtpRoom(files, { replyMs: 60 });
  const source = await room.open();
  room.server.behaviour.mute.add(when);
  await expect(readRange(source, MIB, 2 * MIB)).rejects.toMatchObject({ status: 504 });
});

test('a server that is silent in the middle of a file is asked for the rest, and one that gives nothing ends by a timer', async () => {
  await using room = await openFtpRoom(files, { idleMs: 200 });
  const source = await room.open();
  room.server.behaviour.stallAfter = MIB;
  expect(sha256(await readRange(source, 0, 2 * MIB))).toBe(sha256(film.subarray(0, 2 * MIB)));
  room.server.behaviour.stallAfter = 0;
  await expect(readRange(source, 9 * MIB, 10 * MIB)).rejects.toMatchObject({ status: 504 });
});

test.each([
  ['a wrong login', { PASS: 530 }, 502, /refuses the login/],
  ['a file that is not there', { SIZE: 550 }, 404, /does not have this file/],
  ['too many visitors', { PASS: 421 }, 503, /too many visitors/],
])('tells of %s by its status', async (_what, refuse, status, message) => {
  await using room = await openFtpRoom(files);
  Object.assign(room.server.behaviour.refuse, refuse);
  const opening = room.open();
  await expect(opening).rejects.toMatchObject({ status });
  await expect(opening).rejects.toThrow(message);
});

test('asks a busy server once more, and not again and again', async () => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.busyLogins = 1;
  expect((await room.open()).size).toBe(film.length);
  await using other = await openFtpRoom(files);
  other.server.behaviour.busyLogins = 5;
  await expect(other.open()).rejects.toMatchObject({ status: 503 });
  expect(other.server.behaviour.busyLogins).toBe(3);
});

test('a 530 that says how many may be there is a busy server, not a wrong login', async () => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.fullLogins = 1;
  expect((await room.open()).size).toBe(film.length);
  await using other = await openFtpRoom(files);
  other.server.behaviour.fullLogins = 5;
  await expect(other.open()).rejects.toMatchObject({ status: 503 });
});

test('gives a file that is gone as 404 in the middle too', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  room.server.behaviour.refuse.RETR = 550;
  await expect(readRange(source, 0, 1)).rejects.toMatchObject({ status: 404 });
});

test('PASV leads to the host of the control connection, whatever it names', async () => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.refuse.EPSV = 500;
  room.server.behaviour.pasvHost = '10,1,2,3';
  const source = await room.open();
  expect((await readRange(source, MIB, MIB + 5)).equals(film.subarray(MIB, MIB + 5))).toBe(true);
  // What does not know EPSV is not asked again.
  await readRange(source, 30 * MIB, 30 * MIB + 5);
  const { commands, logins } = room.server;
  expect(commands.filter((line) => line === 'PASV').length).toBe(2);
  expect(commands.filter((line) => line === 'EPSV').length).toBeLessThanOrEqual(logins);
});

test('a file that is shorter than was said is cut, not ended; one that is longer ends where it was said', async () => {
  await using room = await openFtpRoom(new Map([['/film.mkv', filmOf(MIB)]]));
  room.server.behaviour.size = MIB + 1;
  const source = await room.open();
  await expect(readRange(source, 1000, MIB + 1)).rejects.toThrow(/broke off/);
  await using longer = await openFtpRoom(files);
  longer.server.behaviour.size = 2 * MIB;
  const other = await longer.open();
  expect(sha256(await readRange(other, 0, 2 * MIB))).toBe(sha256(film.subarray(0, 2 * MIB)));
});

test('a server without REST is read from the beginning: near seeks skip, far ones are refused at once', async () => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.features = ['SIZE'];
  room.server.behaviour.refuse.REST = 502;
  const source = await room.open();
  expect(source.isForwardOnly?.()).toBe(true);
  const near = await readRange(source, 7 * MIB, 7 * MIB + 100);
  expect(near.equals(film.subarray(7 * MIB, 7 * MIB + 100))).toBe(true);
  await expect(readRange(source, 9 * MIB, 9 * MIB + 1)).rejects.toThrow(/cannot seek/);
  expect(room.server.commands.filter((line) => line.startsWith('RETR')).length).toBe(1);
});

test('a server that promised REST and refuses it is found out', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  room.server.behaviour.refuse.REST = 502;
  expect(source.isForwardOnly?.()).toBe(false);
  const got = await readRange(source, 3 * MIB, 3 * MIB + 9);
  expect(got.equals(film.subarray(3 * MIB, 3 * MIB + 9))).toBe(true);
  expect(source.isForwardOnly?.()).toBe(true);
});

test('a server that does not say sizes gives all of a file, without ranges', async () => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.refuse.SIZE = 500;
  const source = await room.open();
  expect([source.size, source.etag]).toEqual([null, null]);
  expect(sha256(await readRange(source, 0, Number.POSITIVE_INFINITY))).toBe(sha256(film));
  // Cut in the middle there is no telling what is missing.
  room.server.behaviour.cutAfter = MIB;
  await expect(readRange(source, 0, Number.POSITIVE_INFINITY)).rejects.toThrow();
});

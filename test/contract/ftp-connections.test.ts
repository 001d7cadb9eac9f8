import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { filmOf, MIB, NEVER, openFtpRoom, readRange, sha256, stallingSink } from '../support/ftp-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = filmOf(24 * MIB);
const NAMES = ['/ leading', '/caf\u00e9', '/\u00c3\u00a9t\u00c3\u00a9.mkv', '/100% #1? a -> b;x.mkv'];
const files = new Map([['/film.mkv', film], ...NAMES.map((name) => [name, film.subarray(0, 99)] as const)]);
const SOON = { what: 'the server has got so far', timeoutMs: 5000, everyMs: 2 };
const known = getCACertificates('default');
afterEach(() => setDefaultCACertificates(known));

const countOf = (commands: readonly string[], name: string) =>
  commands.filter((line) => line.startsWith(name)).length;

test('twenty seeks that are given up log in once', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  for (let seek = 0; seek < 20; seek += 1) {
    const stop = new AbortController();
    const sink = stallingSink(1);
    const start = (seek * 7 * MIB) % (20 * MIB);
    const sending = source.send({ start, end: film.length }, sink, stop.signal);
    const ended = expect(sending).rejects.toThrow('given up');
    await waitUntil(() => sink.bytes() > 0, SOON);
    stop.abort(new Error('given up'));
    await ended;
  }
  expect([room.server.logins, countOf(room.server.commands, 'RETR')]).toEqual([1, 20]);
  await waitUntil(() => countOf(room.server.commands, 'ABOR') === 20, SOON);
});

test('seeks given up before the first login is through log in once too', async () => {
  await using room = await openFtpRoom(files);
  for (let seek = 0; seek < 10; seek += 1) {
    const stop = new AbortController();
    const opening = room.kind.open?.(
      { detail: room.kind.parse({ url: room.url() }), fileIndex: null },
      stop.signal,
    );
    stop.abort(new Error('given up'));
    await expect(opening).rejects.toThrow('given up');
  }
  await room.open();
  expect(room.server.logins).toBe(1);
});

test('ranges one after the other go on with one data connection', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  for (let at = 0; at < 8 * MIB; at += 65_536) {
    const part = await readRange(source, at, at + 65_536);
    if (!part.equals(film.subarray(at, at + 65_536))) throw new Error(`other bytes at ${at}`);
  }
  // A little further on is read through, not asked for anew.
  const skipped = await readRange(source, 8 * MIB + 300_000, 8 * MIB + 300_001);
  expect(skipped[0]).toBe(film[8 * MIB + 300_000]);
  expect(countOf(room.server.commands, 'RETR')).toBe(1);
  expect((await readRange(source, 1, 2))[0]).toBe(film[1]);
  expect([countOf(room.server.commands, 'RETR'), room.server.logins]).toEqual([2, 2]);
});

test('a server that does not answer ABOR costs a login and no more', async () => {
  await using room = await openFtpRoom(files, { cutMs: 100, mostPerPlace: 1 });
  const source = await room.open();
  room.server.behaviour.abor = 'none';
  room.server.behaviour.mute.add('NOOP');
  const stop = new AbortController();
  const sink = stallingSink(1);
  const sending = source.send({ start: 0, end: film.length }, sink, stop.signal);
  const ended = expect(sending).rejects.toThrow('given up');
  await waitUntil(() => sink.bytes() > 0, SOON);
  stop.abort(new Error('given up'));
  await ended;
  expect((await readRange(source, 5, 6))[0]).toBe(film[5]);
  expect(room.server.logins).toBe(2);
});

test.each(['greeting', 'SIZE'])('opening is given up within 50 ms while %s is waited for', async (when) => {
  await using room = await openFtpRoom(files);
  room.server.behaviour.mute.add(when);
  const stop = new AbortController();
  const detail = room.kind.parse({ url: room.url() });
  const opening = room.kind.open?.({ detail, fileIndex: null }, stop.signal);
  const ended = expect(opening).rejects.toThrow('given up');
  await sleep(50);
  const before = performance.now();
  stop.abort(new Error('given up'));
  await ended;
  expect(performance.now() - before).toBeLessThan(50);
});

test.each(['EPSV', 'REST', 'RETR', 'bytes'])(
  'a range is given up within 50 ms while %s is waited for',
  async (when) => {
    await using room = await openFtpRoom(files);
    const source = await room.open();
    room.server.behaviour.mute.add(when);
    const stop = new AbortController();
    const sending = source.send({ start: MIB, end: film.length }, stallingSink(1), stop.signal);
    const ended = expect(sending).rejects.toThrow('given up');
    await sleep(50);
    const before = performance.now();
    stop.abort(new Error('given up'));
    await ended;
    expect(performance.now() - before).toBeLessThan(50);
  },
);

test('a viewer who does not read stops the server; it goes on with him', async () => {
  const large = filmOf(64 * MIB);
  await using room = await openFtpRoom(new Map([['/film.mkv', large]]));
  const source = await room.open();
  const sink = stallingSink(1);
  const sending = source.send({ start: 0, end: large.length }, sink, NEVER);
  await sleep(400);
  const sent = room.server.sentBytes;
  expect(sink.bytes()).toBeLessThanOrEqual(MIB);
  // What the kernel's buffers of both sides take.
  expect(sent).toBeLessThan(24 * MIB);
  await sleep(200);
  expect(room.server.sentBytes).toBe(sent);
  sink.goOn();
  await sending;
  expect(sink.bytes()).toBe(large.length);
});

test('more viewers than connections: those who do not read wait, those who do get on', async () => {
  await using room = await openFtpRoom(files);
  const source = await room.open();
  const stalled = Array.from({ length: 6 }, () => stallingSink(1));
  const sendings = stalled.map((sink) => source.send({ start: 0, end: film.length }, sink, NEVER));
  await waitUntil(() => stalled.every((sink) => sink.bytes() > 0), SOON);
  const moving = readRange(source, 3, film.length);
  expect(sha256(await moving)).toBe(sha256(film.subarray(3)));
  expect(room.server.open).toBeLessThanOrEqual(4);
  for (const sink of stalled) sink.goOn();
  await Promise.all(sendings);
  expect(stalled.map((sink) => sink.bytes())).toEqual(stalled.map(() => film.length));
});

test('a connection that nobody uses is closed', async () => {
  await using room = await openFtpRoom(files, { keepMs: 300 });
  const source = await room.open();
  await readRange(source, 0, film.length);
  expect(room.server.open).toBe(1);
  await waitUntil(() => room.server.open === 0, SOON);
  expect((await readRange(source, 7, 8))[0]).toBe(film[7]);
});

test.each(NAMES)('the bytes of the name %j reach the server as they are', async (name) => {
  await using room = await openFtpRoom(files);
  const encoded = [...name.slice(1)].map((byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const source = await room.open(encoded.join(''));
  expect(source.size).toBe(99);
});

test.each([
  ['explicit', 'ftpes'],
  ['implicit', 'ftps'],
] as const)('reads by %s TLS, sessions resumed, and no other certificate', async (mode, scheme) => {
  const [own, other] = [selfSigned('127.0.0.1'), selfSigned('127.0.0.1')];
  await using room = await openFtpRoom(files, { tls: { ...own, mode }, scheme });
  setDefaultCACertificates([...known, other.cert]);
  await expect(room.open()).rejects.toMatchObject({ status: 502 });
  setDefaultCACertificates([...known, own.cert]);
  const source = await room.open();
  expect(sha256(await readRange(source, 99, film.length))).toBe(sha256(film.subarray(99)));
  expect(room.server.commands).toContain('PROT P');
});

test('the login is sent in the bytes of UTF-8, decoded', async () => {
  await using room = await openFtpRoom(files);
  await room.open('film.mkv', 'us%C3%A9r:p%40ss@');
  expect(room.server.commands).toContain('USER us\u00c3\u00a9r');
  expect(room.server.commands).toContain('PASS p@ss');
});

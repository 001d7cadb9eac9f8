import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { mailProblems, mailSettings } from '../../src/platform/config-mail.ts';
import { createLog, type Log } from '../../src/platform/log.ts';
import { createMailer } from '../../src/platform/mail.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { selfSigned } from '../support/certificate.ts';
import { startSmtpServer, type TakenLetter, type TestSmtpServer, textOf } from '../support/smtp-server.ts';

const { key, cert } = selfSigned('127.0.0.1');
let net: Net;
let server: TestSmtpServer;
let tlsFirst: TestSmtpServer;
beforeAll(async () => {
  // As a fresh install is: the owner's own mail server is at home, and reached all the same.
  net = createNet({ mode: 'all', allow: [], ownPorts: () => new Set() });
  server = await startSmtpServer({ key, cert });
  tlsFirst = await startSmtpServer({ key, cert, secure: true });
});
beforeEach(() => {
  server.letters.length = 0;
  tlsFirst.letters.length = 0;
});
afterAll(async () => {
  await server.close();
  await tlsFirst.close();
  await net.close();
});

const NEVER = new AbortController().signal;
const letter = {
  to: 'kid@example.org',
  subject: 'Subject',
  text: 'First line.\n\nSecond, with ü and 映画.\n',
};
function mailerOf(url: string, more: { SMTP_TLS?: 'off'; ca?: string; log?: Log } = {}) {
  const { SMTP_TLS = 'required', ca = cert, log = createLog('silent') } = more;
  const settings = mailSettings({ SMTP_URL: url, SMTP_TLS, MAIL_FROM: 'Our films <films@example.org>' });
  if (settings === null) throw new Error('no settings');
  return createMailer({ net, log, settings, ca, pausesMs: [10, 10] });
}
const at = ({ port }: TestSmtpServer, login = '') => `//${login}127.0.0.1:${port}`;

const headOf = ({ raw }: TakenLetter) => raw.slice(0, raw.indexOf('\r\n\r\n'));

describe('a letter', () => {
  test('goes over TLS that the server offers, signed in, with its text as it was', async () => {
    const mailer = mailerOf(`smtp:${at(server, 'films:p%40ss%20word@')}`);
    await mailer.send(letter, NEVER);
    const taken = await server.letter();
    expect(taken).toMatchObject({
      ...{ from: 'films@example.org', to: ['kid@example.org'], isSecure: true, user: 'films' },
    });
    expect(taken.raw).toContain('From: Our films <films@example.org>');
    expect(textOf(taken).replaceAll('\r\n', '\n')).toContain(letter.text);
  });

  test('goes over TLS from the first byte to smtps', async () => {
    await mailerOf(`smtps:${at(tlsFirst)}`).send(letter, NEVER);
    expect((await tlsFirst.letter()).isSecure).toBe(true);
  });

  test.each([
    ['whose certificate nobody vouches for', { ca: selfSigned('127.0.0.1').cert }],
    ['where only other names are vouched for', { ca: selfSigned('mail.example').cert }],
  ])('does not go to a server %s', async (_which, more) => {
    for (const url of [`smtp:${at(server)}`, `smtps:${at(tlsFirst)}`])
      await expect(mailerOf(url, more).send(letter, NEVER)).rejects.toThrow(/certificate/i);
    expect([...server.letters, ...tlsFirst.letters]).toEqual([]);
  });

  test('goes in the clear only where the owner says so', async () => {
    const plain = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
    try {
      await expect(mailerOf(`smtp:${at(plain)}`).send(letter, NEVER)).rejects.toThrow();
      expect(plain.letters).toEqual([]);
      await mailerOf(`smtp:${at(plain)}`, { SMTP_TLS: 'off' }).send(letter, NEVER);
      expect((await plain.letter()).isSecure).toBe(false);
    } finally {
      await plain.close();
    }
  });

  test('has one recipient and the headers it was given, whatever is written into it', async () => {
    const mailer = mailerOf(`smtp:${at(server)}`);
    const evil = '\r\nBcc: evil@example.org\r\nX-Evil: yes\r\n\r\nA body';
    await mailer.send(
      { to: 'kid@example.org', subject: `Hello${evil}`, text: `Hi${evil}\r\n.\r\nQUIT` },
      NEVER,
    );
    const taken = await server.letter();
    expect(taken.to).toEqual(['kid@example.org']);
    for (const address of [
      'kid@example.org, evil@example.org',
      `kid@example.org${evil}`,
      'a@b.example>\r\nRCPT TO:<evil@example.org',
    ])
      await mailer.send({ ...letter, to: address }, NEVER).catch(() => undefined);
    expect(
      server.letters.flatMap((taken) => taken.to).filter((address) => address === 'evil@example.org'),
    ).toEqual([]);
    for (const taken of server.letters) expect(headOf(taken)).not.toMatch(/^(bcc|x-evil):/im);
  });

  test('is tried again, and what fails for good is told without the letter and the password', async () => {
    const lines: string[] = [];
    const sink = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
    const log = pino({ level: 'info' }, sink);
    const mailer = mailerOf(`smtp:${at(server, 'films:p%40ss%20word@')}`, { log });
    server.mode.refuses = 2;
    mailer.post(letter);
    await server.letter();
    server.mode.refuses = 3;
    mailer.post({ ...letter, text: 'https://films.example/#reset/planted-secret' });
    await expect.poll(() => lines.join('')).toContain('a mail was given up');
    expect(server.letters).toHaveLength(1);
    expect(lines.join('')).toContain('451');
    expect(lines.join('')).not.toMatch(/planted-secret|p@ss|p%40ss|kid@example/);
  });

  test('that hangs ends with the program', async () => {
    const hanging = await startSmtpServer({ onConnect: () => {} });
    const mailer = mailerOf(`smtp:${at(hanging)}`);
    mailer.post(letter);
    const sent = mailer.send(letter, NEVER);
    const ended = expect(sent).rejects.toThrow();
    await new Promise((done) => setTimeout(done, 200));
    const from = performance.now();
    await mailer.close();
    await ended;
    expect(performance.now() - from).toBeLessThan(5000);
    await hanging.close();
  });
});

describe('the settings of mail', () => {
  const given = {
    SMTP_URL: 'smtp://mail.example',
    MAIL_FROM: 'films@example.org',
    PUBLIC_URL: 'https://films.example',
  };
  test('have ports of their own by scheme, and no sender is one too many', () => {
    expect(loadConfig(given).mail).toEqual({
      ...{ host: 'mail.example', port: 587, isTlsFirst: false, needsTls: true, login: null },
      from: { name: '', address: 'films@example.org' },
    });
    const first = loadConfig({
      ...given,
      SMTP_URL: 'smtps://[::1]/',
      MAIL_FROM: 'Films, ours <a@b.example>',
    }).mail;
    expect(first).toMatchObject({
      host: '::1',
      port: 465,
      from: { name: 'Films, ours', address: 'a@b.example' },
    });
    expect(loadConfig({}).mail).toBeNull();
  });

  test.each(['MAIL_FROM', 'PUBLIC_URL'])('need %s, since links and letters do', (name) => {
    expect(mailProblems({ ...given, [name]: undefined })).toEqual([`${name}: is needed beside SMTP_URL`]);
    expect(() => loadConfig({ ...given, [name]: undefined })).toThrow(`${name}: is needed beside SMTP_URL`);
  });

  test.each(['films', 'a b@c.example', 'x <a@b> y', 'a\r\nBcc: b <a@b.example>'])(
    'refuse the sender %j',
    (from) => {
      expect(() => loadConfig({ ...given, MAIL_FROM: from })).toThrow('MAIL_FROM');
    },
  );
});

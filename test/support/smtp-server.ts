import { once } from 'node:events';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { waitUntil } from './wait-until.ts';

export type TakenLetter = { from: string; to: string[]; raw: string; isSecure: boolean; user: string | null };

/** A real SMTP server on loopback, which keeps what it takes. `mode` may change while it runs. */
export async function startSmtpServer(options: SMTPServerOptions = {}) {
  const letters: TakenLetter[] = [];
  const mode = { refuses: 0 };
  let users = 0;
  const server = new SMTPServer({
    ...{ authOptional: true, disableReverseLookup: true, logger: false },
    onAuth({ username = '', password = '' }, _session, done) {
      if (username !== 'films' || password !== 'p@ss word')
        return done(new Error('Invalid username or password'));
      users += 1;
      done(null, { user: username });
    },
    onMailFrom(_address, _session, done) {
      if (mode.refuses === 0) return done();
      mode.refuses -= 1;
      done(Object.assign(new Error('come back later'), { responseCode: 451 }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        letters.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(parts).toString('utf8'),
          isSecure: session.secure,
          user: typeof session.user === 'string' ? session.user : null,
        });
        done();
      });
    },
    ...options,
  });
  // A client that hangs up in the middle is its own business.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    port: address.port,
    letters,
    mode,
    signIns: () => users,
    /** The newest letter once there are that many. */
    async letter(count = 1): Promise<TakenLetter> {
      await waitUntil(() => letters.length >= count, { what: `${count} letters`, timeoutMs: 20_000 });
      const last = letters.at(-1);
      if (last === undefined) throw new Error('no letter');
      return last;
    },
    close: () => new Promise<void>((done) => server.close(() => done())),
  };
}
export type TestSmtpServer = Awaited<ReturnType<typeof startSmtpServer>>;

/** The text of a letter, out of quoted-printable (RFC 2045 §6.7). */
export function textOf({ raw }: TakenLetter): string {
  const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
  if (!/quoted-printable/i.test(raw)) return body;
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

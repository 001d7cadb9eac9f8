import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { MailSettings } from './config-mail.ts';
import type { Log } from './log.ts';
import type { Net } from './net.ts';

export type Letter = { to: string; subject: string; text: string };

export type Mailer = {
  /** Sends one letter; rejects where the server does not take it. */
  send(letter: Letter, signal: AbortSignal): Promise<void>;
  /** Sends it while the caller goes on, three times where it fails; what fails then is in the log, without the letter. */
  post(letter: Letter): void;
  /** Ends what is being sent. */
  close(): Promise<void>;
};

export type MailerDeps = {
  net: Pick<Net, 'permitting'>;
  log: Log;
  settings: MailSettings;
  /** PEM of the authorities that may vouch for the server, in place of Node's. */
  ca?: string;
  /** Waits between tries. */
  pausesMs?: readonly number[];
};

type SocketCallback = (error: Error | null, socket?: { connection: Socket }) => void;

const STEP_TIMEOUT_MS = 15_000;
const PAUSES_MS = [10_000, 60_000];
/** Of letters on their way: a mail server that hangs must not keep them all. */
const MOST_AT_ONCE = 50;

/** Mail by the owner's SMTP server, which may be at home; every connection is opened by the guarded dialer. */
export function createMailer({ net, log, settings, ca, pausesMs = PAUSES_MS }: MailerDeps): Mailer {
  const { host, port, isTlsFirst, needsTls, login, from } = settings;
  const place = new URL(`smtp://${host.includes(':') ? `[${host}]` : host}:${port}`);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  async function send({ to, subject, text }: Letter, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, stop.signal]);
    either.throwIfAborted();
    const transport = createTransport({
      ...{ host, port, secure: isTlsFirst, requireTLS: needsTls && !isTlsFirst },
      ...(login === null ? {} : { auth: login }),
      ...{
        connectionTimeout: STEP_TIMEOUT_MS,
        greetingTimeout: STEP_TIMEOUT_MS,
        socketTimeout: STEP_TIMEOUT_MS,
      },
      // Nothing of a letter is read from a file or a URL.
      ...{ disableFileAccess: true, disableUrlAccess: true },
      ...(ca === undefined ? {} : { tls: { ca } }),
      getSocket(_options: unknown, callback: SocketCallback) {
        // TLS is nodemailer's: it knows when a server speaks it.
        net
          .permitting(place)
          .dial({ host, port, isTls: false }, either)
          .then(
            (connection) => {
              either.addEventListener('abort', () => connection.destroy(), { once: true });
              callback(null, { connection });
            },
            (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
          );
      },
    });
    // One recipient, as an object: nothing in it is read as a list of addresses.
    await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
  }

  async function sendPatiently(letter: Letter): Promise<void> {
    for (const pauseMs of [0, ...pausesMs]) {
      await sleep(pauseMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
      if (stop.signal.aborted || (await isSent(letter))) return;
    }
    log.error('a mail was given up');
  }

  async function isSent(letter: Letter): Promise<boolean> {
    try {
      await send(letter, stop.signal);
      return true;
    } catch (error) {
      if (!stop.signal.aborted) log.warn({ reason: reasonOf(error) }, 'a mail could not be sent');
      return false;
    }
  }

  return {
    send,
    post(letter) {
      if (running.size >= MOST_AT_ONCE) return log.warn('a mail was not sent: too many wait');
      const sending = sendPatiently(letter).finally(() => running.delete(sending));
      running.add(sending);
    },
    async close() {
      stop.abort(new Error('this server stops'));
      await Promise.all(running);
    },
  };
}

/** What a server said may hold the address; its code and the step tell enough. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, command, responseCode } = error as {
    code?: unknown;
    command?: unknown;
    responseCode?: unknown;
  };
  return (
    [code, command, responseCode]
      .filter((part) => typeof part === 'string' || typeof part === 'number')
      .join(' ') || error.name
  );
}

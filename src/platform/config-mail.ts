import { z } from 'zod';
import { text } from './config-values.ts';

const FROM = /^(?:[^\p{Cc}<>"]{1,100}<([^@\s<>]+@[^@\s<>]+)>|([^@\s<>]+@[^@\s<>]+))$/u;

/** Those of outgoing mail; a part of `Env`. */
export const MAIL_SETTINGS = {
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .max(2000)
    .optional()
    .describe(
      'Server that takes mail: `smtp://user:password@mail.example.org:587`, or `smtps://…:465` where TLS comes first. Mail resets passwords and verifies addresses; none is sent when absent. Needs `PUBLIC_URL`, where its links lead, and `MAIL_FROM`.',
    ),
  SMTP_TLS: z
    .enum(['required', 'off'])
    .default('required')
    .describe('`off` lets `smtp://` speak in the clear, to a relay on the same machine.'),
  MAIL_FROM: text()
    .max(300)
    .regex(FROM, 'needs an address, or a name with one: Films <films@example.org>')
    .optional()
    .describe('Sender of mail: `films@example.org` or `Films <films@example.org>`.'),
};

/** How mail goes out. The password is a secret: in no log, error or metric. */
export type MailSettings = {
  host: string;
  port: number;
  /** TLS from the first byte. */
  isTlsFirst: boolean;
  /** False: in the clear where the server has nothing else. */
  needsTls: boolean;
  login: { user: string; pass: string } | null;
  from: { name: string; address: string };
};

const Env = z.object(MAIL_SETTINGS);

/** Null: no mail is sent. */
export function mailSettings({ SMTP_URL, SMTP_TLS, MAIL_FROM }: z.infer<typeof Env>): MailSettings | null {
  if (SMTP_URL === undefined || MAIL_FROM === undefined) return null;
  const { protocol, hostname, port, username, password } = new URL(SMTP_URL);
  const isTlsFirst = protocol === 'smtps:';
  return {
    ...{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (isTlsFirst ? 465 : 587), isTlsFirst },
    needsTls: SMTP_TLS === 'required',
    login:
      username === '' ? null : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    from: senderOf(MAIL_FROM),
  };
}

/** What is missing beside a server for mail, in words. */
export function mailProblems(given: Readonly<Record<string, unknown>>): string[] {
  if (given.SMTP_URL === undefined) return [];
  const missing = ['MAIL_FROM', 'PUBLIC_URL'].filter((name) => given[name] === undefined);
  return missing.map((name) => `${name}: is needed beside SMTP_URL`);
}

function senderOf(text: string): { name: string; address: string } {
  const [, named, bare] = FROM.exec(text) ?? [];
  return {
    name: named === undefined ? '' : text.slice(0, text.lastIndexOf('<')).trim(),
    address: named ?? bare ?? '',
  };
}

/** A server and who is there. Texts hold bytes, one character each (`kit/byte-names.ts`). */
export type FtpPlace = {
  host: string;
  port: number;
  /** `explicit`: by AUTH TLS (RFC 4217). `implicit`: from the first byte on. */
  tls: 'none' | 'explicit' | 'implicit';
  username: string;
  password: string;
};

export type FtpLogin = { username: string; password: string };

/** RFC 1635. */
const ANONYMOUS: FtpLogin = { username: 'anonymous', password: 'anonymous@' };

const SCHEMES: Readonly<Record<string, { tls: FtpPlace['tls']; port: number }>> = {
  'ftp:': { tls: 'none', port: 21 },
  'ftpes:': { tls: 'explicit', port: 21 },
  'ftps:': { tls: 'implicit', port: 990 },
};

/** Where a URL of `ftp:`, `ftpes:` (TLS by AUTH) or `ftps:` leads; null: it is none of these. */
export function placeOf(href: string, login: FtpLogin | null): FtpPlace | null {
  const url = URL.parse(href);
  const scheme = url === null ? undefined : SCHEMES[url.protocol];
  if (url === null || scheme === undefined || url.hostname === '') return null;
  // Host names of schemes that browsers do not know are left as they are written by the parser.
  const host = URL.parse(`ftp://${url.hostname}/`)?.hostname;
  if (host === undefined) return null;
  const { username, password } = login ?? ANONYMOUS;
  const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || scheme.port,
    tls: scheme.tls,
    username: utf8(username),
    password: utf8(password),
  };
}

import { AppError } from '../src/kit/errors.ts';
import type { Net } from '../src/platform/net.ts';
import { NntpFailure } from '../src/streams/usenet/nntp/failure.ts';
import { type Probed, probeProvider } from '../src/streams/usenet/nntp/probe.ts';
import type { Provider } from '../src/streams/usenet/providers/provider.ts';
import type { Finding } from './finding.ts';

const LOGIN_MS = 10_000;
/** News servers with TLS listen at 563 or 443, those without at 119. */
const USUAL_TLS_PORTS: ReadonlySet<number> = new Set([563, 443]);
const MAX_DRIFT_MS = 300_000;

type CheckOptions = { loginMs?: number; signal: AbortSignal };

/** All at once: connects, logs in and asks for the date with one connection. */
export async function checkProviders(
  net: Pick<Net, 'dial'>,
  providers: readonly Provider[],
  { loginMs = LOGIN_MS, signal }: CheckOptions,
): Promise<Finding[]> {
  return await Promise.all(
    providers.map(async (provider): Promise<Finding> => {
      const name = `Usenet provider ${provider.name}`;
      try {
        return { name, ...foundOf(provider, await probeProvider(net, provider, { loginMs, signal })) };
      } catch (error) {
        return { name, state: 'mend', text: fixOf(provider, error) };
      }
    }),
  );
}

function foundOf(
  { tls, username, connections }: Provider,
  { connectMs, clockMs }: Probed,
): Omit<Finding, 'name'> {
  const login = username === null ? 'no login asked' : 'login taken';
  const took = `connected in ${connectMs} ms, ${tls ? 'TLS, ' : ''}${login}, up to ${connections} connections`;
  if (!tls && username !== null)
    return {
      state: 'note',
      text: `${took}; the password goes out unencrypted: set "tls": true and its TLS port (563).`,
    };
  if (clockMs !== null && Math.abs(clockMs - Date.now()) > MAX_DRIFT_MS)
    return { state: 'note', text: `${took}; its clock and this machine's differ by more than 5 min.` };
  return { state: 'ok', text: took };
}

/** What to change, in words of USENET_PROVIDERS. */
function fixOf(provider: Provider, error: unknown): string {
  if (!(error instanceof NntpFailure)) return 'it could not be checked in time.';
  switch (error.reason) {
    case 'refused':
      return refusedLogin(provider, error);
    case 'busy':
      return `${error.message}: too many connections are open, mostly. Lower "connections" (${provider.connections}), or end other programs that use the account; several instances share its plan.`;
    case 'unreachable':
      return unreachable(provider, error.cause);
    default:
      return `${error.message}. ${wrongTls(provider)}`;
  }
}

function refusedLogin({ username }: Provider, { message }: NntpFailure): string {
  return username === null
    ? `${message}: give "username" and "password".`
    : `${message}. Correct "username" and "password" (those of the news server, which may be others than those of the provider's page), or see whether the account has ended.`;
}

function unreachable(provider: Provider, cause: unknown): string {
  const { host, port } = provider;
  if (cause === undefined) return `it connected and was not greeted in time. ${wrongTls(provider)}`;
  if (cause instanceof AppError && cause.code === 'net.refused') return `${host}:${port}: ${cause.message}`;
  const code = codeOf(cause);
  const fix = FIXES[code] ?? (isTlsFault(code) ? tlsFix(code, provider) : null);
  return (
    fix ??
    `${host}:${port} does not answer. Correct "host" and "port", or see whether a firewall is in between.`
  );
}

const FIXES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host. Correct "host".',
  EAI_AGAIN: 'the host could not be looked up: no name server answers here. Mend the DNS of this machine.',
  ECONNREFUSED: 'nothing listens there. Correct "port" (563 with TLS, 119 without).',
  EHOSTUNREACH: 'there is no way to the host from here. Correct "host", or mend the network of this machine.',
  ENETUNREACH: 'there is no way to the host from here. Correct "host", or mend the network of this machine.',
};

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ISSUER|ALTNAME|VERIFY/;

function isTlsFault(code: string): boolean {
  return CERTIFICATE.test(code) || code === 'EPROTO' || code.startsWith('ERR_SSL') || code === 'ECONNRESET';
}

function tlsFix(code: string, provider: Provider): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'its certificate is for another name. Write "host" as the provider does.';
  if (CERTIFICATE.test(code))
    return `nobody known vouches for its certificate (${code}). Correct "host", or name the authority in "tlsCa".`;
  return wrongTls(provider);
}

/** What answers there is no news server, or speaks TLS where it should not, or does not where it should. */
function wrongTls({ tls, port }: Provider): string {
  if (tls)
    return `What listens at port ${port} speaks no TLS: set its TLS port (563 mostly), or "tls": false.`;
  return USUAL_TLS_PORTS.has(port)
    ? `Port ${port} mostly speaks TLS: set "tls": true.`
    : `Correct "port", or set "tls": true where port ${port} speaks TLS.`;
}

/** Of what the dialer threw: an error of the system or of TLS, the first of several addresses, or one within a time limit. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string' && !(error instanceof AppError)) return error.code;
  return codeOf(error.cause);
}

import type { ListingPlace } from '../../finders/lister.ts';
import { basicAuthorization } from '../../kit/basic-authorization.ts';
import { UpstreamFailed } from '../../kit/errors.ts';
import { plainHost } from '../../platform/address-rules.ts';
import type { Net } from '../../platform/net.ts';

/** How one server is asked whether it does; both reject with what is wrong, in a sentence. */
export type SourceProbe = {
  /** A connection is made. Absent: the protocol makes none of its own. */
  connect?(signal: AbortSignal): Promise<void>;
  /** The base is listed: resolves when the listing begins to come. */
  list(signal: AbortSignal): Promise<void>;
};

/** Read of a listing so that its connection can be used again; a bigger one is cut. */
const MAX_LISTING_BYTES = 256 * 1024;

/** A web server: a connection, then its base by GET; redirects go through the guarded dialer again. */
export function httpProbe(
  net: Pick<Net, 'dial' | 'request'>,
  { baseUrl, username, password }: Pick<ListingPlace, 'baseUrl' | 'username' | 'password'>,
): SourceProbe {
  const url = new URL(baseUrl);
  const isTls = url.protocol === 'https:';
  const host = plainHost(url.hostname);
  return {
    async connect(signal) {
      const port = Number(url.port) || (isTls ? 443 : 80);
      const socket = await net.dial({ host, port, isTls, servername: host }, signal);
      socket.destroy();
    },
    async list(signal) {
      const headers = {
        ...{ accept: '*/*', 'user-agent': 'Tributary', 'accept-encoding': 'identity' },
        ...(username === null ? {} : { authorization: basicAuthorization(username, password) }),
      };
      const { status, body } = await net.request(url, { headers, signal });
      // What is cut off says so by an error event, which nobody needs.
      body.on('error', () => {});
      await body.dump({ limit: MAX_LISTING_BYTES, signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (status >= 400)
        throw new UpstreamFailed(`The server answered with status ${status}.`, { retryable: status >= 500 });
    },
  };
}

import type { Lister } from '../../finders/lister.ts';
import { placeOf } from '../../platform/ftp/place.ts';
import type { Net } from '../../platform/net.ts';
import type { SourceProbe } from './http-probe.ts';

/** What has a lister of its own: a connection where it is a server, then its base. The lister is opened for each listing. */
export function listerProbe(
  net: Pick<Net, 'dial'>,
  baseUrl: string,
  open: () => Pick<Lister, 'test' | 'close'>,
): SourceProbe {
  const server = placeOf(baseUrl, null);
  return {
    ...(server === null ? {} : { connect: (signal: AbortSignal) => connect(net, server, signal) }),
    async list(signal) {
      const lister = open();
      try {
        await lister.test(signal);
      } finally {
        await lister.close();
      }
    },
  };
}

async function connect(
  net: Pick<Net, 'dial'>,
  { host, port, tls }: { host: string; port: number; tls: string },
  signal: AbortSignal,
): Promise<void> {
  const socket = await net.dial({ host, port, isTls: tls === 'implicit', servername: host }, signal);
  socket.destroy();
}

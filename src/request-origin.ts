import type { Socket } from 'node:net';
import type { Express, Request } from 'express';
import type { PlainRequest } from './platform/http1/direct-server.ts';

/** Links are made from it, so it is a host name, an address or a bracketed IPv6 address, with or without a port. */
export function isSoundHost(host: string): boolean {
  return /^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host);
}

/** A proxy may hand on what its client says of the protocol; the links of an answer begin with it. */
export function isSoundProtocol(protocol: string): boolean {
  return protocol === 'http' || protocol === 'https';
}

export type RequestOrigin = {
  /** Address of the client, behind trusted proxies too. */
  client: string;
  /** The request as Express' own getters see it: `ip`, `host`, `protocol`. */
  asExpress(): Request;
};

export type OriginOf = (request: PlainRequest, socket: Socket) => RequestOrigin | null;

/** Where a request comes from that Express did not read, by Express' own rules (`trust proxy`); null: Express refuses such a one. */
export function originOf(app: Express): OriginOf {
  let soundHost = '';
  return ({ headers }, socket) => {
    const { host = '' } = headers;
    const asExpress = (): Request => Object.assign(Object.create(app.request), { headers, socket });
    const isForwarded =
      headers['x-forwarded-for'] !== undefined ||
      headers['x-forwarded-proto'] !== undefined ||
      headers['x-forwarded-host'] !== undefined;
    if (isForwarded) {
      const { ip = '', protocol, host: named = '' } = asExpress();
      return isSoundProtocol(protocol) && isSoundHost(named) ? { client: ip, asExpress } : null;
    }
    // Nearly always the host of the last one.
    if (host !== soundHost && !isSoundHost(host)) return null;
    soundHost = host;
    return { client: socket.remoteAddress ?? '', asExpress };
  };
}

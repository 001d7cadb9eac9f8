import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Config } from './platform/config.ts';
import { answerDirectly, type Direct, type DirectServer } from './platform/http1/direct-server.ts';
import { answerOnTheWire } from './wire-errors.ts';

export type Listening = {
  port: number;
  /** Takes no new connection, ends idle ones, and after `graceMs` the busy ones too: a film must not hold the stop up. */
  close(graceMs: number): Promise<void>;
};

/** Longer than the 60 s balancers keep a connection, so that none is sent a request into a closing one. */
const KEEP_ALIVE_MS = 65_000;

type Tls = { cert: string; key: string };

/** A start that cannot be: the message is for the person who typed the command. */
export class CannotStart extends Error {}

/**
 * Opens the port, with TLS when a certificate is set. `direct` is asked about each request before `handler` is. Throws
 * `CannotStart` in words when the port cannot be had.
 */
export async function listen(config: Config, handler: RequestListener, direct: Direct): Promise<Listening> {
  const { port, host, tls } = config.http;
  const options = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    // From the first byte of a connection: who sends its head by drops is closed with 408, 5 s later at most.
    headersTimeout: 20_000,
    requestTimeout: 120_000,
    connectionsCheckingInterval: 5_000,
    // The address and all headers together; past it node answers 431 and reads no more.
    maxHeaderSize: 32_768,
    insecureHTTPParser: false,
    noDelay: true,
    // The app says so itself, in the words of its other errors.
    requireHostHeader: false,
  };
  const server = tls === null ? createServer(options, handler) : createTlsServer(options, tls, handler);
  server.maxRequestsPerSocket = 0;
  answerOnTheWire(server);
  const connections = answerDirectly(server, { ...direct, keepAliveMs: KEEP_ALIVE_MS });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host }, resolve);
    });
  } catch (error) {
    throw explain(error, port, host);
  }
  server.removeAllListeners('error');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: (graceMs) => close(server, connections, graceMs),
  };
}

function createTlsServer(options: ServerOptions, tls: Tls, handler: RequestListener): Server {
  const files = readTls(tls);
  try {
    return createSecureServer({ ...options, ...files }, handler);
  } catch (error) {
    if (codeOf(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
      throw new CannotStart(
        'TLS_CERT and TLS_KEY do not belong together. Set the certificate chain and the private key it was made for.',
      );
    throw new CannotStart(
      'TLS_CERT or TLS_KEY is not usable: the first must be a certificate chain in PEM, the second its private key in PEM without a password.',
    );
  }
}

function readTls(tls: Tls): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  } catch {
    throw new CannotStart(
      'TLS_CERT or TLS_KEY cannot be read. Give the user who runs Tributary the right to read both files.',
    );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function explain(error: unknown, port: number, host: string): unknown {
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return new CannotStart(
      `Port ${port} is taken by another program. Stop it, or choose another port: PORT=7001 npm start`,
    );
  if (code === 'EACCES')
    return new CannotStart(
      `Port ${port} may not be opened by this user. Choose one above 1023: PORT=7000 npm start`,
    );
  if (code === 'EADDRNOTAVAIL')
    return new CannotStart(`HOST ${host} is not an address of this machine. Use 0.0.0.0 or 127.0.0.1.`);
  return error;
}

async function close(server: Server, direct: DirectServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  direct.closeIdle();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    direct.closeAll();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}

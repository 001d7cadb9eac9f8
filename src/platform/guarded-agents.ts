import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { plainHost } from './address-rules.ts';
import type { Net } from './net.ts';

const IDLE_TIMEOUT_MS = 30_000;
const SOCKETS_PER_HOST = 8;
const OPTIONS: AgentOptions = { keepAlive: true, maxSockets: SOCKETS_PER_HOST, timeout: IDLE_TIMEOUT_MS };

/** What node's agent says of a connection it wants; its types do not promise any of it. */
const Wanted = z.object({
  host: z.string(),
  port: z.coerce.number().int(),
  servername: z.string().nullish(),
});
/** Written as a method since node's types ask for a socket beside an error too, and node does not. */
type Done = { done(error: Error | null, socket?: Duplex): void }['done'];

/**
 * Agents for libraries on node's own `http` and `https` (got): each connection, a redirect's too, is dialled by `net`, so its rules hold
 * and the name is resolved once. Idle connections keep nobody alive.
 */
export function guardedAgents(net: Pick<Net, 'dial'>): { http: HttpAgent; https: HttpsAgent } {
  const http = new HttpAgent(OPTIONS);
  const https = new HttpsAgent(OPTIONS);
  http.createConnection = (options, done) => dialled(net, options, false, done);
  https.createConnection = (options, done) => dialled(net, options, true, done);
  return { http, https };
}

/** The socket comes by `done` (node's second way for an agent); a request that is given up meanwhile leaves it to the next. */
function dialled(
  net: Pick<Net, 'dial'>,
  options: unknown,
  isTls: boolean,
  done: Done | undefined,
): undefined {
  const { host, port, servername } = Wanted.parse(options);
  const named = plainHost(host);
  const target = { host: named, port, isTls, servername: servername || named, protocols: ['http/1.1'] };
  // No request's signal: the dialer's own five seconds are the bound.
  net.dial(target, new AbortController().signal).then(
    (socket) => done?.(null, socket),
    (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
  );
}

import type { Request } from 'express';
import { isHomeAddress, isPublicAddress, plainHost } from '../../platform/address-rules.ts';
import type { Actor } from '../audit/index.ts';
import type { Guard } from './guard.ts';

/** Who does what this request asks for, as the audit log names it. `keepsAddress`: as the owner set. */
export async function actorOf(guard: Guard, req: Request, keepsAddress: boolean): Promise<Actor> {
  const seen = { agent: req.get('user-agent'), ...(keepsAddress ? { address: req.ip } : {}) };
  const user = await guard.userOf(req);
  if (user !== null) return { ...seen, kind: 'user', userId: user.userId };
  return { ...seen, kind: guard.holdsAdminToken(req) ? 'admin-token' : 'nobody' };
}

/**
 * Whether somebody in the house asks, on this server's network, by an address or a name of that network. Not through a
 * proxy that is not known (all would look like home), and not by a name of the internet: a page elsewhere can have its
 * own name lead here (DNS rebinding), and would be of the same origin then.
 */
export function isAtHome(req: Request, publicUrl: string | null): boolean {
  if (!isHomeAddress((req.ip ?? '').replace(/^::ffff:/i, ''))) return false;
  const isForwarded = ['x-forwarded-for', 'forwarded', 'via'].some((name) => req.get(name) !== undefined);
  if (isForwarded && req.ips.length === 0) return false;
  const host = plainHost(req.hostname ?? '');
  if (publicUrl !== null && host === plainHost(new URL(publicUrl).hostname)) return true;
  const isAddress = isHomeAddress(host) || isPublicAddress(host);
  return isAddress || !host.includes('.') || /\.(local|home\.arpa|lan|internal)$/i.test(host);
}

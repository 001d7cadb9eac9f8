import { AppError, Conflict } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { closedAccount } from './guard.ts';
import { deleteSession, dropOldSessions, insertSession, touchSession } from './queries/sessions.ts';
import { insertRefresh, lockRefresh, type Refresh, supersede } from './queries/tokens.ts';
import { hashOf, makeSecretToken } from './secret-token.ts';

const DAY_S = 86_400;
/** A refresh token that is not used this long is none any more, and no chain of them lasts longer than the second. */
export const REFRESH_SECONDS = 7 * DAY_S;
const CHAIN_SECONDS = 30 * DAY_S;
const MOST_SESSIONS = 5;
const MOST_AGENT_CHARS = 200;

/** A session and the refresh token that goes on with it. */
export type Started = { sessionPublicId: string; userPublicId: string; refreshToken: string };

/** Begins a session; of more than five the least recently used ends. The user's row must be locked. */
export async function startSession(
  db: Db,
  user: { id: number; publicId: string },
  agent: string | undefined,
): Promise<Started> {
  await dropOldSessions(db, user.id, MOST_SESSIONS - 1);
  const session = await insertSession(db, {
    userId: user.id,
    agent: agent?.replace(/\p{Cc}/gu, ' ').slice(0, MOST_AGENT_CHARS) || null,
    seconds: CHAIN_SECONDS,
  });
  const { token, hash } = makeSecretToken();
  await insertRefresh(db, { userId: user.id, sessionId: session.id, hash, seconds: REFRESH_SECONDS });
  return { sessionPublicId: session.publicId, userPublicId: user.publicId, refreshToken: token };
}

/**
 * Trades a refresh token for the next one. One that was traded before is in two hands: its chain ends for both (RFC 9700
 * §4.14.2). 401 where it is none, 403 where the account is closed. `isCookie`: tabs of one browser share it, so one that
 * was traded within ten seconds is refused by 409 and ends nothing: the browser holds the next one by then.
 */
export async function refreshSession(
  db: Pool,
  token: string,
  { actor, isCookie }: { actor: Actor; isCookie: boolean },
): Promise<Started> {
  const outcome = await db.transaction(async (tx) => {
    const found = await lockRefresh(tx, hashOf(token));
    if (found === null) return 'unknown';
    if (isCookie && found.isOvertaken) return 'overtaken';
    const fault = faultOf(found);
    if (fault === null) return goOn(tx, found);
    // Committed, and only then refused.
    if (fault !== 'closed') await deleteSession(tx, found.sessionId);
    if (fault === 'reused')
      await noteAudit(
        tx,
        { ...actor, kind: 'user', userId: found.userId },
        {
          action: 'account.refresh_reused',
          severity: 'warning',
          resource: `session ${found.sessionPublicId}`,
        },
      );
    return fault;
  });
  if (typeof outcome === 'object') return outcome;
  if (outcome === 'overtaken')
    throw new Conflict('auth.overtaken', 'Another tab has just gone on with this session. Ask again.');
  throw outcome === 'closed' ? closedAccount() : notSignedIn();
}

function faultOf(found: Refresh): 'reused' | 'ended' | 'closed' | null {
  if (found.isSuperseded) return 'reused';
  if (found.isEnded) return 'ended';
  return found.status === 'active' ? null : 'closed';
}

async function goOn(tx: Db, found: Refresh): Promise<Started> {
  const { token, hash } = makeSecretToken();
  await supersede(tx, found.tokenId);
  await insertRefresh(tx, { ...found, hash, seconds: REFRESH_SECONDS });
  await touchSession(tx, found.sessionId);
  return {
    sessionPublicId: found.sessionPublicId,
    userPublicId: found.userPublicId,
    refreshToken: token,
  };
}

export function notSignedIn(): AppError {
  return new AppError('auth.refresh_ended', 'This session has ended. Sign in again.', {
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
}

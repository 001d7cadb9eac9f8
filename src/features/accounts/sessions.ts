import { AppError, Conflict } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { closedAccount } from './guard.ts';
import {
  deleteSession,
  dropOldSessions,
  endSession,
  insertSession,
  touchSession,
} from './queries/sessions.ts';
import { forgetSuperseded, insertRefresh, lockRefresh, type Refresh, supersede } from './queries/tokens.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { hashOf } from './secret-token.ts';

const DAY_S = 86_400;
/** A refresh token that is not used this long is none any more, and no chain of them lasts longer than the second. */
export const REFRESH_SECONDS = 7 * DAY_S;
const CHAIN_SECONDS = 30 * DAY_S;
const MOST_SESSIONS = 5;
const MOST_AGENT_CHARS = 200;

/** A session and the refresh token that goes on with it. */
export type Started = { sessionPublicId: string; userPublicId: string; refreshToken: string };

/** Superseded tokens whose hash is kept of a session; one that was superseded before is told by its seal. */
const MOST_SUPERSEDED = 100;

/** Begins a session; of more than five the least recently used ends. The user's row must be locked. */
export async function startSession(
  db: Db,
  user: { id: number; publicId: string },
  agent: string | undefined,
  refreshTokens: RefreshTokens,
): Promise<Started> {
  await dropOldSessions(db, user.id, MOST_SESSIONS - 1);
  const session = await insertSession(db, {
    userId: user.id,
    agent: agent?.replace(/\p{Cc}/gu, ' ').slice(0, MOST_AGENT_CHARS) || null,
    seconds: CHAIN_SECONDS,
  });
  const { token, hash } = refreshTokens.make(session.publicId);
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
  { actor, isCookie, refreshTokens }: { actor: Actor; isCookie: boolean; refreshTokens: RefreshTokens },
): Promise<Started> {
  const outcome = await db.transaction(async (tx) => {
    const found = await lockRefresh(tx, hashOf(token));
    if (found === null) return endForgotten(tx, refreshTokens.sessionOf(token), actor);
    if (isCookie && found.isOvertaken) return 'overtaken';
    const fault = faultOf(found);
    if (fault === null) return goOn(tx, found, refreshTokens);
    // Committed, and only then refused.
    if (fault !== 'closed') await deleteSession(tx, found.sessionId);
    if (fault === 'reused') await noteReuse(tx, found.userId, found.sessionPublicId, actor);
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

/** A token of ours whose hash is not there: it was superseded long ago, and is in two hands as any other. The current one's always is. */
async function endForgotten(tx: Db, sessionPublicId: string | null, actor: Actor): Promise<'unknown'> {
  const userId = sessionPublicId === null ? null : await endSession(tx, sessionPublicId);
  if (sessionPublicId !== null && userId !== null) await noteReuse(tx, userId, sessionPublicId, actor);
  return 'unknown';
}

async function noteReuse(tx: Db, userId: number, sessionPublicId: string, actor: Actor): Promise<void> {
  const entry = { action: 'account.refresh_reused', severity: 'warning' } as const;
  await noteAudit(
    tx,
    { ...actor, kind: 'user', userId },
    { ...entry, resource: `session ${sessionPublicId}` },
  );
}

async function goOn(tx: Db, found: Refresh, refreshTokens: RefreshTokens): Promise<Started> {
  const { token, hash } = refreshTokens.make(found.sessionPublicId);
  await supersede(tx, found.tokenId);
  await forgetSuperseded(tx, found.sessionId, MOST_SUPERSEDED);
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

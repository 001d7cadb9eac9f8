import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { Conflict, NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { actorOf } from './asking.ts';
import { type ChangeEmailDeps, changeEmail } from './change-email.ts';
import { type ChangePasswordDeps, changePassword } from './change-password.ts';
import { dropCookies } from './cookies.ts';
import { API_TOKEN_PREFIX, type Guard, inPerson } from './guard.ts';
import { deleteOwnAccount, type OwnedPart, ownData } from './own-data.ts';
import { deleteOwnSession, SessionAnswer, sessionsOf } from './queries/sessions.ts';
import { apiTokensOf, deleteApiToken, insertApiToken, TokenAnswer } from './queries/tokens.ts';
import { AccountDeletion, ApiTokenBody, EmailChange, PasswordChange } from './schemas.ts';
import { makeSecretToken } from './secret-token.ts';

export const SessionsAnswer = z.object({
  sessions: z.array(SessionAnswer.extend({ isThis: z.boolean() })),
});
export const TokensAnswer = z.object({ tokens: z.array(TokenAnswer) });

export type OwnRoutesDeps = Omit<ChangePasswordDeps, 'letters'> & {
  letters: ChangePasswordDeps['letters'] & ChangeEmailDeps['letters'];
  db: Pool;
  guard: Guard;
  keepsAddresses(): boolean;
  ownedParts: readonly OwnedPart[];
};

const MOST_TOKENS = 50;

/** What users do with their own account. An API token reaches none of it: it could make itself another. */
export function ownRoutes(deps: OwnRoutesDeps): Router {
  const { db, guard } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.get('/auth/sessions', listSessions);
  router.delete('/auth/sessions/:id', endSession);
  router.get('/auth/tokens', listTokens);
  router.post('/auth/tokens', ...body, makeToken);
  router.delete('/auth/tokens/:id', dropToken);
  router.post('/auth/password', ...body, choosePassword);
  router.post('/auth/email', ...body, chooseEmail);
  router.get('/auth/data', takeData);
  router.delete('/auth/account', ...body, deleteAccount);
  return router;

  async function listSessions(req: Request, res: Response) {
    const { userId, sessionId } = await inPerson(guard, req);
    const sessions = await sessionsOf(db, userId);
    res.set('Cache-Control', 'no-store').json({
      sessions: sessions.map((session) => ({ ...session, isThis: session.sessionId === sessionId })),
    });
  }

  async function endSession(req: Request, res: Response) {
    const { userId } = await inPerson(guard, req);
    const sessionId = idOf(req);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await db.transaction(async (tx) => {
      if (!(await deleteOwnSession(tx, userId, sessionId))) throw notThere();
      await noteAudit(tx, actor, { action: 'account.session_ended', resource: `session ${sessionId}` });
    });
    res.status(204).end();
  }

  async function listTokens(req: Request, res: Response) {
    const { userId } = await inPerson(guard, req);
    res.set('Cache-Control', 'no-store').json({ tokens: await apiTokensOf(db, userId) });
  }

  async function makeToken(req: Request, res: Response) {
    const { userId } = await inPerson(guard, req);
    const input = parseInput(ApiTokenBody, req.body, 'The token');
    if ((await apiTokensOf(db, userId)).length >= MOST_TOKENS)
      throw new Conflict('accounts.too_many_tokens', `There are ${MOST_TOKENS} tokens. Take one back first.`);
    const { token, hash } = makeSecretToken(API_TOKEN_PREFIX);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    const made = await db.transaction(async (tx) => {
      const row = await insertApiToken(tx, { ...input, userId, hash });
      const after = { name: row.name, scopes: row.scopes };
      await noteAudit(tx, actor, { action: 'account.token_made', resource: `token ${row.tokenId}`, after });
      return row;
    });
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ ...made, token });
  }

  async function dropToken(req: Request, res: Response) {
    const { userId } = await inPerson(guard, req);
    const tokenId = idOf(req);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await db.transaction(async (tx) => {
      if (!(await deleteApiToken(tx, userId, tokenId))) throw notThere();
      await noteAudit(tx, actor, { action: 'account.token_dropped', resource: `token ${tokenId}` });
    });
    res.status(204).end();
  }

  async function takeData(req: Request, res: Response) {
    const user = await inPerson(guard, req);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await noteAudit(db, actor, { action: 'account.data_exported' });
    res
      .set({ 'Cache-Control': 'no-store', 'Content-Disposition': 'attachment; filename="my-data.json"' })
      .type('json');
    await pipeline(Readable.from(ownData(db, user, deps.ownedParts)), res);
  }

  async function deleteAccount(req: Request, res: Response) {
    const user = await inPerson(guard, req);
    const { password } = parseInput(AccountDeletion, req.body, 'The body');
    await deleteOwnAccount(deps, user, password, await actorOf(guard, req, deps.keepsAddresses()));
    dropCookies(res);
    res.status(204).end();
  }

  async function chooseEmail(req: Request, res: Response) {
    const user = await inPerson(guard, req);
    const input = parseInput(EmailChange, req.body, 'The body');
    await changeEmail(deps, user, input, await actorOf(guard, req, deps.keepsAddresses()));
    res.status(204).end();
  }

  async function choosePassword(req: Request, res: Response) {
    const user = await inPerson(guard, req);
    const input = parseInput(PasswordChange, req.body, 'The body');
    await changePassword(deps, user, input, await actorOf(guard, req, deps.keepsAddresses()));
    res.status(204).end();
  }
}

const Id = z.uuid();

function idOf(req: Request): string {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw notThere();
  return id.data;
}

function notThere(): NotFound {
  return new NotFound('accounts.not_found', 'There is nothing like that of yours.');
}

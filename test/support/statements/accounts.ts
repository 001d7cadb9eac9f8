import * as identities from '../../../src/features/accounts/queries/identities.ts';
import * as sessions from '../../../src/features/accounts/queries/sessions.ts';
import * as tokens from '../../../src/features/accounts/queries/tokens.ts';
import * as users from '../../../src/features/accounts/queries/users.ts';
import * as audit from '../../../src/features/audit/queries.ts';
import type { Calls } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const hash = Buffer.alloc(32, 7);

export const accountCalls: Calls = {
  users: async (db) => {
    const { id, publicId } = await users.insertUser(db, {
      ...{ email: 'new@example.org', username: 'new', passwordHash: null, role: 'user' },
    });
    await users.userByLogin(db, 'new@example.org');
    await users.userByEmail(db, 'new@example.org');
    await users.verifyEmail(db, id);
    await users.lockUser(db, publicId);
    await users.userAnswer(db, publicId);
    await users.userPage(db, 0, 50);
    await users.countUsers(db);
    await users.hasAdmin(db);
    await users.lockAdmins(db);
    await users.countOtherAdmins(db, id);
    await users.updateUser(db, id, { role: 'moderator', status: 'inactive' });
    await users.noteSignIn(db, id);
    await users.deleteUser(db, id);
  },
  sessions: async (db) => {
    const { id, publicId } = await sessions.insertSession(db, { userId: 7, agent: null, seconds: 60 });
    await sessions.userOfSession(db, publicId);
    await sessions.sessionsOf(db, 7);
    await sessions.touchSession(db, id);
    await sessions.dropOldSessions(db, 7, 4);
    await sessions.deleteOwnSession(db, 7, UNKNOWN);
    await tokens.insertRefresh(db, { userId: 7, sessionId: id, hash, seconds: 60 });
    const refresh = await tokens.lockRefresh(db, hash);
    await tokens.supersede(db, refresh?.tokenId ?? 0);
    await tokens.forgetSuperseded(db, id, 100);
    await sessions.endSession(db, UNKNOWN);
    await sessions.deleteSession(db, id);
    await sessions.deleteSessions(db, 7, UNKNOWN);
    await sessions.deleteEndedSessions(db);
  },
  'tokens of accounts': async (db) => {
    const made = await tokens.insertApiToken(db, { userId: 7, name: 'a', scopes: ['read'], hash, days: 1 });
    const bearer = await tokens.userOfToken(db, hash);
    await tokens.noteTokenUse(db, bearer?.tokenId ?? 0);
    await tokens.apiTokensOf(db, 7);
    await tokens.deleteApiToken(db, 7, made.tokenId);
    await tokens.putTicket(db, { userId: 7, purpose: 'verify-email', hash, email: null, seconds: 60 });
    await tokens.takeTicket(db, 'verify-email', hash);
    await tokens.deleteEndedTickets(db);
  },
  identities: async (db) => {
    const who = { issuer: 'https://id.example', subject: 'new' };
    await identities.insertIdentity(db, { ...who, userId: 7, name: 'Name' });
    const known = await identities.userOfIdentity(db, who);
    await identities.noteIdentityUse(db, known?.identityId ?? 0);
    await identities.identitiesOf(db, 7);
    await identities.deleteIdentity(db, 7, UNKNOWN);
  },
  audit: async (db) => {
    await audit.insertAudit(db, { kind: 'system', action: 'test.done', severity: 'info' });
    const after = { atMicros: new Date().toISOString(), auditId: 1000 };
    await audit.auditPage(db, {}, after, 50);
    await audit.auditPage(db, { user: UNKNOWN, since: '2026-01-01T00:00:00Z' }, null, 50);
    await audit.auditPage(db, { action: 'settings.changed', until: '2126-01-01T00:00:00Z' }, after, 50);
    await audit.auditPage(db, { action: 'settings', resource: 'source' }, null, 50);
    await audit.auditPage(db, { severity: 'warning', resource: 'source 1', actor: 'user' }, null, 50);
    await audit.auditEntry(db, 1);
    await audit.deleteOldAudit(db, 90, 1000);
  },
};

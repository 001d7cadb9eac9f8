/** Who does something: a user, or who holds the admin token, or somebody who is not signed in. */
export type Actor = {
  kind: (typeof ACTORS)[number];
  userId?: number | undefined;
  /** As configured: absent where addresses are not kept. */
  address?: string | undefined;
  agent?: string | undefined;
};

export const ACTORS = ['admin-token', 'user', 'device', 'nobody', 'system'] as const;
/** From what is usual to what nobody should miss. */
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;

export type AuditEntry = {
  /** `room.what`, as `account.signed_in`. */
  action: string;
  severity?: (typeof SEVERITIES)[number];
  /** What it was done to: a kind and a public id. */
  resource?: string;
  /** Changed fields as they were and as they are. Never a secret. */
  before?: object;
  after?: object;
  /** The entry that this one takes back. */
  undoes?: number;
};

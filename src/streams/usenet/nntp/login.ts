import { abortable } from '../../../platform/abortable.ts';
import type { Provider } from '../providers/provider.ts';
import type { Conversation } from './conversation.ts';
import { NntpFailure } from './failure.ts';

export type Reply = { code: number; line: string };

/** Providers tell a plan's limit by 400, 481, 482 or 502 and these words alone. */
const CROWDED = /too many|simultaneous|in use|limit|max(imum)?\b.*\bconn|conn\w*\b.*\b(max|exceed)/i;
const [IN, PASSWORD_NEXT] = [281, 381];
const GREETINGS: ReadonlySet<number> = new Set([200, 201]);
const TURNED_AWAY: ReadonlySet<number> = new Set([400, 502]);

/** Greeting (RFC 3977 §5.1) and AUTHINFO USER/PASS (RFC 4643 §2.3). Rejects with NntpFailure. `withinMs` counts from the greeting's wait on. */
export async function logIn(
  talk: Conversation,
  { username, password }: Provider,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const late = new NntpFailure('unreachable', 'the server did not greet in time');
  const timer = setTimeout(() => talk.cut(late), withinMs).unref();
  try {
    await abortable(converse(talk, username, password), signal);
  } finally {
    clearTimeout(timer);
  }
}

async function converse(talk: Conversation, username: string | null, password: string | null): Promise<void> {
  const greeting = await ask(talk, '');
  if (!GREETINGS.has(greeting.code)) throw turnedAway(greeting);
  if (username === null) return;
  let reply = await ask(talk, `AUTHINFO USER ${username}`);
  if (reply.code === PASSWORD_NEXT) reply = await ask(talk, `AUTHINFO PASS ${password ?? ''}`);
  if (reply.code !== IN) throw notLetIn(reply);
}

/** One command whose whole answer is a line. */
export function ask(talk: Conversation, command: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    talk.send({
      command,
      bytes: 0,
      onReply(code, line) {
        resolve({ code, line });
        return null;
      },
      onBody() {},
      onFailed: reject,
    });
  });
}

function turnedAway({ code }: Reply): NntpFailure {
  if (TURNED_AWAY.has(code)) return new NntpFailure('busy', `the server turned us away (${code})`);
  return new NntpFailure('protocol', `the server greeted with ${code}`);
}

function notLetIn({ code, line }: Reply): NntpFailure {
  if (code === 400 || CROWDED.test(line))
    return new NntpFailure('busy', `the server turned us away (${code})`);
  if (code >= 400) return new NntpFailure('refused', `the server refuses the username or password (${code})`);
  return new NntpFailure('protocol', `the server answered the login with ${code}`);
}

import type { Net } from '../../../platform/net.ts';
import type { Provider } from '../providers/provider.ts';
import { dialAndLogIn } from './connection.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { NntpFailure } from './failure.ts';
import { ask } from './login.ts';

/** What one connection told of a provider. */
export type Probed = {
  /** From the question for its address to the answer to the login, milliseconds. */
  connectMs: number;
  /** What its DATE said (RFC 3977 §7.1), epoch ms; null: it does not know the command. */
  clockMs: number | null;
};

const READ_BYTES = 16 * 1024;
const [DATE_FOLLOWS, LOGIN_FIRST] = [111, 480];

/**
 * One connection: dials, logs in, asks for the date, says goodbye. Rejects with NntpFailure, whose cause is the dialer's, or with the
 * signal's reason. `loginMs`: from the first packet to the answer to the login.
 */
export async function probeProvider(
  net: Pick<Net, 'dial'>,
  provider: Provider,
  { loginMs, signal }: { loginMs: number; signal: AbortSignal },
): Promise<Probed> {
  const talk = createConversation(Buffer.alloc(READ_BYTES), {
    ...{ onRoom() {}, onLatency() {}, onBytes() {}, onClose() {} },
  });
  const begun = performance.now();
  await dialAndLogIn(net, talk, provider, loginMs, signal);
  const connectMs = Math.round(performance.now() - begun);
  const onAbort = () => talk.cut(ended());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return { connectMs, clockMs: await clockOf(talk) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    talk.goodbye();
    talk.cut(ended());
  }
}

function ended(): NntpFailure {
  return new NntpFailure('closed', 'the connection was closed');
}

async function clockOf(talk: Conversation): Promise<number | null> {
  const { code, line } = await ask(talk, 'DATE');
  // Servers let anybody in, and then want a login for every command.
  if (code === LOGIN_FIRST) throw new NntpFailure('refused', 'the server asks for a login');
  if (code !== DATE_FOLLOWS) return null;
  const [, date = ''] = /^111 (\d{14})/.exec(line) ?? [];
  const at = Date.parse(date.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(at) ? null : at;
}

import type { ArticleDecoder } from '../yenc/decoder.ts';
import type { Request } from './conversation.ts';
import { NntpFailure } from './failure.ts';

/** Takes one article. Exactly one of `onEnd`, `onMissing` and `onFailed` is the last that it hears; nothing after `drop`. */
export type BodyReader = {
  /** The article is there; what decodes it. What it throws ends this article by `onFailed`, and the connection goes on. */
  onBegin(): ArticleDecoder;
  /** It has been read to its end; the decoder says whether it is right. */
  onEnd(): void;
  onMissing(): void;
  onFailed(failure: NntpFailure): void;
};

/** 420, 423, 430: RFC 3977; 451: taken down, as providers say. */
const MISSING: ReadonlySet<number> = new Set([420, 423, 430, 451]);
const [BODY_FOLLOWS, IS_THERE, CLOSING, LOGIN_FIRST, NOT_PERMITTED] = [222, 223, 400, 480, 502];

/** BODY (RFC 3977 §6.2.3) by message id. */
export function bodyRequest(id: string, bytes: number, reader: BodyReader, drop: () => void): Request {
  function begin(line: string): ArticleDecoder | null {
    assertIsOf(id, line);
    try {
      return reader.onBegin();
    } catch (error) {
      drop();
      reader.onFailed(new NntpFailure('closed', 'nobody can take this article', error));
      return null;
    }
  }
  return {
    command: `BODY <${id}>`,
    bytes: Math.max(1, bytes),
    onReply(code, line) {
      if (code === BODY_FOLLOWS) return begin(line);
      if (MISSING.has(code)) reader.onMissing();
      else reader.onFailed(refusal(code));
      return null;
    },
    onBody: () => reader.onEnd(),
    onFailed: (failure) => reader.onFailed(failure),
  };
}

/** STAT (RFC 3977 §6.2.4) by message id. */
export function statRequest(id: string, onAnswer: (isThere: boolean | null) => void): Request {
  return {
    command: `STAT <${id}>`,
    bytes: 0,
    onReply(code, line) {
      if (code === IS_THERE) assertIsOf(id, line);
      if (code !== IS_THERE && !MISSING.has(code)) refusal(code);
      onAnswer(code === IS_THERE ? true : MISSING.has(code) ? false : null);
      return null;
    },
    onBody() {},
    onFailed: () => onAnswer(null),
  };
}

/** Any reply will do: one that does not know DATE is alive as well. */
export function keepAlive(): Request {
  return { command: 'DATE', bytes: 0, onReply: () => null, onBody() {}, onFailed() {} };
}

/** Replies that come in another order than they were asked for would put one article's bytes into another. */
function assertIsOf(id: string, line: string): void {
  const [, said = ''] = /<([^>]*)>/.exec(line) ?? [];
  if (said.includes('@') && said !== id)
    throw new NntpFailure('protocol', 'the reply is about another article');
}

/** Of one article alone where the connection can go on; else it is thrown, and cuts the connection. */
function refusal(code: number): NntpFailure {
  if (code === LOGIN_FIRST) throw new NntpFailure('refused', 'the server asks for a login');
  if (code === NOT_PERMITTED || code === CLOSING)
    throw new NntpFailure('cut', `the server gives no more (${code})`);
  if (code < 400) throw new NntpFailure('protocol', `what came is no answer to what was asked (${code})`);
  return new NntpFailure('rejected', `the server cannot give this article now (${code})`);
}

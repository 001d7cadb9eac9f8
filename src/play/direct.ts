import type { Socket } from 'node:net';
import type { Direct, DirectAnswer, PlainRequest } from '../platform/http1/direct-server.ts';
import { problemAnswer } from '../platform/problem.ts';
import type { PlayDeps, PlayHeaders, PlayRequest, PlayResponse } from './deps.ts';
import { ClientGone, openLink, PLAY_HEADERS, play } from './play.ts';
import { PLAY_PATTERN } from './routes.ts';

export type DirectPlayDeps = PlayDeps & {
  /** Where a request comes from; null: what it says of that is not to be answered here. */
  originOf(request: PlainRequest, socket: Socket): Pick<PlayRequest, 'client' | 'baseUrl'> | null;
  /** The head of an answer went out: seconds since the request, or 499, when there was none. */
  onAnswered(method: string, route: string, status: number, seconds: number): void;
};

/** Answers GET and HEAD of valid play links; everything else about them, refusals too, is Express' to say. */
export function playDirectly(deps: DirectPlayDeps): Direct {
  return {
    prefixes: ['GET /play/', 'HEAD /play/'],
    handler(plain, answer, socket) {
      const begunAt = performance.now();
      const origin = deps.originOf(plain, socket);
      const request = origin === null ? null : requestOf(deps, plain, origin);
      if (request === null) return false;
      void respond(deps, request, answer, begunAt);
      return true;
    },
  };
}

async function respond(
  deps: DirectPlayDeps,
  request: PlayRequest,
  answer: DirectAnswer,
  begunAt: number,
): Promise<void> {
  const { method } = request;
  const stopping = new AbortController();
  const count = (status: number) =>
    deps.onAnswered(method, PLAY_PATTERN, status, (performance.now() - begunAt) / 1000);
  let isGone = false;
  answer.onGone = () => {
    isGone = true;
    stopping.abort(new ClientGone('the client is gone'));
    if (!answer.isHeadSent()) count(499);
  };
  const response: PlayResponse = {
    writeHead(status, fixed, own) {
      count(status);
      answer.writeHead(status, withPlayHeaders(fixed), own);
    },
    write: answer.write,
    end: answer.end,
  };
  try {
    await play(deps, { request, response, stopping, begunAt });
  } catch (error) {
    if (isGone) return;
    const { status, headers, body } = problemAnswer(error);
    if (status >= 500) deps.log.error({ err: error, method, route: PLAY_PATTERN }, 'request failed');
    // A body half sent cannot become an error answer: cutting it is the only honest sign.
    if (answer.isHeadSent()) return answer.destroy();
    response.writeHead(status, headers, {});
    response.end(body);
  }
}

const whole = new WeakMap<PlayHeaders, PlayHeaders>();

/** Made once a file. */
function withPlayHeaders(fixed: PlayHeaders): PlayHeaders {
  const known = whole.get(fixed);
  if (known !== undefined) return known;
  const made = { ...PLAY_HEADERS, ...fixed };
  whole.set(fixed, made);
  return made;
}

/** Paths that Express would read in another way than as they stand; pictures and remuxes of a film have routes of their own. */
const NOT_AS_IT_STANDS =
  /[#]|\/\/|\/\.{1,2}(\/|$)|%(?![0-9a-f]{2})|^\/play\/[^/]*\/[^/]*\/(remux|thumbnail\.jpg)(\/|$)/i;

function requestOf(
  { links }: Pick<PlayDeps, 'links'>,
  { method, headers, target }: PlainRequest,
  { client, baseUrl }: Pick<PlayRequest, 'client' | 'baseUrl'>,
): PlayRequest | null {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  if (NOT_AS_IT_STANDS.test(path)) return null;
  const [, , resource = '', token = '', ...names] = path.split('/');
  const link = openLink(links, { resource, token, depth: names.length, client: () => client });
  if (link === null) return null;
  return { method, headers, path, search: at < 0 ? '' : target.slice(at), resource, link, client, baseUrl };
}

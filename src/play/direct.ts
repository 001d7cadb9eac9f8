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
      const place = pathOf(plain.target, socket);
      if (origin === null || place === null) return false;
      const { client, baseUrl } = origin;
      const { path, search, resource } = place;
      const link = openLink(deps.links, place, client);
      if (link === null) return false;
      const { method, headers } = plain;
      const request: PlayRequest = { method, headers, path, search, resource, link, client, baseUrl };
      // What even its own refusal cannot say must not leave the client waiting.
      respond(deps, request, answer, begunAt).catch(() => answer.destroy());
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
    refuse(deps, method, response, answer, error);
  }
}

function refuse(
  { log }: Pick<PlayDeps, 'log'>,
  method: string,
  response: PlayResponse,
  answer: DirectAnswer,
  error: unknown,
): void {
  const { status, headers, body } = problemAnswer(error);
  if (status >= 500) log.error({ err: error, method, route: PLAY_PATTERN }, 'request failed');
  // A body half sent cannot become an error answer: cutting it is the only honest sign.
  if (answer.isHeadSent()) {
    answer.destroy();
    return;
  }
  response.writeHead(status, headers, {});
  response.end(body);
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

type Path = { target: string; path: string; search: string; resource: string; token: string; depth: number };

/** What the last request of a connection was for: players ask for a film's ranges one after the other. */
const lastPaths = new WeakMap<Socket, Path>();

function pathOf(target: string, socket: Socket): Path | null {
  const last = lastPaths.get(socket);
  if (last?.target === target) return last;
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  if (NOT_AS_IT_STANDS.test(path)) return null;
  const [, , resource = '', token = '', ...names] = path.split('/');
  const search = at < 0 ? '' : target.slice(at);
  const made = { target, path, search, resource, token, depth: names.length };
  lastPaths.set(socket, made);
  return made;
}

import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ProblemAnswer } from './problem-answer.ts';
import { askHttp, type RawAnswer, type RawRequest, shown } from './raw-http.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `internal` is what we did not expect. */
const Expected = ProblemAnswer.extend({ code: z.string().regex(/^[a-z]+(?:[._][a-z]+)+$/) });

/** Signs of the inside: stacks, files, statements of ours or complaints of Postgres. */
const INSIDE: readonly RegExp[] = [
  /\n\s+at |\bat (?:async )?[\w.<>]+ \(|node:internal|\.[jt]s:\d+/,
  /node_modules|\/src\/|postgresql?:\/\//,
  /\b(?:SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET|syntax error at|violates .* constraint)\b/,
];
/** More than any explanation needs: an answer that grows with its question is a weapon. */
const MAX_ERROR_BYTES = 16_384;

export type Judged = {
  /** Add-on and play: browsers hide an answer without it. */
  hasCors?: boolean;
  isHead?: boolean;
  /** Tokens and keys used by the test: none may come back in an error. */
  secrets?: readonly string[];
};

/** A household's worth at a time. */
const WORKERS = 8;

/** Sends them all and tells every answer that is not honest, with the request that got it. */
export async function dishonestAnswers(
  baseUrl: string,
  requests: readonly RawRequest[],
  judged: Judged = {},
): Promise<string[]> {
  const waiting = requests.values();
  const faults: string[] = [];
  const work = async () => {
    for (const request of waiting) {
      const isHead = request.method === 'HEAD';
      const found = await askHttp(baseUrl, request).then(
        (answer) => faultsOf(answer, { isHead, ...judged }),
        (error: Error) => [error.message],
      );
      faults.push(...found.map((fault) => `${inShort(request)}: ${fault}`));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return faults;
}

function inShort({ method = 'GET', path, headers = {}, body = '' }: RawRequest): string {
  const { Authorization: _token, ...told } = headers;
  return `${method} ${shown(path)} ${shown(JSON.stringify(told))} ${shown(body.toString('utf8'))}`;
}

/** What is wrong with an answer to bad input: nothing for an honest 2xx or 3xx, or a 4xx that explains itself and gives nothing away. */
export function faultsOf(
  answer: RawAnswer,
  { hasCors = false, isHead = false, secrets = [] }: Judged = {},
): string[] {
  const text = answer.body.toString('utf8');
  const faults: string[] = [];
  if (answer.status >= 500 || answer.status < 200)
    faults.push(`answered ${answer.status}: ${text.slice(0, 300)}`);
  if (hasCors && answer.headers.get('access-control-allow-origin') !== '*') faults.push('has no CORS header');
  for (const hidden of [ROOT, tmpdir(), ...secrets])
    if (text.includes(hidden)) faults.push(`tells ${hidden}: ${text.slice(0, 300)}`);
  if (answer.status >= 400) faults.push(...problemFaults(answer, text, isHead));
  return faults;
}

function problemFaults({ status, headers, body }: RawAnswer, text: string, isHead: boolean): string[] {
  const faults: string[] = [];
  const type = headers.get('content-type') ?? 'none';
  if (!type.startsWith('application/problem+json')) faults.push(`${status} is of type ${type}`);
  if (body.length > MAX_ERROR_BYTES) faults.push(`${status} with ${body.length} bytes`);
  if (INSIDE.some((pattern) => pattern.test(text)) || /\b[a-z]+:\/\//i.test(text))
    faults.push(`shows the inside: ${text.slice(0, 300)}`);
  if (isHead) return text === '' ? faults : [...faults, 'HEAD has a body'];
  const problem = Expected.safeParse(parseJson(text));
  if (!problem.success) faults.push(`is no problem: ${text.slice(0, 300)}`);
  else if (problem.data.status !== status) faults.push(`says ${problem.data.status}, is ${status}`);
  return faults;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

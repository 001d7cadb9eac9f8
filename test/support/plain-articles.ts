import { connect } from 'node:net';
import {
  ArticleDamaged,
  type ArticleJob,
  ArticleMissing,
  type ArticlesOf,
  type Attempt,
  type Lane,
} from '../../src/streams/usenet/providers/articles-of.ts';
import type { Yenc } from '../../src/streams/usenet/yenc/decoder.ts';

export type PlainArticlesOptions = {
  yenc: Yenc;
  /** Asked in this order. */
  servers: readonly { host: string; port: number }[];
  /** Articles at once. */
  connections?: number;
  /** After so long the next server is asked too. */
  hedgeMs?: number;
};

export type PlainArticles = ArticlesOf & {
  /** Under way or waiting. */
  jobs(): number;
  /** As it was asked for, and each time it was hurried. */
  lanes: { id: string; lane: Lane }[];
  viewers: number[];
};

type Outcome = { attempt: Attempt } | { error: Error };
/** The greeting, then the answer. */
const ANSWER = /^[^\r]*\r\n(\d{3})[^\r]*\r\n/;
const RANK: Record<Lane, number> = { head: 0, ahead: 1, background: 2 };

/** Providers of a test: a connection for each article, the first server that has it right; nothing clever. */
export function createPlainArticles(options: PlainArticlesOptions): PlainArticles {
  const { connections = 8 } = options;
  const lanes: { id: string; lane: Lane }[] = [];
  const viewers: number[] = [];
  const waiting = new Map<ArticleJob, () => void>();
  let [jobs, running] = [0, 0];

  async function turn(job: ArticleJob, signal: AbortSignal): Promise<void> {
    while (running >= connections) {
      await new Promise<void>((resolve) => {
        waiting.set(job, resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      waiting.delete(job);
      signal.throwIfAborted();
    }
    running += 1;
  }

  function next(): void {
    running -= 1;
    const [first] = [...waiting.keys()].sort((one, other) => RANK[one.lane] - RANK[other.lane]);
    if (first !== undefined) waiting.get(first)?.();
  }

  return {
    lanes,
    viewers,
    jobs: () => jobs,
    async fetch(job, signal) {
      lanes.push({ id: job.id, lane: job.lane });
      viewers.push(job.viewer);
      jobs += 1;
      try {
        signal.throwIfAborted();
        await turn(job, signal);
        try {
          return await fromAny(job, options, signal);
        } finally {
          next();
        }
      } finally {
        jobs -= 1;
      }
    },
    hurry: (job) => void lanes.push({ id: job.id, lane: job.lane }),
    stat: async () => [],
    isMissing: () => false,
    isDamaged: () => false,
    states: () => [],
    close: async () => {},
  };
}

/** One after the other, or beside each other once the earlier ones are slow; the first right one wins. */
async function fromAny(
  job: ArticleJob,
  options: PlainArticlesOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const { servers, yenc, hedgeMs = Number.POSITIVE_INFINITY } = options;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running = new Set<Promise<Outcome>>();
  const left = [...servers];
  let failure: Error = new ArticleMissing(job.id);
  try {
    while (left.length + running.size > 0) {
      for (const server of left.splice(0, 1)) running.add(fromOne(job, server, yenc, either));
      const outcome = await firstOf(running, left.length === 0 ? Number.POSITIVE_INFINITY : hedgeMs);
      signal.throwIfAborted();
      if (outcome !== null && 'attempt' in outcome) return outcome.attempt;
      if (outcome !== null && !(failure instanceof ArticleDamaged)) failure = outcome.error;
    }
  } finally {
    stop.abort(new Error('another was faster'));
  }
  throw failure;
}

async function firstOf(running: Set<Promise<Outcome>>, ms: number): Promise<Outcome | null> {
  const ended = [...running].map(async (one) => ({ one, outcome: await one }));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    if (Number.isFinite(ms)) timer = setTimeout(() => resolve(null), ms);
  });
  const first = await Promise.race([...ended, late]);
  clearTimeout(timer);
  if (first === null) return null;
  running.delete(first.one);
  return first.outcome;
}

function fromOne(
  job: ArticleJob,
  { host, port }: { host: string; port: number },
  yenc: Yenc,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let attempt: Attempt | null = null;
    let head = Buffer.alloc(0);
    let isOver = false;
    const over = (error: Error | null) => {
      if (isOver) return;
      isOver = true;
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error !== null) attempt?.dropped();
      if (error !== null) resolve({ error });
      else if (attempt !== null) resolve({ attempt });
    };
    const onAbort = () => over(new Error('aborted'));
    signal.addEventListener('abort', onAbort, { once: true });
    const feed = (bytes: Buffer) => {
      const { decoder } = attempt ?? {};
      for (let at = 0; decoder !== undefined && at < bytes.length && !decoder.isEnded; ) {
        const length = Math.min(yenc.input.length, bytes.length - at);
        bytes.copy(yenc.input, 0, at, at + length);
        at += decoder.feed(0, length);
      }
      if (decoder?.isEnded !== true) return;
      over(decoder.fault === null ? null : new ArticleDamaged(job.id, decoder.fault));
    };
    const lines = (bytes: Buffer) => {
      head = Buffer.concat([head, bytes]);
      const answer = ANSWER.exec(head.toString('latin1'));
      if (answer === null) return;
      const [whole, status] = answer;
      if (status !== '222')
        return over(status === '430' ? new ArticleMissing(job.id) : new Error(`answered ${status}`));
      attempt = job.attempt();
      feed(head.subarray(whole.length));
    };
    socket
      .on('connect', () => socket.write(`BODY <${job.id}>\r\n`))
      .on('data', (bytes: Buffer) => (attempt === null ? lines(bytes) : feed(bytes)))
      .on('error', () => over(new Error('the connection failed')))
      .on('close', () => over(new Error('the connection was cut')));
    if (signal.aborted) onAbort();
  });
}

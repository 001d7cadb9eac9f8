import type { FailureReason } from '../nntp/failure.ts';

/** One entry of USENET_PROVIDERS. */
export type Provider = {
  /** As the owner names it; unique. */
  name: string;
  host: string;
  port: number;
  tls: boolean;
  username: string | null;
  password: string | null;
  /** The most connections its plan allows. */
  connections: number;
  /** Lower is asked first. */
  priority: number;
  /** A block account: asked only for what all others lack. */
  backup: boolean;
  /** PEM of a certificate authority of its own; null: those of Node. */
  tlsCa: string | null;
};

/** How one is doing; counts are since the thread began. */
export type ProviderState = {
  name: string;
  connections: number;
  maxConnections: number;
  /** Articles it was asked for and has not given yet. */
  inFlight: number;
  /** `open`: it failed again and again, and rests until `retryAt`; `refused`: wrong password. */
  status: 'ready' | 'resting' | 'refused';
  retryAt: number | null;
  reason: string | null;
  /** What `reason` is about. */
  failure: FailureReason | null;
  bytes: number;
  articles: number;
  missing: number;
  corrupt: number;
  failures: number;
  /** Smoothed milliseconds to the first byte of an article. */
  latencyMs: number | null;
};

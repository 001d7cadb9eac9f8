import type { Socket } from 'node:net';

/** What the server does wrong; changed while it runs. Codes of single commands: `refuse: { SIZE: 500 }`. */
export type FtpBehaviour = {
  /** What it says first. */
  greeting: string;
  refuse: Partial<Record<string, number>>;
  /** Commands that are never answered; `greeting`, `handshake` (TLS) and `bytes` too. */
  mute: Set<string>;
  /** The data connection ends after so many bytes of a transfer, with this word on it. */
  cutAfter: number;
  cutCode: number | null;
  /** Sends no more after so many bytes of a transfer, and keeps it open. */
  stallAfter: number;
  /** It has forgotten the data connection of the next transfer: 425. */
  losesData: boolean;
  /** Takes no new transfers once one was cut. */
  isDeadAfterCut: boolean;
  /** The next so many logins get 421. */
  busyLogins: number;
  /** The next so many passwords get 530, as ProFTPD says that it is full. */
  fullLogins: number;
  /** What PASV names; the control connection's port is real all the same. */
  pasvHost: string;
  /** Told in place of the true size. */
  size: number | null;
  features: string[];
  /** What ABOR is answered after the 426 and 225 of it; null: with nothing at all. */
  abor: 'usual' | 'none';
  /** A line of LIST or MLSD each; by folder. */
  listing: Map<string, string[]>;
};

export type FtpServer = {
  port: number;
  behaviour: FtpBehaviour;
  /** All commands, in their order, as bytes. */
  commands: string[];
  /** The same, as they came: those of one write together. */
  writes: string[];
  logins: number;
  /** Open control connections. */
  open: number;
  /** Data connections that no transfer has used yet. */
  waiting: Set<Socket>;
  /** Bytes handed to data connections. */
  sentBytes: number;
  stop(): Promise<void>;
};

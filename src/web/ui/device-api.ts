import * as z from 'zod/mini';
import { ApiFailure, ask, send } from './api.ts';

const Profile = z.object({ profileId: z.string(), name: z.string(), kind: z.enum(['standard', 'kid']) });
export type Profile = z.infer<typeof Profile>;

const Device = z.object({
  ...{ deviceId: z.string(), name: z.string(), profile: z.nullable(Profile), isOnline: z.boolean() },
  ...{ pairedAt: z.string(), lastActiveAt: z.nullable(z.string()) },
});
export type Device = z.infer<typeof Device>;
const Devices = z.object({ devices: z.array(Device), profiles: z.array(Profile) });
export type Devices = z.infer<typeof Devices>;

const MadeCode = z.object({
  ...{ code: z.string(), expiresAt: z.string(), pairingUrl: z.string(), secret: z.optional(z.string()) },
});
export type MadeCode = z.infer<typeof MadeCode>;

const CodeStatus = z.object({
  ...{ state: z.enum(['waiting', 'claimed', 'paired']), name: z.nullable(z.string()) },
  ...{ deviceId: z.nullable(z.string()), key: z.optional(z.string()) },
});
export type CodeStatus = z.infer<typeof CodeStatus>;

const Claimed = z.object({ secret: z.string(), profiles: z.array(Profile) });
export type Claimed = z.infer<typeof Claimed>;
const Paired = z.object({ key: z.string() });

const Request = z.object({
  ...{ requestId: z.string(), profile: z.object({ profileId: z.string(), name: z.string() }) },
  ...{ mediaId: z.string(), kind: z.string(), title: z.string(), year: z.nullable(z.number()) },
  ...{ posterUrl: z.nullable(z.string()), season: z.nullable(z.number()), episode: z.nullable(z.number()) },
  askedAt: z.string(),
});
export type ChildsRequest = z.infer<typeof Request>;

type Signal = AbortSignal;
const codePath = (code: string) => `/api/pairing-codes/${encodeURIComponent(code)}`;
const devicePath = (id: string) => `/api/devices/${encodeURIComponent(id)}`;

export function fetchDevices(signal: Signal): Promise<Devices> {
  return ask(Devices, '/api/devices', { signal });
}

export async function changeDevice(
  id: string,
  change: { name?: string; profileId?: string | null },
  signal: Signal,
): Promise<void> {
  await send(devicePath(id), { signal, method: 'PATCH', body: change });
}

export async function unpairDevice(id: string, signal: Signal): Promise<void> {
  await send(devicePath(id), { signal, method: 'DELETE' });
}

/** A code for a device to enter. */
export function makeCode(signal: Signal): Promise<MadeCode> {
  return ask(MadeCode, '/api/pairing-codes', { signal, method: 'POST', body: {} });
}

/** A code that this device shows. */
export function makeDeviceCode(name: string, signal: Signal): Promise<MadeCode> {
  return ask(MadeCode, '/api/pairing-codes', { signal, method: 'POST', body: { name } });
}

/** Null: it is too old. `secret`: of the device; absent: of the account. */
export async function fetchCode(
  code: string,
  secret: string | undefined,
  signal: Signal,
): Promise<CodeStatus | null> {
  return await ask(CodeStatus, codePath(code), { signal, bearer: secret }).catch((reason: unknown) => {
    if (reason instanceof ApiFailure && [404, 410].includes(reason.status)) return null;
    throw reason;
  });
}

export async function confirmCode(code: string, profileId: string, signal: Signal): Promise<void> {
  await send(`${codePath(code)}/confirm`, { signal, method: 'POST', body: { profileId } });
}

export function enterCode(code: string, name: string, signal: Signal): Promise<Claimed> {
  return ask(Claimed, `${codePath(code)}/claim`, { signal, method: 'POST', body: { name } });
}

/** The key of this device, which is told this once. */
export async function pairByPin(
  code: string,
  claim: { name: string; secret: string; profileId: string; pin: string },
  signal: Signal,
): Promise<string> {
  return (await ask(Paired, `${codePath(code)}/claim`, { signal, method: 'POST', body: claim })).key;
}

/** What this device is, by its key; null: it is paired no more. */
export async function fetchOwnDevice(key: string, signal: Signal): Promise<Device | null> {
  return await ask(Device, '/api/device', { signal, bearer: key }).catch((reason: unknown) => {
    if (reason instanceof ApiFailure && reason.status === 401) return null;
    throw reason;
  });
}

export async function fetchRequests(signal: Signal): Promise<ChildsRequest[]> {
  const path = '/api/requests?state=pending&limit=100';
  return (await ask(z.object({ requests: z.array(Request) }), path, { signal })).requests;
}

export async function answerRequest(id: string, answer: 'allow' | 'deny', signal: Signal): Promise<void> {
  const path = `/api/requests/${encodeURIComponent(id)}/answer`;
  await send(path, { signal, method: 'POST', body: { answer } });
}

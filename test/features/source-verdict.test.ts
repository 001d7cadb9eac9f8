import { expect, test } from 'vitest';
import type { Voices } from '../../src/features/source-health/queries/health.ts';
import { verdictOf } from '../../src/features/source-health/verdict.ts';

const silent: Voices = {
  ...{ sourceId: 1, shares: [], isps: [], scanFailures: 0, probeFailures: 0, answeredMs: null },
  isProbed: false,
};
const verdict = (more: Partial<Voices>, disableBelow = 20) => verdictOf({ ...silent, ...more }, disableBelow);
const isp = (clients: number, reached: number, soon = reached) => ({ clients, reached, soon });
const answered = { isProbed: true, answeredMs: 80 };

test.each<[what: string, voices: Partial<Voices>, score: number]>([
  ['nothing said', {}, 100],
  ['the mean over providers, however many clients each has', { shares: [1, 0.5] }, 75],
  ['10 less for each failed scan in a row', { shares: [1], scanFailures: 3 }, 70],
  ['never below 0', { shares: [0.5], scanFailures: 9 }, 0],
  ['to two places', { shares: [1 / 3] }, 33.33],
])('score: %s', (_what, voices, score) => {
  expect(verdict(voices).score).toBe(score);
});

test.each<[what: string, voices: Partial<Voices>, state: string]>([
  ['nobody says anything', {}, 'unknown'],
  ['our probe was answered within 1.5 s', answered, 'online'],
  ['our probe was answered after 1.6 s', { isProbed: true, answeredMs: 1600 }, 'slow'],
  ['one client of a provider reaches it', { isps: [isp(1, 1)] }, 'online'],
  ['all reach it, none soon', { isps: [isp(3, 3, 0)] }, 'slow'],
  ['one provider is up, one down by two clients', { isps: [isp(1, 1), isp(2, 0)] }, 'isp_outage'],
  ['one client alone says it is down', { isps: [isp(1, 0)] }, 'unknown'],
  ['one client against our probe', { ...answered, isps: [isp(1, 0)] }, 'online'],
  ['a crowd against our probe', { ...answered, isps: [isp(90, 0), isp(90, 0)] }, 'isp_outage'],
  ['all providers are down', { isps: [isp(2, 0), isp(3, 1)] }, 'globally_offline'],
  ['one failed probe of ours', { isProbed: true, probeFailures: 1 }, 'unknown'],
  ['two failed probes in a row', { isProbed: true, probeFailures: 2 }, 'globally_offline'],
  [
    'our probes fail, viewers reach it',
    { isProbed: true, probeFailures: 9, isps: [isp(1, 1)] },
    'isp_outage',
  ],
])('state: %s', (_what, voices, state) => {
  expect(verdict(voices).state).toBe(state);
});

test.each<[what: string, voices: Partial<Voices>, isDisabled: boolean]>([
  ['a bad score and a failed probe', { shares: [0], isProbed: true, probeFailures: 1 }, true],
  ['a bad score by failed scans', { scanFailures: 9 }, true],
  ['a score at the border', { shares: [0.2], probeFailures: 1 }, false],
  ['a bad score while our last probe was answered', { ...answered, shares: [0] }, false],
])('rests: %s', (_what, voices, isDisabled) => {
  expect(verdict(voices).isDisabled).toBe(isDisabled);
  expect(verdict(voices, 0).isDisabled).toBe(false);
});

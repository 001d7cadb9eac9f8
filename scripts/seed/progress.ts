import type { Progress } from './importer.ts';

/** What it is drawn on: the error output, so that the summary can be piped. */
type Screen = { isTTY?: boolean; columns?: number; write(text: string): unknown };

const DRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH = 24;

type Step = {
  step: string;
  unit: string;
  total: number | null;
  done: number;
  share: number | null;
  startedAt: number;
};

/** A bar with rate and ETA on a terminal; elsewhere a line each ten seconds and at the end of each step. */
export function openProgress(screen: Screen, now: () => number = Date.now): Progress {
  const isTerminal = screen.isTTY === true;
  const everyMs = isTerminal ? DRAW_EVERY_MS : LINE_EVERY_MS;
  let current: Step | null = null;
  let drawnAt = 0;

  function draw(step: Step): void {
    drawnAt = now();
    const line = lineOf(step, now());
    if (isTerminal) screen.write(`\r\u001B[2K${line.slice(0, (screen.columns ?? 80) - 1)}`);
    else screen.write(`${line}\n`);
  }
  function changed(): void {
    if (current !== null && now() - drawnAt >= everyMs) draw(current);
  }
  function end(): void {
    if (current === null) return;
    draw(current);
    if (isTerminal) screen.write('\n');
    current = null;
  }
  return {
    begin(step, unit, total) {
      end();
      current = { step, unit, total, done: 0, share: null, startedAt: now() };
      drawnAt = now();
    },
    add(count) {
      if (current !== null) current.done += count;
      changed();
    },
    at(share) {
      if (current !== null) current.share = Math.min(1, Math.max(0, share));
      changed();
    },
    end,
  };
}

function lineOf({ step, unit, total, done, share, startedAt }: Step, at: number): string {
  const seconds = Math.max(0.001, (at - startedAt) / 1000);
  const reached = total === null || total === 0 ? share : Math.min(1, done / total);
  const of = total === null ? '' : ` of ${total.toLocaleString('en')}`;
  const rate = `${Math.round(done / seconds).toLocaleString('en')} ${unit}/s`;
  return [
    ...(reached === null ? [] : [barOf(reached)]),
    `${step}: ${done.toLocaleString('en')}${of} ${unit}`,
    rate,
    ...(reached === null ? [] : [etaOf(reached, seconds)]),
  ].join('  ');
}

function barOf(reached: number): string {
  const full = Math.round(reached * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${String(Math.floor(reached * 100)).padStart(3)} %`;
}

/** The time that is left at the rate so far; nothing is promised from the first hundredth. */
function etaOf(reached: number, seconds: number): string {
  if (reached >= 1) return `in ${clock(seconds)}`;
  return reached < 0.01 ? 'ETA ?' : `ETA ${clock((seconds / reached) * (1 - reached))}`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

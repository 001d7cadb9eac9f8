import { parentPort } from 'node:worker_threads';
import { toJsonLines } from './lines.ts';

parentPort?.on('message', (lines: readonly string[]) => parentPort?.postMessage(toJsonLines(lines)));

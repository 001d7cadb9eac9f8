import { enableCompileCache } from 'node:module';

// Types are stripped and modules compiled once, not at each start: a warm start halves.
enableCompileCache();
const { run } = await import('./start.ts');
await run();

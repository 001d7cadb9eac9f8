import type { Reporter } from 'vitest/node';

/** Projects in which a test that does not run is a failure: their parts are installed first, so there is no excuse. */
const STRICT = new Set(['real', 'long']);

/** Fails the run when a strict project skipped a test, naming each. A run narrowed by `-t` skips on purpose. */
export function noSkips(): Reporter {
  let isNarrowed = false;
  return {
    onInit(vitest) {
      isNarrowed = vitest.config.testNamePattern !== undefined;
    },
    onTestRunEnd(modules) {
      if (isNarrowed) return;
      const skipped = modules
        .filter(({ project }) => STRICT.has(project.name))
        .flatMap(({ children, relativeModuleId }) =>
          [...children.allTests('skipped')].map(({ fullName }) => `${relativeModuleId} > ${fullName}`),
        );
      if (skipped.length === 0) return;
      console.error(
        `\nNothing may be skipped here, yet ${skipped.length} did not run:\n  ${skipped.join('\n  ')}`,
      );
      process.exitCode = 1;
    },
  };
}

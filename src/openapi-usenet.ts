import { ProvidersAnswer } from './features/usenet/index.ts';
import { ADMIN, ok, refusals } from './openapi-parts.ts';

/** What is described of `/api/usenet`. */
export const usenetPaths = {
  '/api/usenet/providers': {
    get: {
      summary: 'How the Usenet providers do, and what they gave on each of the last 30 days',
      security: ADMIN,
      responses: { '200': ok('The providers', ProvidersAnswer), ...refusals },
    },
  },
};

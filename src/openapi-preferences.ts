import { PreferenceWords, PreviewAnswer, PreviewBody } from './addon/preference-routes.ts';
import { ANYBODY, bad, gone, json, ok, refusals } from './openapi-parts.ts';

/** What a profile wants of its streams. */
export const preferencePaths = {
  '/api/stream-preferences': {
    get: {
      summary: 'What preferences can choose: words, sort keys, fields of templates',
      security: ANYBODY,
      responses: { '200': ok('To choose from', PreferenceWords), ...refusals },
    },
  },
  '/api/stream-preferences/preview': {
    post: {
      summary: 'How a title, or samples of one, looks under preferences; nothing is stored',
      security: ANYBODY,
      requestBody: json(PreviewBody),
      responses: {
        '200': ok('Shown in order, and hidden with the rule that hid it', PreviewAnswer),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
};

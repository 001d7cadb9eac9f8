export {
  type Applied,
  applyPreferences,
  type Hidden,
  type KeyValue,
  type Shown,
} from './apply-preferences.ts';
export { type CompiledPreferences, compilePreferences } from './compile-preferences.ts';
export { sayBitrate } from './hide-rules.ts';
export { renderTemplate } from './render.ts';
export { PreferencesText, StreamPreferences } from './schema.ts';
export { parseTemplate } from './template.ts';
export { DEFAULT_TEMPLATES, type FieldValues, TEMPLATE_FIELDS } from './template-fields.ts';
export { SORT_KEY_NAMES, VOCABULARY } from './vocabulary.ts';

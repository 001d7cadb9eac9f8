export { SettingEntry, type Settings } from './registry.ts';
export { settingsRoutes } from './routes.ts';
export { createSettings, SETTINGS_CHANGED } from './settings.ts';

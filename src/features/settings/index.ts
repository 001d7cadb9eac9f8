export { SettingEntry } from './registry.ts';
export { settingsRoutes } from './routes.ts';
export { createSettings } from './settings.ts';

export { SettingEntry, Settings } from './registry.ts';
export { type SettingsRoutesDeps, settingsRoutes } from './routes.ts';
export { createSettings, type SettingsDeps, type SettingsRoom } from './settings.ts';

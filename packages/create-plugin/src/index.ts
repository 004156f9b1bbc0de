export { type CreatedPlugin, createPlugin, type PluginRequest } from "./create-plugin.js";
export { assertPluginKind, type PluginKind, pluginKinds } from "./plugin-kinds.js";
export { assertPluginName, type PluginName } from "./plugin-name.js";

export type { Patience } from "./hub-fetch.js";
export { type HubSettings, hubSettings } from "./hub-settings.js";
export { type HubSourceOptions, hubPlugin, hubSource } from "./hub-source.js";
export { cachedDataset, type DatasetChoice, type PulledDataset, pullDataset } from "./pull-dataset.js";
export { cachedModel, pullModel } from "./pull-model.js";
export type { PulledRepository, PullOptions, PullProgress } from "./pull-repository.js";
export type { RepositoryFile } from "./repository-cache.js";

import { createRequire } from "node:module";
import { DiffusionError } from "@textdiffusion/core";
import { installedVersion } from "./package-version.js";

/** A package that a backend needs and that does not come with this one: `{ webgpu: "0.6.2" }`. */
export type OptionalPackages = Readonly<Record<string, string>>;

/**
 * @param backend - the name of the backend that needs them
 * @param advice - what else is to be known, after the command
 * @throws DiffusionError `BACKEND_UNAVAILABLE` with the command that installs what is missing, also in `details.install`
 */
export function requireInstalled(backend: string, packages: OptionalPackages, advice = ""): void {
  const missing = Object.keys(packages).filter((name) => installedVersion(name) === undefined);
  if (missing.length === 0) return;
  const install = `npm install ${missing.map((name) => `${name}@${packages[name]}`).join(" ")}`;
  throw new DiffusionError({
    code: "BACKEND_UNAVAILABLE",
    component: `backend-node/${backend}`,
    problem: `expected the ${missing.length === 1 ? "package" : "packages"} ${missing.join(" and ")}, got none beside @textdiffusion/backend-node`,
    remedy: `Run: ${install}${advice}`,
    details: { install, missing },
  });
}

/** Loads a package that may be there; a load that failed is tried again by the next call. */
export function loadOptional<Module>(name: string): Module {
  return createRequire(import.meta.url)(name) as Module;
}

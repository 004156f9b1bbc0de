import type { ComponentKind, ComponentKinds } from "../../contracts/component.js";
import { checkedBackend } from "./checked-backend.js";
import { checkedCallback } from "./checked-callback.js";
import { checkedCollator } from "./checked-collator.js";
import { checkedDataSource } from "./checked-data-source.js";
import { checkedDenoiser } from "./checked-denoiser.js";
import { checkedSampler } from "./checked-sampler.js";
import { checkedSchedule } from "./checked-schedule.js";
import { checkedTokenizer } from "./checked-tokenizer.js";
import { broken, type Origin, rememberOrigin } from "./origin.js";

/**
 * A component of a plugin, watched: whatever it throws or returns against its contract becomes an error that names the
 * plugin, the component and what was expected. The checks cost little beside the work that they look at.
 *
 * @throws DiffusionError `PLUGIN_INVALID` for a component that lacks a member of its contract
 */
export function checkedComponent<Kind extends ComponentKind>(
  component: ComponentKinds[Kind],
  origin: Origin & { readonly kind: Kind },
): ComponentKinds[Kind] {
  assertMembers(component, origin);
  const check = checks[origin.kind] as (component: unknown, origin: Origin) => ComponentKinds[Kind];
  const checked = check(component, origin);
  rememberOrigin(checked, origin);
  return checked;
}

// --- internal ---

const checks: {
  readonly [Kind in ComponentKind]: (component: ComponentKinds[Kind], origin: Origin) => ComponentKinds[Kind];
} = {
  backend: checkedBackend,
  callback: checkedCallback,
  collator: checkedCollator,
  denoiser: checkedDenoiser,
  sampler: checkedSampler,
  schedule: checkedSchedule,
  source: checkedDataSource,
  tokenizer: checkedTokenizer,
};

/** What each contract asks for. A value that must not be read yet is only looked for. */
const membersOf: {
  readonly [Kind in ComponentKind]: Partial<
    Record<keyof ComponentKinds[Kind], "function" | "string" | "number" | "boolean" | "object" | "any">
  >;
} = {
  backend: {
    name: "string",
    capabilities: "any",
    start: "function",
    dispose: "function",
    memory: "function",
  },
  callback: { name: "string", onEvent: "function" },
  collator: { name: "string", collate: "function" },
  denoiser: {
    name: "string",
    vocabularySize: "number",
    maxLength: "number",
    timeConditioned: "boolean",
    denoise: "function",
    dispose: "function",
  },
  sampler: {
    name: "string",
    tokenRule: "object",
    steps: "any",
    revises: "boolean",
    request: "function",
    decide: "function",
  },
  schedule: {
    name: "string",
    epsilon: "number",
    alpha: "function",
    alphaDerivative: "function",
    timeAt: "function",
  },
  source: { name: "string", documents: "function", fingerprint: "function" },
  tokenizer: {
    vocabularySize: "number",
    special: "object",
    specialIds: "object",
    encode: "function",
    decode: "function",
    token: "function",
  },
};

function assertMembers(component: unknown, origin: Origin): void {
  if (typeof component !== "object" || component === null) {
    throw broken(origin, "an object from create", component);
  }
  for (const [member, type] of Object.entries(membersOf[origin.kind])) {
    const isThere =
      type === "any" ? member in component : typeof (component as Record<string, unknown>)[member] === type;
    if (isThere) continue;
    const got = member in component ? (component as Record<string, unknown>)[member] : "none";
    throw broken(origin, `a component with ${member}${type === "any" ? "" : `, a ${type},`}`, got);
  }
}

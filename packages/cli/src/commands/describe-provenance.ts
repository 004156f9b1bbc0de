import type { EvaluationProvenance } from "textdiffusion";

/** What figures rest on, in a few lines for people. */
export function describeProvenance(
  { seed, model, texts, packages, platform }: EvaluationProvenance,
  beside?: EvaluationProvenance,
): readonly string[] {
  const hashes = [...shortHashes(model), ...shortHashes({ files: named(texts) })];
  // Packages of ours share one version.
  const others = Object.entries(packages).filter(([name]) => !name.startsWith("@textdiffusion/"));
  const versions = others.map(([name, version]) => `${name} ${version}`);
  const { node, os, arch, device } = platform;
  return [
    `SHA-256: ${hashes.join(", ")}; seed ${seed}`,
    ...(beside === undefined ? [] : [`beside it: ${shortHashes(beside.model).join(", ")}`]),
    `${[...versions, `node ${node}`].join(", ")} on ${os}-${arch}${device === undefined ? "" : `, ${device}`}`,
  ];
}

// --- internal ---

/** Of weights, tokenizer and texts; configs are left to the JSON. */
function shortHashes({ files }: { readonly files: Readonly<Record<string, string>> }): string[] {
  return Object.entries(files)
    .filter(([name]) => !/config\.json$|_map\.json$/.test(name))
    .map(([name, hash]) => `${name} ${hash.slice(0, 12)}`);
}

function named({ heldOut, training }: EvaluationProvenance["texts"]): Record<string, string> {
  return {
    ...(heldOut !== undefined && { "text scored": heldOut }),
    ...(training !== undefined && { "text learnt": training }),
  };
}

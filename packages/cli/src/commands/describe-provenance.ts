import type { EvaluationProvenance } from "textdiffusion";

/** What figures rest on, in two lines for people. */
export function describeProvenance({
  seed,
  model,
  texts,
  packages,
  platform,
}: EvaluationProvenance): readonly string[] {
  const weights = Object.entries(model.files).filter(([name]) => !/config\.json$|_map\.json$/.test(name));
  const hashes = [...weights, ["text scored", texts.heldOut], ["text learnt", texts.training]].flatMap(
    ([name, hash]) => (hash === undefined ? [] : [`${name} ${hash.slice(0, 12)}`]),
  );
  // Packages of ours share one version.
  const others = Object.entries(packages).filter(([name]) => !name.startsWith("@textdiffusion/"));
  const versions = others.map(([name, version]) => `${name} ${version}`);
  const { node, os, arch, device } = platform;
  return [
    `SHA-256: ${hashes.join(", ")}; seed ${seed}`,
    `${[...versions, `node ${node}`].join(", ")} on ${os}-${arch}${device === undefined ? "" : `, ${device}`}`,
  ];
}

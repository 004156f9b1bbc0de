/** A truth about a contract that an implementation either meets or breaks. Any test runner can run it. */
export interface Law {
  /** Kebab-case: what `skip` names. */
  readonly name: string;
  /** Why this law is not asked of this implementation. A runner shows it and does not call `run`. */
  readonly skip?: string;
  /** Throws an Error whose message says what was expected and what was found. */
  run(): Promise<void> | void;
}

/** An exception to a law, named beside the component that needs it. */
export interface LawSkip {
  readonly law: string;
  readonly reason: string;
}

/**
 * Marks the skipped laws.
 *
 * @throws Error when a skip names no law of the list or gives no reason
 */
export function withSkips(laws: readonly Law[], skips: readonly LawSkip[] = []): Law[] {
  for (const { law, reason } of skips) {
    if (!laws.some(({ name }) => name === law)) {
      const known = laws.map(({ name }) => name).join(", ");
      throw new Error(`expected a known law to skip, got "${law}". Known: ${known}`);
    }
    if (reason.trim() === "") throw new Error(`expected a reason to skip law "${law}", got none`);
  }
  return laws.map((law) => {
    const skip = skips.find((candidate) => candidate.law === law.name);
    return skip ? { ...law, skip: skip.reason } : law;
  });
}

/**
 * Runs every law that is not skipped, for runners that have no notion of one.
 *
 * @throws Error with the names and the sentences of all that failed
 */
export async function assertLaws(laws: readonly Law[]): Promise<void> {
  const failures: string[] = [];
  for (const law of laws) {
    if (law.skip !== undefined) continue;
    try {
      await law.run();
    } catch (error) {
      failures.push(`${law.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

import { hashOf, type Settings } from "../settings.js";
import { type Turn, turnsInAddress } from "./turns-in-address.js";

/** How the text that is shown came about: what it began with, and each time that it was edited and went on. */
export class EditedText {
  private begun: Settings | undefined;
  private turns: readonly Turn[] = [];
  /** Of the run that goes on. */
  private turn: Turn | undefined;
  private wanted: readonly Turn[] = [];
  private wantedNext = 0;

  /** What is to be written after the next text, as an address says it; none when the settings are others. */
  want(turns: readonly Turn[]): void {
    this.wanted = turns;
  }

  get isWanted(): boolean {
    return this.wanted.length > 0;
  }

  begin(settings: Settings, from?: Turn["from"]): void {
    this.turn = from && { settings, from };
    if (from) return;
    [this.begun, this.turns, this.wantedNext] = [settings, [], 0];
  }

  /** The run is written. @returns what an address wants to be written now */
  done(): Turn | undefined {
    if (this.turn) this.turns = [...this.turns, this.turn];
    this.turn = undefined;
    return this.wanted[this.wantedNext++];
  }

  /** Something else is shown. */
  forget(): void {
    [this.begun, this.turns, this.turn] = [undefined, [], undefined];
  }

  /** The part of an address that these settings belong to, with what is wanted besides. */
  addressOf(settings: Settings): string {
    return withTurns(settings, this.wanted);
  }

  /** The part of an address that writes what is shown again; undefined where nothing was edited. */
  address(): string | undefined {
    return this.begun && this.turns.length > 0 ? withTurns(this.begun, this.turns) : undefined;
  }
}

// --- internal ---

function withTurns(settings: Settings, turns: readonly Turn[]): string {
  const rest = hashOf(settings);
  return turns.length === 0 ? rest : `${rest}${rest && "&"}${turnsInAddress(turns)}`;
}

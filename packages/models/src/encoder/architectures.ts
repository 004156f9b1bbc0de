import { bert } from "../bert/bert.js";
import type { ArchitectureName } from "../config/encoder-config.js";
import { roberta } from "../roberta/roberta.js";
import type { Architecture } from "./architecture.js";

export const architectures: Readonly<Record<ArchitectureName, Architecture>> = { bert, roberta };

/** The colours of a GIF: a few inks on a few grounds, and the shades between them for the edges of letters. */
export interface Palette {
  /** Red, green, blue by index; at most 256. */
  readonly colours: readonly (readonly [red: number, green: number, blue: number])[];
  /** Index of a shade. @param level - 0 for the ground alone, 3 for the ink alone */
  shade(ground: Ground, ink: Ink, level: number): number;
  /** Index that leaves what is there. */
  readonly transparent: number;
}

export type Ground = keyof typeof grounds;
/** A step is one of `stepInks` inks from early to late. */
export type Ink = keyof typeof inks | number;

/** How many colours tell early from late. */
export const stepInks = 16;

export function createPalette(): Palette {
  const colours: (readonly [number, number, number])[] = [];
  const indices = new Map<string, number>();
  const index = (colour: readonly [number, number, number]): number => {
    const key = colour.join();
    const known = indices.get(key);
    if (known !== undefined) return known;
    indices.set(key, colours.length);
    return colours.push(colour) - 1;
  };
  const transparent = colours.push([0, 0, 0]) - 1;
  const allInks: readonly Ink[] = [
    ...(Object.keys(inks) as Ink[]),
    ...Array.from({ length: stepInks }, (_, step) => step),
  ];
  const shades = new Map<string, number>();
  for (const ground of Object.keys(grounds) as Ground[]) {
    for (const ink of allInks) {
      for (let level = 0; level <= 3; level++) {
        const mixed = grounds[ground].map((part, channel) =>
          Math.round(part + ((inkColour(ink)[channel] - part) * level) / 3),
        ) as [number, number, number];
        shades.set(`${ground} ${ink} ${level}`, index(mixed));
      }
    }
  }
  return {
    colours,
    transparent,
    shade: (ground, ink, level) => shades.get(`${ground} ${ink} ${level}`) as number,
  };
}

// --- internal ---

const grounds = {
  paper: [22, 24, 29],
  mask: [48, 53, 66],
  fresh: [92, 73, 14],
} as const satisfies Record<string, readonly [number, number, number]>;

const inks = {
  text: [230, 231, 234],
  given: [154, 160, 172],
  accent: [142, 166, 255],
  line: [60, 66, 78],
} as const satisfies Record<string, readonly [number, number, number]>;

/** Early steps are blue, late ones red, as on the page of `replayHtml`. */
function inkColour(ink: Ink): readonly [number, number, number] {
  return typeof ink === "number" ? rgb(215 + (145 * ink) / (stepInks - 1), 0.8, 0.75) : inks[ink];
}

/** From hue in degrees, saturation and lightness in [0, 1] (CSS Color 4, section 7.1). */
function rgb(hue: number, saturation: number, lightness: number): [number, number, number] {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

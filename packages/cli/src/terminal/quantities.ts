/** `850 ms`, `3.2 s`, `2 m 05 s`, `1 h 12 m`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 995) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`;
}

/** `950`, `12.3 k`, `4.57 M`, `1.20 G`: three digits that matter. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (count >= size * 0.9995) return `${(count / size).toPrecision(3)} ${unit}`;
  }
  return String(Math.round(count));
}

/** `950 B`, `12.3 kB`, `4.57 MB`, `1.20 GB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${formatCount(bytes)}B`;
}

/** `━━━━────`, filled to `share` in [0, 1]. */
export function progressBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "━".repeat(filled) + "─".repeat(width - filled);
}

/** A line behind a bar of how much is done, where that is known. */
export function withBar(line: string, share: number | undefined): string {
  return share === undefined ? line : `${progressBar(share, 20)}  ${line}`;
}

/** The same for a log. */
export function withPercent(line: string, share: number | undefined): string {
  return share === undefined ? line : `${line} (${Math.floor(100 * share)} %)`;
}

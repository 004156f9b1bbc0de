import type { Recording } from "@textdiffusion/render";

/** Makes the buttons work that copy the address and the code, and save the text as a page and a GIF. */
export function startKeeping(page: {
  recordings(): readonly Recording[];
  /** undefined where there is none, which the page has said. */
  link(): string | undefined;
  code(): string;
  save(file: Blob, ending: string): void;
  problem(text: string): void;
}): void {
  const button = (id: string) => document.getElementById(id) as HTMLButtonElement;
  button("link").onclick = () => {
    const link = page.link();
    if (link !== undefined) void copy(link, button("link"), page.problem);
  };
  button("code").onclick = () => copy(page.code(), button("code"), page.problem);
  button("html").onclick = async () => {
    const { replayHtml } = await import("./exports.js");
    page.save(new Blob([replayHtml(page.recordings())], { type: "text/html" }), "html");
  };
  button("gif").onclick = async () => {
    const { replayGif } = await import("./exports.js");
    const bytes = replayGif(page.recordings()) as Uint8Array<ArrayBuffer>;
    page.save(new Blob([bytes], { type: "image/gif" }), "gif");
  };
}

/** Saves a file by the browser's way to save. */
export function saveFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// --- internal ---

async function copy(text: string, button: HTMLButtonElement, problem: (text: string) => void): Promise<void> {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  } catch {
    problem(
      "This browser lets no page write to the clipboard: copy from the address bar, or from the sample below",
    );
  }
}

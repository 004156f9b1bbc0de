import type { Kept } from "./kept.js";

/** Has the site kept for offline, and says whether it is. Begin when the page is ready: it fetches what is not needed at once. */
export async function keepForOffline(say: (text: string) => void): Promise<void> {
  const build = document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content;
  if (build === undefined) return; // the server of a developer
  const { serviceWorker } = navigator;
  if (!serviceWorker) {
    say("It works online only: this browser keeps no sites, or none that does not come over https.");
    return;
  }
  serviceWorker.onmessage = ({ data }: MessageEvent<Kept>) => say(said(data, build));
  try {
    const { active, installing } = await serviceWorker.register(new URL("sw.js", document.baseURI), {
      updateViaCache: "none",
    });
    if (active && !installing) say(worksOffline);
  } catch (error) {
    say(onlineOnly((error as Error).message));
  }
}

// --- internal ---

const worksOffline = "It works offline, too.";

/** A build that was kept before stays. */
function onlineOnly(reason: string): string {
  return navigator.serviceWorker.controller
    ? `Offline it is the version before this one: the browser could not keep this one (${reason}).`
    : `It works online only: the browser could not keep it (${reason}).`;
}

function said({ build, problem }: Kept, ours: string): string {
  if (problem === undefined) {
    return build === ours ? worksOffline : "There is a newer version: reload this page when you like.";
  }
  const isFull = /quota/i.test(problem);
  return onlineOnly(
    isFull ? "no room: free some space on the device, or clear the data of other sites" : problem,
  );
}

/** Where the Hub is and who asks. */
export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly token?: string;
  /** Nothing is asked: what is in the cache must do. */
  readonly offline: boolean;
}

/**
 * As Python's huggingface_hub reads them: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`. The cache is where `HF_HUB_CACHE` or
 * `HF_HOME` says.
 */
export function hubSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = "" } = environment;
  const token = HF_TOKEN?.trim();
  return {
    endpoint: (HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, ""),
    ...(token && { token }),
    offline: /^(1|on|yes|true)$/i.test(HF_HUB_OFFLINE.trim()),
  };
}

/** What a page or a Worker has, and Node may not. */
export const page = globalThis as {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number; readonly gpu?: GraphicsProcessors };
};

/** Threads that may share memory: one, unless the page is cross-origin isolated. */
export function threadsHere(): number {
  return page.crossOriginIsolated ? (page.navigator?.hardwareConcurrency ?? 1) : 1;
}

/** The part of WebGPU that is asked here: TypeScript's own library and tfjs declare it differently. */
export interface GraphicsProcessors {
  requestAdapter(options?: { readonly powerPreference?: string }): Promise<GraphicsAdapter | null>;
}

export interface GraphicsAdapter {
  readonly info?: AdapterInfo;
}

export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

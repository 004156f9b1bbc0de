/** The part of gifenc that is used here. It ships no types. */
declare module "gifenc" {
  export interface GifFrameOptions {
    readonly palette?: readonly (readonly [number, number, number])[];
    /** Milliseconds. */
    readonly delay?: number;
    readonly transparent?: boolean;
    readonly transparentIndex?: number;
    /** 1: the next frame is drawn over this one. */
    readonly dispose?: number;
  }
  export interface GifEncoder {
    writeFrame(indices: Uint8Array, width: number, height: number, options?: GifFrameOptions): void;
    finish(): void;
    bytes(): Uint8Array;
  }
  export function GIFEncoder(): GifEncoder;
  const common: { readonly GIFEncoder: typeof GIFEncoder };
  export default common;
}

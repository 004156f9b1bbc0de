/** What the bundler makes of a file: its address. */
declare module "*?url" {
  const address: string;
  export default address;
}

/** What the bundler makes of a file: its text. */
declare module "*?raw" {
  const text: string;
  export default text;
}

declare module "@tensorflow/tfjs-core/dist/register_all_gradients";

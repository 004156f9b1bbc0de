export default {
  build: { lib: { entry: "browser.ts", formats: ["es"], fileName: "bundle" }, minify: false },
};

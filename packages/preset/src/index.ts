export * from "@textdiffusion/core";

// Preloaded by `node --import`: the program says last what its memory was at the peak.
process.on("exit", () => process.stderr.write(`peak memory ${process.resourceUsage().maxRSS} kB\n`));

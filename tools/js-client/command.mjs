// What the programs here share: their errors, and the options by which a run is reached.

import { parseArgs } from "node:util";

const reach = {
  key: { type: "string" },
  insecure: { type: "boolean", default: false },
  timeout: { type: "string", default: "5" },
};

/** The words and the options of the command line; whatever goes wrong from now on ends the program, in one line. */
export function command(options) {
  process.on("uncaughtException", (error) => {
    console.error(`error: ${error.message}`);
    process.exit(1);
  });
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...reach, ...options } });
  return { options: values, positionals };
}

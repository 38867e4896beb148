// Copies what a browser needs into ../static/viewer, from where the API serves it. Safe to repeat.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "swagger-ui-dist");
const to = join(here, "..", "static", "viewer");

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
for (const name of ["LICENSE", "NOTICE"]) cpSync(join(from, name), join(to, name));
for (const name of ["index.html", "viewer.js", "viewer.css"]) cpSync(join(here, name), join(to, name));
for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
  // Without the pointer to a source map that is not served.
  const text = readFileSync(join(from, name), "utf8").replace(/\n?\/[/*]# sourceMappingURL=.*$/m, "");
  writeFileSync(join(to, name), text);
}

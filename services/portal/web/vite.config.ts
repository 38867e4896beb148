import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/**
 * The theme is chosen before the first paint, and no script may be inline (CSP): a small classic script of its own,
 * under a name with its hash, in the head.
 */
function schemeFirst(): Plugin {
  const source = readFileSync(new URL("src/scheme.js", import.meta.url), "utf8");
  let reference = "";
  let address = "";
  return {
    name: "scheme-first",
    apply: "build",
    buildStart() {
      reference = this.emitFile({ type: "asset", name: "scheme.js", source });
    },
    generateBundle() {
      address = `/${this.getFileName(reference)}`;
    },
    transformIndexHtml: {
      order: "post",
      handler: page => page.replace("<!-- scheme -->", `<script src="${address}"></script>`),
    },
  };
}

export default defineConfig({
  plugins: [react(), schemeFirst()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});

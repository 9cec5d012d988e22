// Builds dist/replay.html: the replay as one file that needs nothing beside it but the sound. Everything the page ever
// loads is in it: code, styles, the fonts of the drawing program without the Chinese one, which is 13 MB.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { absentParts } from "./vite.absent.ts";
import { servedFiles } from "./vite.served.ts";

const PAGE = "replay.html";
const EXCALIDRAW = join(dirname(createRequire(import.meta.url).resolve("@excalidraw/excalidraw")), "../prod");
const OTHER_LANGUAGES = /\/locales\/(?!en|fr-FR)[\w-]+\.js$/;

/** As the program calls fonts of the machine: they are asked of nobody. */
const ELSEWHERE = "local:";

/** Fonts by the name under which the program knows them. */
function fonts(): Map<string, string> {
  const found = readdirSync(join(EXCALIDRAW, "fonts"), { recursive: true, withFileTypes: true });
  const files = found.filter((each) => each.isFile() && /\.woff2$/.test(each.name) && !/Xiaolai/.test(each.parentPath));
  return new Map(
    files.map((each) => {
      const path = join(each.parentPath, each.name);
      const data = readFileSync(path).toString("base64");
      return [`./${relative(EXCALIDRAW, path).replaceAll("\\", "/")}`, `data:font/woff2;base64,${data}`];
    }),
  );
}

function wholeProgram(): Plugin {
  const inside = fonts();
  return {
    name: "whole-program",
    enforce: "pre",
    resolveId: (source, importer) => (importer?.includes("@excalidraw") && OTHER_LANGUAGES.test(source) ? "\0no-language" : null),
    load: (id) => (id === "\0no-language" ? "export default {};" : null),
    transform(code, id) {
      if (!id.includes("@excalidraw/excalidraw/dist") || !code.includes("./fonts/")) return null;
      return { code: code.replace(/\.\/fonts\/[\w/-]+\.woff2/g, (name) => inside.get(name) ?? ELSEWHERE), map: null };
    },
  };
}

/** The page with its script and its style in it. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle[PAGE];
      if (page?.type !== "asset") throw new Error(`${PAGE} was not built`);
      let html = String(page.source);
      for (const [name, made] of Object.entries(bundle)) {
        if (made.type === "chunk") {
          const code = plain(made.code);
          html = put(html, new RegExp(`<script[^>]*src="[^"]*${name}"[^>]*></script>`), "");
          html = put(html, /<\/body>/, `<script type="module">${code}</script>\n</body>`);
        } else if (name.endsWith(".css")) {
          html = put(html, new RegExp(`<link[^>]*href="[^"]*${name}"[^>]*>`), `<style>${String(made.source)}</style>`);
        } else if (name !== PAGE) continue;
        if (name !== PAGE) delete bundle[name];
      }
      for (const name of Object.keys(bundle)) if (name !== PAGE) delete bundle[name];
      page.source = html;
    },
  };
}

/** Nothing of it ends the script early, and there is nothing to load ahead. */
const plain = (code: string): string =>
  code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--").replaceAll("__VITE_PRELOAD__", "void 0");

function put(html: string, place: RegExp, text: string): string {
  if (!place.test(html)) throw new Error(`${PAGE} has no ${String(place)}`);
  return html.replace(place, () => text);
}

export default defineConfig({
  plugins: [react(), servedFiles(), wholeProgram(), oneFile()],
  resolve: { alias: absentParts },
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 10_000_000,
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 10_000,
    rolldownOptions: {
      input: fileURLToPath(new URL(PAGE, import.meta.url)),
      output: { codeSplitting: false },
    },
  },
});

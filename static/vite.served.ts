// Serves from our own address what packages ask for while they run: Excalidraw's fonts, and the characters, fonts and
// decoders of pdf.js. Copied into the build under the package's version, because assets are cached for ever, and read from
// the packages while developing. Without this Excalidraw would ask another host.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);

interface Served {
  /** As the source code knows the address of its folder. */
  constant: string;
  base: string;
  folder: string;
  wanted: RegExp;
}

function served(constant: string, name: string, up: string, inside: string, wanted: RegExp): Served {
  const root = join(require.resolve(name), up);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const short = name.replace(/^.*\//, "");
  return { constant, base: `assets/${short}-${version}/`, folder: join(root, inside), wanted };
}

const ALL: readonly Served[] = [
  served("__EXCALIDRAW_FILES__", "@excalidraw/excalidraw", "../../..", "dist/prod", /^fonts\/[\w/-]+\.woff2$/),
  // No WebAssembly: the page's policy does not allow it, and the plain decoders do.
  served(
    "__PDF_FILES__",
    "pdfjs-dist",
    "../..",
    ".",
    /^(cmaps\/[\w-]+\.bcmap|standard_fonts\/[\w-]+\.(pfb|ttf)|wasm\/\w+_nowasm_fallback\.js)$/,
  ),
];

const WHOLE_FONTS = fileURLToPath(new URL("src/panels/board/wholeFonts.ts", import.meta.url));
/** Inside a template, so that what takes its place is one, too. */
const ELSEWHERE = "https://esm.sh/";

const TYPES: Readonly<Record<string, string>> = { woff2: "font/woff2", ttf: "font/ttf", js: "text/javascript" };

export function servedFiles(): Plugin {
  return {
    name: "served-files",
    enforce: "pre",
    config: () => ({
      define: Object.fromEntries(ALL.map(({ constant, base }) => [constant, JSON.stringify(`/${base}`)])),
    }),
    configureServer(server) {
      for (const { base, folder, wanted } of ALL)
        server.middlewares.use(`/${base.slice(0, -1)}`, (request, response, next) => {
          const name = (request.url ?? "").replace(/^\//, "").split("?", 1)[0] ?? "";
          if (!wanted.test(name)) return next();
          const type = TYPES[name.replace(/^.*\./, "")] ?? "application/octet-stream";
          response.setHeader("content-type", type).end(readFileSync(join(folder, name)));
        });
    },
    resolveId(source, importer) {
      const inside = importer?.includes("@excalidraw/excalidraw/dist") ?? false;
      return inside && /\/subset-(shared|worker)\.chunk\.js$/.test(source) ? WHOLE_FONTS : null;
    },
    // Beside ours Excalidraw names another host for every font; even the name alone would break the page's policy.
    transform(code, id) {
      return id.includes("@excalidraw/excalidraw/dist") && code.includes(ELSEWHERE)
        ? { code: code.replaceAll(ELSEWHERE, "${location.origin}/"), map: null }
        : null;
    },
    generateBundle() {
      for (const { base, folder, wanted } of ALL)
        for (const name of filesOf(folder))
          if (wanted.test(name))
            this.emitFile({ type: "asset", fileName: base + name, source: readFileSync(join(folder, name)) });
    },
  };
}

const WORTH_BYTES = 1_000;

/** What the server hands out packed to whoever takes it so: it does not pack by itself. */
export function packedFiles(): Plugin {
  return {
    name: "packed-files",
    apply: "build",
    writeBundle({ dir }, bundle) {
      if (dir === undefined) return;
      for (const name of Object.keys(bundle)) {
        if (!/\.(m?js|css|svg)$/.test(name)) continue;
        const path = join(dir, name);
        const bytes = readFileSync(path);
        if (bytes.length > WORTH_BYTES) writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

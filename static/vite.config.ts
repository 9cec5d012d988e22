// Builds the browser client into dist/ and serves it with reload in development; the server of the room runs beside it.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { absentParts } from "./vite.absent.ts";
import { packedFiles, servedFiles } from "./vite.served.ts";

const server = process.env["ATELIER_URL"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), servedFiles(), packedFiles()],
  resolve: { alias: absentParts },
  build: { outDir: "dist", emptyOutDir: true, manifest: true, sourcemap: false, target: "es2022" },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": { target: server, changeOrigin: true, headers: { origin: server } },
      "/socket.io": { target: server, changeOrigin: true, headers: { origin: server }, ws: true },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});

// Starts the client: light, language, then the application into the page.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyScheme, chosenScheme } from "./app/scheme";
import { firstLanguage, loadTexts, Speaking } from "./texts";
import "./design/tokens.css";
import "./design/base.css";

applyScheme(chosenScheme());
const language = firstLanguage();
const texts = await loadTexts(language);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Speaking first={language} firstTexts={texts}>
      <App />
    </Speaking>
  </StrictMode>,
);

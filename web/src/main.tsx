/** The page's entry point: creates the bridge, the script interface and the app. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { createBridge } from "./bridge/bridge";
import { followDefaults } from "./bridge/defaultModel";
import { createLlm, createShell, installApis } from "./bridge/llmApi";
import { onReady } from "./bridge/onReady";
import { detectTransport } from "./bridge/transports/detect";
import { createConversations } from "./conversations/conversations";
import { nameOfProvider, strings } from "./i18n";
import { directionOf, rememberLanguage, shownLanguage } from "./i18n/language";
import { loadParts } from "./lib/loadParts";
import { watchStyles } from "./lib/missingStyles";
import { attachRun } from "./llm/run";
import { applyAppearance } from "./settings/appearance";
import { createSettings } from "./settings/settings";
import { fontsReady } from "./styles/fonts";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Problem } from "./ui/Problem";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";

watchStyles(document);
const page = new URLSearchParams(window.location.search);
const bridge = createBridge(await detectTransport());
const llm = createLlm(bridge);
const shell = createShell(bridge);
installApis(window, llm, shell);

const conversations = createConversations({
  host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  defaults: followDefaults(bridge),
});
const attach = page.get("attach");
const sharedRun = attach === null ? null : attachRun(llm, attach);
const settings = createSettings(
  bridge,
  (preferences) => {
    applyAppearance(preferences, document.documentElement);
    // The language is fixed at page load, so a change reloads the page. Drafts and unsaved templates
    // survive the reload.
    if (rememberLanguage(preferences.language)) window.location.reload();
  },
  nameOfProvider,
);
const language = shownLanguage();
document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
// Again after an outage: another window may have changed them. A host without settings changes nothing.
onReady(bridge, () => void settings.load().catch(() => {}));
if (sharedRun === null) conversations.begin();

await fontsReady;
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root");
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary
      fallback={(retry) => (
        <main className="failed-page">
          <Problem action={{ label: strings.tryAgain, run: retry }}>
            {strings.partFailed.page}
          </Problem>
        </main>
      )}
    >
      <App {...{ bridge, shell, conversations, settings, sharedRun }} />
    </ErrorBoundary>
  </StrictMode>,
);
// After the first paint, when the page is idle. Safari has no requestIdleCallback.
requestAnimationFrame(() => (window.requestIdleCallback ?? setTimeout)(() => void loadParts()));

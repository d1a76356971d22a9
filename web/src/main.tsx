/** The page's beginning: builds the bridge, what scripts may use, and the app over both. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { createBridge } from "./bridge/bridge";
import { chooseTransport } from "./bridge/choose";
import { createLlm, createShell, installPreload } from "./bridge/preload";
import { createConversation } from "./chat/conversation";
import { attachRun } from "./llm/run";
import "./tokens.css";
import "./base.css";

const page = new URLSearchParams(window.location.search);
const bridge = createBridge(await chooseTransport());
const llm = createLlm(bridge);
const shell = createShell(bridge);
installPreload(window, llm, shell);

const conversation = createConversation(llm, () => {
  const host = bridge.host();
  if (host === null) throw new Error("The host has not said hello yet");
  return host.defaults;
});
const attach = page.get("attach");
const watched = attach === null ? null : attachRun(llm, attach);
if (watched === null) void conversation.open();

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root");
createRoot(root).render(
  <StrictMode>
    <App bridge={bridge} shell={shell} conversation={conversation} watched={watched} />
  </StrictMode>,
);

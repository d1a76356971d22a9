/** A page of the program's own host with the reference design's renderer, over our preload. */
import { createRoot, type Root } from "react-dom/client";
import { createBridge } from "../../../web/src/bridge/bridge";
import { detectTransport } from "../../../web/src/bridge/transports/detect";
import { createLlm, createShell, installApis } from "../../../web/src/bridge/llmApi";
import type { ReferenceApi } from "../../../web/tests/reference";
import { ChatComponent } from "./components/ChatComponent";

declare global {
  interface Window {
    /** The design exposes `window.llm`, and its hook uses `window.api`. */
    api: ReferenceApi;
    reference: { mount(): void; unmount(): void };
  }
}

const bridge = createBridge(await detectTransport());
installApis(window, createLlm(bridge), createShell(bridge));
window.api = window.llm;

const place = document.getElementById("root");
if (place === null) throw new Error("The page has no root");
let root: Root | null = null;
window.reference = {
  mount() {
    root = createRoot(place);
    root.render(<ChatComponent />);
  },
  unmount() {
    root?.unmount();
    root = null;
  },
};
await window.llm.ready();
window.reference.mount();

/** The bridge of a page that always runs in a window. */
import { type Bridge, createBridge } from "./bridge";
import { createPywebviewTransport } from "./transports/pywebview";

export const createWindowBridge = (): Bridge => createBridge(createPywebviewTransport());

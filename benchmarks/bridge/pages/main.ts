/** The beginning of every peer's page: finds out where it is, and does what it is told. */
import { openDoor } from "./door";
import { follow } from "./orders";
import { openPlain } from "./plain";
import { openTauri, type Tauri } from "./tauri";

const { __TAURI__: tauri } = window as unknown as { __TAURI__?: Tauri };
const isPlain = new URLSearchParams(window.location.search).has("plain");

if (tauri !== undefined) await follow(openTauri(tauri));
else await follow(isPlain ? await openPlain(window) : await openDoor());

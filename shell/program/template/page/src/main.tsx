import { createRoot } from "react-dom/client";
import { connect } from "tidewire";
import { App } from "./App";
import { client } from "./contract";

const host = await connect({ fake: () => import("./fake").then(({ handlers }) => handlers) });
const root = document.querySelector("main");
if (root) createRoot(root).render(<App host={host} program={client(host.call)} />);

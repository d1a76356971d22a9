import { createRoot } from "react-dom/client";
import { connect } from "tidewire";
import { App } from "./App";
import { client } from "./contract";

const root = createRoot(document.querySelector("main") as HTMLElement);
try {
  const host = await connect({ fake: () => import("./fake").then(({ handlers }) => handlers) });
  root.render(<App host={host} program={client(host.call)} />);
} catch (error) {
  root.render(<p role="alert">{(error as Error).message}</p>);
}

/** Stores in components: the display follows the store, also without a window. */
import { act, render, screen } from "@testing-library/react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { useStore } from "../src/conversations/useStore";
import { createStore } from "../src/lib/store";

const tide = createStore({ height: 1, port: "Husum" });
let renders = 0;

function Port() {
  renders += 1;
  return <p>{useStore(tide, ({ port }) => port)}</p>;
}

it("renders on a server", () => {
  const Whole = () => <p>{useStore(tide).height}</p>;
  expect(renderToString(<Whole />)).toBe("<p>1</p>");
  expect(renderToString(<Port />)).toBe("<p>Husum</p>");
});

it("renders when what was selected changes, and not for the rest", () => {
  render(<Port />);
  renders = 0;
  act(() => tide.set({ ...tide.get(), height: 2 }));
  expect(renders).toBe(0);
  act(() => tide.set({ ...tide.get(), port: "Büsum" }));
  expect(screen.getByText("Büsum")).toBeTruthy();
});

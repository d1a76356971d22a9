/** A page of another program over the fake that stands for it. */
import { waitFor } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { connect } from "../src/library";

afterEach(() => window.history.replaceState(null, "", "/"));

async function connected(sea: object) {
  window.history.replaceState(null, "", "/?bridge=fake");
  return connect({ fake: async () => ({ sea }) });
}

it("streams text as text, and models as values", async () => {
  const host = await connected({
    async *names() {
      yield "reef, ";
      yield 'the "bank"';
    },
    async *places() {
      yield { name: "reef" };
    },
  });
  let text = "";
  for await (const piece of host.follow(await host.call("sea.names"))) text += piece;
  expect(text).toBe('reef, the "bank"');
  const places: object[] = [];
  for await (const place of host.items(await host.call<string>("sea.places"))) places.push(place);
  expect(places).toEqual([{ name: "reef" }]);
});

it("stops a stream when its reader leaves the loop", async () => {
  const ended: string[] = [];
  async function* endless<T>(name: string, item: T) {
    try {
      for (;;) {
        yield item;
        await new Promise((resolve) => setTimeout(resolve));
      }
    } finally {
      ended.push(name);
    }
  }
  const host = await connected({
    places: () => endless("places", { name: "reef" }),
    names: () => endless("names", "reef"),
  });
  const places = host.items(await host.call<string>("sea.places"));
  for await (const _ of places) break;
  await waitFor(() => expect(ended).toEqual(["places"]));
  const names = host.follow(await host.call("sea.names"));
  await expect(
    (async () => {
      for await (const _ of names) throw new Error("enough");
    })(),
  ).rejects.toThrow("enough");
  expect((await names.result).status).toBe("cancelled");
  expect(ended).toEqual(["places", "names"]);
});

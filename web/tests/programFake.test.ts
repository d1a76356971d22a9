/** A page of another program over the fake that stands for it. */
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

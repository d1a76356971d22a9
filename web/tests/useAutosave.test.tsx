/** Values that are saved at once, while the host takes its time. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { beforeEach, expect, it } from "vitest";
import { SelectField } from "../src/ui/form/SelectField";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";

const OPTIONS = [
  ["a", "A"],
  ["b", "B"],
] as const;

/** The values that were sent, and what ends each of their saves. */
let sent: string[] = [];
let ends: { save: () => void; refuse: () => void }[] = [];
beforeEach(() => {
  sent = [];
  ends = [];
});

function Choice() {
  const [stored, setStored] = useState<string>("a");
  const save = (value: string) =>
    new Promise<void>((resolve, reject) => {
      sent.push(value);
      ends.push({
        save() {
          setStored(value);
          resolve();
        },
        refuse: () => reject(new Error("the disk is full")),
      });
    });
  return <SelectField label="Letter" value={stored} save={save} options={OPTIONS} />;
}

function show() {
  const toasts = createToastStore();
  const page = render(
    <ToastsContext value={toasts}>
      <Choice />
    </ToastsContext>,
  );
  return { ...page, toasts };
}

const field = () => screen.getByLabelText<HTMLSelectElement>("Letter");
const choose = (value: string) => fireEvent.change(field(), { target: { value } });
const end = (at: number, how: "save" | "refuse") => act(async () => ends[at]?.[how]());

it("the last choice wins when it is the stored one again", async () => {
  show();
  choose("b");
  choose("a");
  expect(sent).toEqual(["b", "a"]);
  await end(0, "save");
  expect(field().value).toBe("a");
  await end(1, "save");
  expect(field().value).toBe("a");
});

it("a refusal of an earlier choice is not shown beside the last one", async () => {
  show();
  choose("b");
  choose("a");
  await end(0, "refuse");
  await end(1, "save");
  expect(screen.queryByText(/the disk is full/)).toBeNull();
});

it("nothing is sent twice when the field goes away, and a refusal is shown elsewhere", async () => {
  const { unmount, toasts } = show();
  choose("b");
  unmount();
  expect(sent).toEqual(["b"]);
  await end(0, "refuse");
  expect(toasts.get().map(({ text }) => text)).toEqual([
    expect.stringContaining("the disk is full"),
  ]);
});

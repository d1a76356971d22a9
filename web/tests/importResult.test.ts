/** The result of an import, in one sentence. */
import { expect, it } from "vitest";
import type { ImportState, Problem, Remark } from "../src/bridge/contract";
import { importResult } from "../src/i18n";

const importState = (part: Partial<ImportState>): ImportState => ({
  importId: "i-1",
  state: "done",
  readBytes: 1,
  totalBytes: 1,
  conversations: 0,
  messages: 0,
  skipped: 0,
  remarks: [],
  failure: null,
  ...part,
});
const broken: Problem = { code: "VALIDATION", message: "it is not JSON" };
const full: Problem = { code: "STORAGE_UNAVAILABLE", message: "The disk is full." };
const unread: Remark = { code: "CONVERSATION_LEFT_OUT", text: "A conversation …", facts: {} };

it.each<readonly [Partial<ImportState>, string]>([
  [{ skipped: 3 }, "Nothing new: all 3 are already here."],
  [{ skipped: 1 }, "Nothing new: this conversation is already here."],
  [{ skipped: 1, remarks: [unread] }, "This isn't an export from Tidewire or ChatGPT."],
  [{}, "This isn't an export from Tidewire or ChatGPT."],
  [
    { state: "failed", failure: { ...broken, reason: "NO_CONVERSATIONS" } },
    "This isn't an export from Tidewire or ChatGPT.",
  ],
  [{ state: "failed", failure: full }, "Couldn't do that. The disk is full."],
  [
    { conversations: 1_200, messages: 34_567, skipped: 1_001 },
    "Import complete: 1,200 conversations with 34,567 messages, 1,001 skipped.",
  ],
  [{ messages: 1, skipped: 2 }, "Import complete: 1 message, 2 skipped."],
])("%o", (part, sentence) => {
  expect(importResult(importState(part))).toBe(sentence);
});

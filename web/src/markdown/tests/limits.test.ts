import { expect, test } from "vitest";
import { advance, EMPTY } from "../parse/incremental";

const SIZE = 16_000;
/** Linear processing takes some tens of milliseconds, quadratic processing takes seconds. */
const LONGEST_MS = 1_500;

function filled(part: string): string {
  return part.repeat(Math.ceil(SIZE / part.length)).slice(0, SIZE);
}

function numbered(part: (at: number) => string, count: number): string {
  return Array.from({ length: count }, (_, at) => part(at)).join("");
}

const PATTERNS: readonly string[] = [
  ..."[ ] ![ [a]( [a](b [a](b) [a][b] [^a] [^a]: [a]: \\( \\[ \\\\ $ $$a $a` * ** _ ~ ~~ ` < > # | - + =".split(
    " ",
  ),
  ..."*a_ |a**b |_a__b*c** |~~a |`a` |> |- |1. |<a |<!-- |<? |http://a. |www. |a@ |a_ |& |&a |&amp;".split(
    "|",
  ),
  ...["> a\nb\n", "> a\n", "- a\n\n", "- [ ] a\n", "```\n", "<div>\n", "a\n", "a  \n", " \n", "\n"],
  ...[
    "    a\n",
    "|a|b|\n",
    "[^a]:\n",
    "a\n-",
    "$$\n",
    "\\[\n",
    "a\n$$x$$\n",
    "a\n[^a]: x\n",
    "[a]: x (",
    "&#",
    "\t",
    " ",
    "a",
  ],
];

const TEXTS: readonly (readonly [string, string])[] = [
  ...PATTERNS.map((pattern) => [JSON.stringify(pattern), filled(pattern)] as const),
  ["nested links", `${"[".repeat(SIZE / 2)}a${"](b)".repeat(SIZE / 8)}`],
  ["stars around a word", `${"*".repeat(SIZE / 2)}a${"*".repeat(SIZE / 2)}`],
  ["nested lists", numbered((at) => `${" ".repeat(at * 2)}- a\n`, 150)],
  ["longer and longer backticks", numbered((at) => `${"`".repeat(at + 1)} `, 200)],
  ["many definitions", numbered((at) => `[${at}]: x\n`, SIZE / 10)],
  ["many footnotes", numbered((at) => `[^${at}]: x\n`, SIZE / 10)],
  ["a wide table", `${filled("|a")}\n${filled("|-")}`],
  ["a mail address without an end", `${filled("a_")}@`],
];

const PATIENT = { timeout: 60_000 };

test.each(TEXTS)("%s is read in little time, at once and while it arrives", PATIENT, (_, text) => {
  const before = process.cpuUsage();
  advance(EMPTY, text, false);
  advance(advance(EMPTY, text.slice(0, -1), true), text, true);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(LONGEST_MS);
});

test("a long list, table or block of code is not read from its beginning again", PATIENT, () => {
  const long = {
    list: numbered((at) => `- entry ${at} with some **words**\n`, 3_000),
    table: `| a | b |\n|---|---|\n${numbered((at) => `| ${at} | words |\n`, 3_000)}`,
    code: `\`\`\`python\n${numbered((at) => `value_${at} = ${at}\n`, 3_000)}`,
  };
  for (const [kind, text] of Object.entries(long)) {
    let document = advance(EMPTY, text.slice(0, text.length / 2), true);
    for (let length = text.length / 2; length < text.length; length += 1_000) {
      document = advance(document, text.slice(0, length), true);
      const read = length - document.offset - (document.stablePrefix?.node.raw.length ?? 0);
      expect(read, kind).toBeLessThan(6_000);
    }
  }
});

/** Text: an answer of many tokens with everything that answers have, the same at every run. */

const SENTENCES = [
  "The tide **rises twice a day**, and falls again as often, whatever the wind does.",
  "A call of `harbour.depth(now)` says how much water there is; see [the tables](https://example.org/tables?port=7&year=2026).",
  "What looks like *one* wave is ~~two~~ many, and none of them is in a hurry.",
  "Between ebb and flood there is slack water, which lasts from ten minutes to half an hour.",
  "It depends on the moon, the sun, the shape of the bay and the depth of the sea before it.",
  "Ask the harbour master (see https://example.org/harbour) before you rely on `max_draught`.",
  "Spring tides come with the *full* and the *new* moon; **neap tides** in between.",
];

const CODE = {
  python:
    "def height(hour: float, harmonics: list[Harmonic]) -> float:\n    \"\"\"The water's height above chart datum, in metres.\"\"\"\n    total = 0.0\n    for harmonic in harmonics:\n        phase = harmonic.speed * hour - harmonic.lag\n        total += harmonic.amplitude * cos(radians(phase))\n    return total  # without weather\n",
  typescript:
    "export function nextHigh(tides: readonly Tide[], now: Date): Tide | undefined {\n  const later = tides.filter((tide) => tide.kind === \"high\" && tide.at > now);\n  later.sort((one, other) => one.at.getTime() - other.at.getTime());\n  return later[0];\n}\n",
  sql: "SELECT port, max(height) AS spring\nFROM tides\nWHERE at BETWEEN '2026-01-01' AND '2026-12-31'\nGROUP BY port\nORDER BY spring DESC;\n",
  bash: "for port in brest emden hull; do\n  curl --silent \"https://example.org/tides/$port.json\" > \"$port.json\"\ndone\n",
};

const LANGUAGES = Object.keys(CODE) as (keyof typeof CODE)[];

const TABLE = `| Port | High water | Low water | Range |
|:-----|-----------:|----------:|:-----:|
| **Brest** | 6.9 m | 1.1 m | 5.8 m |
| Cuxhaven | 3.3 m | 0.4 m | 2.9 m |
| [Hull](https://example.org/hull) | 7.2 m | 1.0 m | 6.2 m |
| \`emden\` | 3.6 m | 0.4 m | 3.2 m |
`;

function section(at: number): string {
  const sentence = (step: number): string => SENTENCES[(at * 3 + step) % SENTENCES.length] ?? "";
  const paragraph = (from: number): string =>
    [0, 1, 2, 3].map((step) => sentence(from + step)).join(" ");
  const language = LANGUAGES[at % LANGUAGES.length] ?? "python";
  return [
    `## ${at + 1}. Of tides and harbours`,
    paragraph(0),
    paragraph(2),
    [0, 1, 2, 3, 4].map((step) => `- ${sentence(step)}`).join("\n"),
    `\`\`\`${language}\n${CODE[language]}\`\`\``,
    paragraph(4),
    [0, 1, 2].map((step) => `${step + 1}. ${sentence(step + 2)}\n   - ${sentence(step)}`).join("\n"),
    TABLE.trimEnd(),
    `> ${sentence(1)}\n> ${sentence(5)}`,
    `- [x] ${sentence(3)}\n- [ ] ${sentence(6)}`,
    paragraph(1),
  ].join("\n\n");
}

/** Stands at the end of every text, and nowhere else in it. */
export const LAST_WORD = "slack-water-at-last";

/** So many tokens of four characters, as they are on average. */
export function tokensOf(count: number): string[] {
  const sections = [];
  for (let length = 0, at = 0; length < count * 4; at++) {
    const next = section(at);
    sections.push(next);
    length += next.length + 2;
  }
  const text = sections.join("\n\n");
  const tokens = Array.from({ length: count - 1 }, (_, at) => text.slice(at * 4, at * 4 + 4));
  return [...tokens, `\n\n${LAST_WORD}\n`];
}

/** Random Markdown from a seed, split into streamed pieces. */

/** Random numbers from 0 to 1, reproducible by seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = (
  "tide moon ebb flood harbour 12 3.5 the of and a_b snake_case 2*3 AT&T x<y $5 $x^2$ \\(y\\) " +
  "**bold** *soft* _under_ ~~gone~~ `code` ``a`b`` [link](https://example.org/a_(b)) " +
  "[ref][1] [1] [^1] [^two] https://example.org/x_y www.example.org ask@example.org " +
  "<https://example.org> <b>raw</b> ![alt](https://img.example/x.png) &amp; &copy; \\* \\[ " +
  "**open *both `tick [half ](x) !\\ $ ]( ** __ ~~ \u{1F30A} שלום ,. :"
).split(" ");

const BLOCKS: readonly ((random: () => number) => string)[] = [
  (random) => line(random, 30),
  (random) => `${line(random, 12)}\n${line(random, 12)}`,
  (random) => `${"#".repeat(1 + pick(random, 6))} ${line(random, 6)}`,
  (random) => lines(random, 6, () => `- ${line(random, 8)}`),
  (random) => lines(random, 6, (at) => `${at + 1}. ${line(random, 8)}`),
  (random) => lines(random, 5, () => `- [${random() < 0.5 ? "x" : " "}] ${line(random, 5)}`),
  (random) => lines(random, 4, () => `- ${line(random, 5)}\n`),
  (random) => `- ${line(random, 4)}\n  - ${line(random, 4)}\n    more\n  - ${line(random, 4)}`,
  (random) => `* ${line(random, 3)}\n\n  ${line(random, 8)}\n\n* ${line(random, 3)}`,
  (random) => `- item\n\n  \`\`\`js\n  ${line(random, 5)}\n  \`\`\`\n- next`,
  (random) => lines(random, 4, () => `> ${line(random, 8)}`),
  (random) => `> ${line(random, 8)}\n>\n> - ${line(random, 4)}\n> - ${line(random, 4)}`,
  (random) => `\`\`\`${["", "js", "python"][pick(random, 3)]}\n${code(random)}\n\`\`\``,
  (random) => `~~~\n${code(random)}\n\n\`\`\`\n${code(random)}\n~~~`,
  (random) => `\`\`\`\n${code(random)}`,
  (random) => table(random, 1 + pick(random, 6)),
  (random) => `$$\n\\frac{${pick(random, 9)}}{x}\n- y\n$$`,
  (random) => `\\[\nx_${pick(random, 9)} = y\n\\]`,
  () => "---",
  (random) => `${line(random, 4)}\n${random() < 0.5 ? "---" : "==="}`,
  (random) => `    ${line(random, 5)}\n    ${line(random, 5)}`,
  (random) => `<div>\n${line(random, 5)}\n</div>`,
  () => "[1]: https://example.org/one",
  (random) => `[^1]: ${line(random, 8)}`,
  (random) => `[^two]: ${line(random, 6)}\n    ${line(random, 6)}\n\n    ${line(random, 3)}`,
  (random) => lines(random, 220, (at) => `- entry ${at} ${line(random, 4)}`),
  (random) => table(random, 150),
  (random) => lines(random, 60, () => line(random, 60)),
  (random) => `\`\`\`python\n${lines(random, 300, (at) => `x${at} = ${pick(random, 99)}`)}\n\`\`\``,
];
/** The long blocks at the end of the list are rare, so that most streams stay short. */
const LONG_BLOCKS = 4;

export function documentOf(random: () => number): string {
  const count = 1 + pick(random, 14);
  const blocks = Array.from({ length: count }, () => {
    const kinds = random() < 0.01 ? BLOCKS.length : BLOCKS.length - LONG_BLOCKS;
    return BLOCKS[pick(random, kinds)]?.(random) ?? "";
  });
  return blocks.reduce((text, block) => text + gap(random) + block) + gap(random);
}

/** Splits the text into pieces, most of them short, as models send them. */
export function piecesOf(text: string, random: () => number): string[] {
  const longest = [3, 12, 80][pick(random, 3)] ?? 12;
  const pieces = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + pick(random, text.length > 3_000 ? longest * 20 : longest);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

function gap(random: () => number): string {
  const kind = random();
  if (kind < 0.75) return "\n\n";
  if (kind < 0.9) return "\n";
  return kind < 0.95 ? "\n\n\n" : "\r\n\r\n";
}

function pick(random: () => number, count: number): number {
  return Math.floor(random() * count);
}

function line(random: () => number, words: number): string {
  const count = 1 + pick(random, words);
  return Array.from({ length: count }, () => WORDS[pick(random, WORDS.length)]).join(" ");
}

function lines(random: () => number, most: number, line: (at: number) => string): string {
  return Array.from({ length: 1 + pick(random, most) }, (_, at) => line(at)).join("\n");
}

function code(random: () => number): string {
  return lines(random, 5, () => `${" ".repeat(pick(random, 5))}${line(random, 5)}`);
}

function table(random: () => number, rows: number): string {
  const row = (): string => `| ${line(random, 3)} | ${line(random, 3)} |`;
  const head = `| a | b |\n|---|${random() < 0.5 ? ":-:" : "---"}|`;
  return [head, ...Array.from({ length: rows }, row)].join("\n");
}

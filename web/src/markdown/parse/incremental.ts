/**
 * Parses a growing text incrementally. While it streams, only its last two blocks can still change, so
 * only they are parsed again; earlier blocks keep their identity and their rendered elements. At the
 * end the whole text is parsed once more.
 */
import type { Links } from "marked";
import { Reader, type TextRuns } from "./lexer";
import type { Node } from "./nodes";
import { certainLength, closeLastBlock, lastLeaf } from "./openBlock";
import { haveSame, reconcile } from "./reconcile";
import { grown, type StablePrefix, stablePrefixOf } from "./stablePrefix";

export const GROUP_SIZE = 16;
/** Blocks at the end that later text may change. */
const UNSETTLED = 2;

export interface ParsedDocument {
  readonly text: string;
  readonly live: boolean;
  /** The text with normalized line ends. */
  readonly source: string;
  /** The blocks in groups of 16; a group of unchanged blocks is the same array. */
  readonly groups: readonly (readonly Node[])[];
  /** The number of blocks at the beginning that no later text changes. */
  readonly settled: number;
  /** The offset in the source at which those blocks end. */
  readonly offset: number;
  /** The settled part of the block after those, if it is a long one. */
  readonly stem: StablePrefix | undefined;
  readonly links: Links;
  readonly runs: TextRuns;
}

export const EMPTY: ParsedDocument = {
  text: "",
  live: true,
  source: "",
  groups: [],
  settled: 0,
  offset: 0,
  stem: undefined,
  links: Object.create(null) as Links,
  runs: new Map(),
};

/** Parses a text, reusing the result for an earlier state of it. */
export function advance(previous: ParsedDocument, text: string, live: boolean): ParsedDocument {
  if (previous.text === text && previous.live === live) return previous;
  const source = withPlainEnds(text, live);
  if (!live) return complete(previous, text, source);
  // Comparing two strings is far quicker than `startsWith`.
  const begin = source.slice(0, previous.source.length);
  const continues = previous.live && begin === previous.source;
  return grow(continues ? previous : { ...EMPTY, groups: previous.groups }, text, source);
}

function withPlainEnds(text: string, live: boolean): string {
  if (!text.includes("\r")) return text;
  // The other half of a line end may still arrive.
  const certain = live && text.endsWith("\r") ? text.slice(0, -1) : text;
  return certain.replace(/\r\n?/g, "\n");
}

function complete(previous: ParsedDocument, text: string, source: string): ParsedDocument {
  const reader = new Reader(EMPTY.links);
  const nodes = reader.readBlocks(source);
  reader.readInside(EMPTY.runs);
  const { links } = reader;
  const blocks = nodes.filter(isShown);
  return {
    text,
    live: false,
    source,
    groups: grouped(blocks, previous, 0, areSame(previous.links, links)),
    settled: blocks.length,
    offset: source.length,
    stem: undefined,
    links,
    runs: EMPTY.runs,
  };
}

function grow(previous: ParsedDocument, text: string, source: string): ParsedDocument {
  const { stem } = previous;
  const tail = source.slice(previous.offset + (stem?.node.raw.length ?? 0));
  const { nodes, links, runs } = readTail((stem?.head ?? "") + tail, previous);
  const sameLinks = areSame(previous.links, links);
  if (!sameLinks && previous.settled > 0) {
    // A new definition turns references above it into links.
    return grow({ ...EMPTY, groups: previous.groups }, text, source);
  }
  if (stem !== undefined) {
    const first = grown(stem, nodes[0]);
    if (first === undefined) return grow({ ...previous, stem: undefined }, text, source);
    nodes[0] = first;
  }
  const whole = Math.floor(previous.settled / GROUP_SIZE);
  const begun = previous.groups[whole]?.slice(0, previous.settled % GROUP_SIZE) ?? [];
  const blocks = [...begun, ...nodes.filter(isShown)];
  const settled = settle(nodes, source.slice(previous.offset), stem);
  return {
    text,
    live: true,
    source,
    groups: grouped(blocks, previous, whole, sameLinks),
    settled: previous.settled + settled.count,
    offset: previous.offset + settled.characters,
    stem: settled.stem,
    links,
    runs,
  };
}

interface Reading {
  readonly nodes: Node[];
  readonly links: Links;
  readonly runs: TextRuns;
}

/** Parses the certain part of the text's end. */
function readTail(tail: string, { links, runs }: ParsedDocument): Reading {
  let reader = new Reader(links);
  let nodes = reader.readBlocks(tail);
  const leafOf = (text: string): Node | undefined => lastLeaf(new Reader(links).readBlocks(text));
  const length = certainLength(tail, lastLeaf(nodes), leafOf);
  if (length < tail.length) {
    reader = new Reader(links);
    nodes = reader.readBlocks(tail.slice(0, length));
  }
  closeLastBlock(nodes, reader);
  reader.readInside(areSame(links, reader.links) ? runs : EMPTY.runs);
  return { nodes, links: reader.links, runs: reader.runs };
}

interface Settled {
  /** Newly settled blocks, without the invisible ones. */
  readonly count: number;
  readonly characters: number;
  readonly stem: StablePrefix | undefined;
}

/**
 * The part of the text's end that no later text changes: all but two blocks, and a long block's stem.
 */
function settle(nodes: readonly Node[], text: string, stem: StablePrefix | undefined): Settled {
  const unchanged = { count: 0, characters: 0, stem };
  const blocks = nodes.filter((node) => node.type !== "space");
  const last = blocks.at(-1);
  if (last === undefined) return unchanged;
  const next = stablePrefixOf(last, blocks.length === 1 ? stem : undefined);
  const first = next === undefined ? blocks.at(-UNSETTLED) : last;
  if (first === undefined || first === blocks[0]) {
    return { ...unchanged, stem: blocks.length === 1 ? next : stem };
  }
  let characters = 0;
  let count = 0;
  for (const node of nodes.slice(0, nodes.indexOf(first))) {
    if (!text.startsWith(node.raw, characters)) return unchanged;
    characters += node.raw.length;
    if (isShown(node)) count += 1;
  }
  return { count, characters, stem: next };
}

function isShown(node: Node): boolean {
  return node.type !== "space" && node.type !== "def";
}

/**
 * Groups the blocks, reusing all that were parsed the same before. The first `whole` groups are
 * settled; `blocks` follow them.
 */
function grouped(
  blocks: readonly Node[],
  previous: ParsedDocument,
  whole: number,
  sameLinks: boolean,
): readonly (readonly Node[])[] {
  const old = previous.groups.slice(whole).flat();
  // The last block was not parsed to its end.
  const last = previous.live ? old.length - 1 : old.length;
  const kept = blocks.map((block, at) => reconcile(old[at], block, at < last, sameLinks));
  const groups = previous.groups.slice(0, whole);
  for (let start = 0; start < kept.length; start += GROUP_SIZE) {
    const group = kept.slice(start, start + GROUP_SIZE);
    const before = previous.groups[groups.length];
    groups.push(before !== undefined && haveSame(before, group) ? before : group);
  }
  return groups;
}

function areSame(one: Links, other: Links): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

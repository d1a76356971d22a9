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
import { joinPrefix, type StablePrefix, stablePrefixOf } from "./stablePrefix";

export const GROUP_SIZE = 16;
/** Blocks at the end that later text may change. */
const UNSTABLE = 2;

export interface ParsedDocument {
  readonly text: string;
  readonly live: boolean;
  /** The text with normalized line ends. */
  readonly source: string;
  /** The blocks in groups of 16; a group of unchanged blocks is the same array. */
  readonly groups: readonly (readonly Node[])[];
  /** The number of blocks at the beginning that no later text changes. */
  readonly stableCount: number;
  /** The offset in the source at which those blocks end. */
  readonly offset: number;
  /** The stable part of the block after those, if it is a long one. */
  readonly stablePrefix: StablePrefix | undefined;
  readonly links: Links;
  readonly runs: TextRuns;
}

export const EMPTY: ParsedDocument = {
  text: "",
  live: true,
  source: "",
  groups: [],
  stableCount: 0,
  offset: 0,
  stablePrefix: undefined,
  links: Object.create(null) as Links,
  runs: new Map(),
};

/** Parses a text, reusing the result for an earlier state of it. */
export function advance(previous: ParsedDocument, text: string, live: boolean): ParsedDocument {
  if (previous.text === text && previous.live === live) return previous;
  const source = normalizeLineEnds(text, live);
  if (!live) return complete(previous, text, source);
  // Comparing two strings is far quicker than `startsWith`.
  const begin = source.slice(0, previous.source.length);
  const continues = previous.live && begin === previous.source;
  return grow(continues ? previous : { ...EMPTY, groups: previous.groups }, text, source);
}

function normalizeLineEnds(text: string, live: boolean): string {
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
    groups: groupBlocks(blocks, previous, 0, areSame(previous.links, links)),
    stableCount: blocks.length,
    offset: source.length,
    stablePrefix: undefined,
    links,
    runs: EMPTY.runs,
  };
}

function grow(previous: ParsedDocument, text: string, source: string): ParsedDocument {
  const { stablePrefix } = previous;
  const tail = source.slice(previous.offset + (stablePrefix?.node.raw.length ?? 0));
  const { nodes, links, runs } = readTail((stablePrefix?.head ?? "") + tail, previous);
  const sameLinks = areSame(previous.links, links);
  if (!sameLinks && previous.stableCount > 0) {
    // A new definition turns references above it into links.
    return grow({ ...EMPTY, groups: previous.groups }, text, source);
  }
  if (stablePrefix !== undefined) {
    const first = joinPrefix(stablePrefix, nodes[0]);
    if (first === undefined) return grow({ ...previous, stablePrefix: undefined }, text, source);
    nodes[0] = first;
  }
  const whole = Math.floor(previous.stableCount / GROUP_SIZE);
  const openGroup = previous.groups[whole]?.slice(0, previous.stableCount % GROUP_SIZE) ?? [];
  const blocks = [...openGroup, ...nodes.filter(isShown)];
  const stable = stablePartOf(nodes, source.slice(previous.offset), stablePrefix);
  return {
    text,
    live: true,
    source,
    groups: groupBlocks(blocks, previous, whole, sameLinks),
    stableCount: previous.stableCount + stable.count,
    offset: previous.offset + stable.characters,
    stablePrefix: stable.stablePrefix,
    links,
    runs,
  };
}

interface ParsedTail {
  readonly nodes: Node[];
  readonly links: Links;
  readonly runs: TextRuns;
}

/** Parses the certain part of the text's end. */
function readTail(tail: string, { links, runs }: ParsedDocument): ParsedTail {
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

interface StablePart {
  /** Newly stable blocks, without the invisible ones. */
  readonly count: number;
  readonly characters: number;
  readonly stablePrefix: StablePrefix | undefined;
}

/** The part of the end that no later text changes: all but two blocks, and a long one's prefix. */
function stablePartOf(
  nodes: readonly Node[],
  text: string,
  stablePrefix: StablePrefix | undefined,
): StablePart {
  const unchanged = { count: 0, characters: 0, stablePrefix };
  const blocks = nodes.filter((node) => node.type !== "space");
  const last = blocks.at(-1);
  if (last === undefined) return unchanged;
  const next = stablePrefixOf(last, blocks.length === 1 ? stablePrefix : undefined);
  const first = next === undefined ? blocks.at(-UNSTABLE) : last;
  if (first === undefined || first === blocks[0]) {
    return { ...unchanged, stablePrefix: blocks.length === 1 ? next : stablePrefix };
  }
  let characters = 0;
  let count = 0;
  for (const node of nodes.slice(0, nodes.indexOf(first))) {
    if (!text.startsWith(node.raw, characters)) return unchanged;
    characters += node.raw.length;
    if (isShown(node)) count += 1;
  }
  return { count, characters, stablePrefix: next };
}

function isShown(node: Node): boolean {
  return node.type !== "space" && node.type !== "def";
}

/**
 * Groups the blocks, reusing all that were parsed the same before. The first `whole` groups are
 * stable; `blocks` follow them.
 */
function groupBlocks(
  blocks: readonly Node[],
  previous: ParsedDocument,
  whole: number,
  sameLinks: boolean,
): readonly (readonly Node[])[] {
  const old = previous.groups.slice(whole).flat();
  // The last block was not parsed to its end.
  const last = previous.live ? old.length - 1 : old.length;
  const reconciled = blocks.map((block, at) => reconcile(old[at], block, at < last, sameLinks));
  const groups = previous.groups.slice(0, whole);
  for (let start = 0; start < reconciled.length; start += GROUP_SIZE) {
    const group = reconciled.slice(start, start + GROUP_SIZE);
    const before = previous.groups[groups.length];
    groups.push(before !== undefined && haveSame(before, group) ? before : group);
  }
  return groups;
}

function areSame(one: Links, other: Links): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

/** Checks the addresses of links and pictures. */
import { decode } from "../parse/entities";

const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
const LONGEST = 8_192;
/** Raster pictures embedded in the text. SVG is excluded, because it can contain addresses. */
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

export interface SafeUrl {
  /** The address as the browser parses it, however the text spells it. */
  readonly url: string;
  /** The actual target: the host, or the recipient of a mail. */
  readonly host: string;
}

/** The address of a link, if it may be opened. */
export function safeUrlOf(href: string, literal: boolean): SafeUrl | undefined {
  if (href.length > LONGEST) return undefined;
  const url = parseUrl(encodeUrl(literal ? href : decode(href)));
  if (url === undefined || !PROTOCOLS.has(url.protocol)) return undefined;
  return { url: url.href, host: url.protocol === "mailto:" ? url.pathname : url.host };
}

/** A picture's data, if it is embedded in the text. */
export function pictureOf(href: string): string | undefined {
  return PICTURE.test(href) ? href : undefined;
}

/** The host that a picture would be fetched from, if it has one. */
export function hostOf(href: string): string {
  return parseUrl(encodeUrl(decode(href.slice(0, LONGEST))))?.host ?? "";
}

/**
 * Percent-encodes the characters that are invalid in addresses. A browser would read a backslash as a
 * slash, and so find another host than a reader of the text.
 */
export function encodeUrl(href: string): string {
  try {
    return encodeURI(href).replaceAll("%25", "%");
  } catch {
    return "";
  }
}

function parseUrl(href: string): URL | undefined {
  try {
    return new URL(href);
  } catch {
    return undefined;
  }
}

/** Where a link may lead, and which pictures may be shown. */
import { decode } from "../parse/entities";

const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
const LONGEST = 8_192;
/** Raster pictures that the text itself holds. SVG is left out: it can hold addresses. */
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

export interface SafeUrl {
  /** As the browser understands it, whatever the text wrote. */
  readonly url: string;
  /** Who is really asked: the host, or the recipient of a mail. */
  readonly host: string;
}

/** The address of a link, when it is one that may be opened. */
export function safeUrlOf(href: string, literal: boolean): SafeUrl | undefined {
  if (href.length > LONGEST) return undefined;
  const url = parsed(encoded(literal ? href : decode(href)));
  if (url === undefined || !PROTOCOLS.has(url.protocol)) return undefined;
  return { url: url.href, host: url.protocol === "mailto:" ? url.pathname : url.host };
}

/** A picture's data, when the text itself holds it. */
export function pictureOf(href: string): string | undefined {
  return PICTURE.test(href) ? href : undefined;
}

/** The host that a picture would be fetched from, as far as it has one. */
export function hostOf(href: string): string {
  return parsed(encoded(decode(href.slice(0, LONGEST))))?.host ?? "";
}

/**
 * The characters that addresses do not have, in the form that they have instead: a browser would
 * read a backslash as a slash, and so find another host than a reader of the text.
 */
export function encoded(href: string): string {
  try {
    return encodeURI(href).replaceAll("%25", "%");
  } catch {
    return "";
  }
}

function parsed(href: string): URL | undefined {
  try {
    return new URL(href);
  } catch {
    return undefined;
  }
}

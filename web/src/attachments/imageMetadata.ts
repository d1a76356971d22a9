/** Removes metadata from a picture: time, location, device and names. */
import type { PictureType } from "./draftAttachment";

const SOS = 0xda;
const EOI = 0xd9;
const APP1 = 0xe1;
const APP2 = 0xe2;
const COMMENT = 0xfe;
const ORIENTATION = 0x0112;
/** Flags of WebP's first chunk: it holds EXIF, it holds XMP. */
const WEBP_NOTES = 0x08 | 0x04;

/** The same picture without metadata, or null if it must be redrawn to lose it. */
export function withoutMetadata(bytes: Uint8Array<ArrayBuffer>, type: PictureType): Blob | null {
  try {
    if (type === "image/jpeg") return blobOf(jpegParts(bytes), type);
    if (type === "image/png") return blobOf(pngParts(bytes), type);
    if (type === "image/webp") return blobOf(webpParts(bytes), type);
    return new Blob([bytes], { type });
  } catch {
    return null;
  }
}

type Part = Uint8Array<ArrayBuffer>;

const blobOf = (parts: Part[], type: string) => new Blob(parts, { type });

/** Data after the end of the picture is dropped: phones append a second picture with metadata there. */
function jpegParts(bytes: Part): Part[] {
  const parts = [bytes.subarray(0, 2)];
  let at = 2;
  while (bytes[at + 1] !== EOI) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw new RangeError("No marker");
    let end = at + 2 + dataViewOf(bytes).getUint16(at + 2);
    if (marker === SOS) end = endOfScan(bytes, end);
    const segment = bytes.subarray(at, end);
    if (marker === APP1 && textIn(segment, 4, 4) === "Exif") checkUpright(segment.subarray(10));
    if (!isJpegNote(marker, segment)) parts.push(segment);
    at = end;
  }
  return [...parts, bytes.subarray(at, at + 2)];
}

/** JFIF's header, color profiles and Adobe's color transform belong to the picture. */
function isJpegNote(marker: number, segment: Part): boolean {
  if (marker === APP2) return textIn(segment, 4, 11) !== "ICC_PROFILE";
  return marker === COMMENT || (marker >= APP1 && marker <= 0xef && marker !== 0xee);
}

/** Finds the marker after the pixel data, which may contain 0xff 0 (a pixel) or restart markers. */
function endOfScan(bytes: Part, begin: number): number {
  for (let at = bytes.indexOf(0xff, begin); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new RangeError("No end");
}

function pngParts(bytes: Part): Part[] {
  const parts = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length; ) {
    const size = at + 12 <= bytes.length ? dataViewOf(bytes).getUint32(at) + 12 : bytes.length - at;
    const chunk = bytes.subarray(at, at + size);
    const name = textIn(chunk, 4, 4);
    if (name === "eXIf") checkUpright(chunk.subarray(8));
    if (!["eXIf", "tEXt", "zTXt", "iTXt", "tIME"].includes(name)) parts.push(chunk);
    at = name === "IEND" ? bytes.length : at + size;
  }
  return parts;
}

function webpParts(bytes: Part): Part[] {
  const head = bytes.slice(0, 12);
  const parts = [head];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = dataViewOf(bytes).getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    const chunk = bytes.slice(at, end);
    const name = textIn(chunk, 0, 4);
    if (name === "EXIF") checkUpright(chunk.subarray(textIn(chunk, 8, 4) === "Exif" ? 14 : 8));
    if (name === "VP8X") chunk[8] = (chunk[8] ?? 0) & ~WEBP_NOTES;
    if (name !== "EXIF" && name !== "XMP ") parts.push(chunk);
    at = end;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  dataViewOf(head).setUint32(4, length - 8, true);
  return parts;
}

/** Throws if the metadata says to rotate the picture, or cannot be read. */
function checkUpright(tiff: Part): void {
  const view = dataViewOf(tiff);
  const isLittle = view.getUint16(0) === 0x4949;
  const first = view.getUint32(4, isLittle);
  const count = view.getUint16(first, isLittle);
  for (let entry = first + 2; entry < first + 2 + 12 * count; entry += 12) {
    const isRotated = view.getUint16(entry + 8, isLittle) > 1;
    if (view.getUint16(entry, isLittle) === ORIENTATION && isRotated)
      throw new RangeError("Turned");
  }
}

const dataViewOf = (bytes: Part) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const textIn = (bytes: Part, from: number, length: number) =>
  String.fromCharCode(...bytes.subarray(from, from + length));

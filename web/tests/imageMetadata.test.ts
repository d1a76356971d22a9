/** Camera metadata is removed from sent pictures; everything else of a picture is kept. */
import { describe, expect, it } from "vitest";
import type { PictureType } from "../src/attachments/draftAttachment";
import { withoutMetadata } from "../src/attachments/imageMetadata";

const coded = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

async function cleaned(text: string, type: PictureType): Promise<string | null> {
  const blob = withoutMetadata(coded(text), type);
  return blob === null ? null : String.fromCharCode(...new Uint8Array(await blob.arrayBuffer()));
}

/** TIFF with one entry: the orientation. */
const exif = (orientation: number) =>
  `Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0${String.fromCharCode(orientation)}\0\0GPS`;

describe("a JPEG", () => {
  const segment = (marker: string, text: string) =>
    `\xff${marker}\0${String.fromCharCode(text.length + 2)}${text}`;
  const head = segment("\xe0", "JFIF\0");
  const colors = segment("\xe2", "ICC_PROFILE\0");
  const pixels = `${segment("\xdb", "\xff\xd9")}${segment("\xda", "scan")}a\xff\0b\xff\xd0c`;
  const body = `${pixels}${segment("\xc4", "more")}${segment("\xda", "scan")}d\xff\xd9`;

  it("loses EXIF, XMP, IPTC, comments and what follows its end", async () => {
    const notes = [
      segment("\xe1", exif(1)),
      segment("\xe1", "http://ns.adobe.com/xap/1.0/\0"),
      segment("\xe2", "MPF\0"),
      segment("\xed", "Photoshop"),
      segment("\xfe", "at home"),
    ].join("");
    const picture = `\xff\xd8${head}${notes}${colors}${body}`;
    expect(await cleaned(`${picture}\xff\xd8${segment("\xe1", exif(1))}`, "image/jpeg")).toBe(
      `\xff\xd8${head}${colors}${body}`,
    );
  });

  it("is drawn anew when it is to be turned, or is no proper one", async () => {
    expect(await cleaned(`\xff\xd8${segment("\xe1", exif(6))}${body}`, "image/jpeg")).toBeNull();
    expect(await cleaned(`\xff\xd8${head}${pixels}`, "image/jpeg")).toBeNull();
    expect(await cleaned("\xff\xd8\xff\xe1\0\x0cExif\0\0MM", "image/jpeg")).toBeNull();
  });
});

it("a PNG loses its texts, times and EXIF", async () => {
  const chunk = (name: string, text: string) =>
    `\0\0\0${String.fromCharCode(text.length)}${name}${text}sum!`;
  const head = `\x89PNG\r\n\x1a\n${chunk("IHDR", "head")}`;
  const notes = chunk("tEXt", "at home") + chunk("eXIf", exif(1).slice(6)) + chunk("tIME", "now");
  const pixels = `${chunk("IDAT", "pixels")}${chunk("IEND", "")}`;
  expect(await cleaned(`${head}${notes}${pixels}and more`, "image/png")).toBe(head + pixels);
  const turned = chunk("eXIf", exif(3).slice(6));
  expect(await cleaned(`${head}${turned}${pixels}`, "image/png")).toBeNull();
});

it("a WebP picture loses EXIF and XMP, and says so in its head", async () => {
  const chunk = (name: string, text: string) =>
    `${name}${String.fromCharCode(text.length)}\0\0\0${text}${text.length % 2 === 1 ? "\0" : ""}`;
  const file = (...chunks: string[]) => {
    const body = `WEBP${chunks.join("")}`;
    return `RIFF${String.fromCharCode(body.length)}\0\0\0${body}`;
  };
  const pixels = chunk("VP8 ", "odd");
  const notes = [chunk("EXIF", exif(1)), chunk("XMP ", "at home")];
  expect(await cleaned(file(chunk("VP8X", "\x1c\0"), pixels, ...notes), "image/webp")).toBe(
    file(chunk("VP8X", "\x10\0"), pixels),
  );
});

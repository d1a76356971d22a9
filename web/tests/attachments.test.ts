/** Attachments: type detection, sending, and restoring after a reload. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type AttachmentList, createAttachmentList } from "../src/attachments/attachmentList";
import {
  attachmentOf,
  type DraftAttachment,
  draftAttachmentOf,
  lostFile,
  MAX_COUNT,
  MAX_FILE,
  MAX_PICTURE,
  MAX_TEXT,
  NO_MESSAGE,
} from "../src/attachments/draftAttachment";
import { fileNameOf } from "../src/attachments/inspectFile";
import { contentOf, shownContent } from "../src/attachments/messageContent";
import { createAttachmentStorage } from "../src/attachments/persistence";
import type { ResizeImage } from "../src/attachments/resizeImage";
import { isPdf, pictureType, textIn } from "../src/attachments/sniff";
import type { ModelSummary } from "../src/bridge/contract";
import { problemsOf } from "../src/features/attachments/problems";
import { createBlobCache, fromBase64, toBase64 } from "../src/lib/blobs";
import { pastedFiles } from "../src/lib/dataTransfer";
import { until } from "./support";

afterEach(() => sessionStorage.clear());

const PNG = "\x89PNG\r\n\x1a\n and so on";
const coded = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const file = (name: string, type: string, ...parts: BlobPart[]) => new File(parts, name, { type });
const png = (name = "tide.png", more = "") => file(name, "image/png", coded(PNG + more));
/** As the page's, without a canvas. */
const whole: ResizeImage = async (bytes, mediaType) => {
  if (mediaType === null) throw new Error("no picture");
  return { bytes, mediaType, scaledTo: null };
};
const trayOf = (scale: ResizeImage = whole): AttachmentList =>
  createAttachmentList(undefined, scale);

async function filled(...files: File[]): Promise<readonly DraftAttachment[]> {
  const tray = trayOf();
  tray.add(files);
  await tray.whenRead();
  return tray.get();
}

const states = (all: readonly DraftAttachment[]) =>
  all.map(({ state }) => (typeof state === "string" ? state : state.code));

describe("the type of a file", () => {
  it("is detected from its bytes, whatever its name", () => {
    expect(pictureType(coded(PNG))).toBe("image/png");
    expect(pictureType(coded("\xff\xd8\xff\xe0"))).toBe("image/jpeg");
    expect(pictureType(coded("GIF89a"))).toBe("image/gif");
    expect(pictureType(coded("RIFF\0\0\0\0WEBPVP8"))).toBe("image/webp");
    expect(pictureType(coded("RIFF\0\0\0\0WAVEfmt"))).toBeNull();
    expect(pictureType(coded("<svg xmlns='http://www.w3.org/2000/svg'/>"))).toBeNull();
    expect(isPdf(coded("%PDF-1.7"))).toBe(true);
    expect(isPdf(coded(`${" ".repeat(1_030)}%PDF-1.7`))).toBe(false);
  });

  it("is text in whatever letters, and not with control characters", () => {
    expect(textIn(new TextEncoder().encode("Flut: ½ m\r\n"))).toBe("Flut: ½ m\r\n");
    expect(textIn(coded("\xef\xbb\xbfwith a mark"))).toBe("with a mark");
    expect(textIn(coded("\xff\xfeh\0i\0"))).toBe("hi");
    expect(textIn(coded("\xfe\xff\0h\0i"))).toBe("hi");
    expect(textIn(coded("Ebbe f\xfcr alle"))).toBe("Ebbe für alle");
    expect(textIn(coded("a\0b"))).toBeNull();
    expect(textIn(coded("a\x01b"))).toBeNull();
  });

  it("decides how it is sent", async () => {
    const found = await filled(
      png("wrong.txt"),
      file("a.svg", "image/svg+xml", "<svg/>"),
      file("a.html", "text/html;charset=utf-8", "<b>"),
      file("a.pdf", "", "%PDF-1.4"),
    );
    expect(states(found)).toEqual(["ready", "ready", "ready", "ready"]);
    expect(found.map(({ kind, mediaType }) => [kind, mediaType])).toEqual([
      ["image", "image/png"],
      ["file", "text/plain"],
      ["file", "text/html"],
      ["file", "application/pdf"],
    ]);
  });

  it("has the hash that the host will give it", async () => {
    const [found] = await filled(file("a.txt", "text/plain", "abc"));
    expect(found?.hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("is called by its name alone", () => {
    expect(fileNameOf(file("D:\\secret\\tide.png", ""))).toBe("tide.png");
    expect(fileNameOf(file("/home/you/a\nb\x7f.txt", ""))).toBe("ab.txt");
    expect(fileNameOf(file("x".repeat(300), "")).length).toBe(255);
    expect(fileNameOf(file("photo\u202egpj.exe", ""))).toBe("photogpj.exe");
    expect(fileNameOf(file("/", ""))).toBe("file");
  });
});

describe("an attachment that cannot be sent", () => {
  it("says why, and leaves the others alone", async () => {
    const unreadable = png("gone.png");
    unreadable.arrayBuffer = () => Promise.reject(new Error("NotReadableError"));
    const huge = png("huge.png");
    Object.defineProperty(huge, "size", { value: MAX_FILE + 1 });
    const found = await filled(
      file("song.mp3", "audio/mpeg", coded("\0\x01")),
      file("empty.txt", "text/plain", ""),
      unreadable,
      huge,
      file("long.txt", "text/plain", "x".repeat(MAX_TEXT + 1)),
      png(),
    );
    expect(states(found)).toEqual(["type", "empty", "unreadable", "large", "text", "ready"]);
  });

  it("is a picture that stays too large", async () => {
    const large = new Blob([new Uint8Array(MAX_PICTURE + 1)]);
    const tray = trayOf(async () => ({ bytes: large, mediaType: "image/png", scaledTo: 1_568 }));
    tray.add([png()]);
    await tray.whenRead();
    expect(tray.get()[0]?.state).toEqual({ code: "large", limit: MAX_PICTURE });
  });

  it("exceeds the total limit, until another one is removed", async () => {
    const half = "x".repeat(MAX_TEXT * 0.6);
    const tray = trayOf();
    tray.add([file("a.txt", "text/plain", half), file("b.txt", "text/plain", half)]);
    await tray.whenRead();
    expect(states(tray.get())).toEqual(["ready", "text"]);
    tray.remove(tray.get()[0]?.key ?? "");
    expect(states(tray.get())).toEqual(["ready"]);
  });

  it("exceeds the number limit", async () => {
    const found = await filled(...Array.from({ length: MAX_COUNT + 1 }, (_, n) => png(`${n}.png`)));
    expect(states(found).filter((state) => state === "ready").length).toBe(MAX_COUNT);
    expect(found.at(-1)?.state).toEqual({ code: "many", limit: MAX_COUNT });
  });

  it("is not one that was removed while it was read", async () => {
    const tray = trayOf();
    tray.add([png()]);
    tray.remove(tray.get()[0]?.key ?? "");
    await tray.whenRead();
    expect(tray.get()).toEqual([]);
  });
});

describe("what a model takes", () => {
  const model = { name: "small", images: false, files: false, contextTokens: 1_000 };
  const small = model as ModelSummary;

  it("is said of everything that it does not", async () => {
    const all = await filled(
      png(),
      file("a.pdf", "", "%PDF-1.4"),
      file("a.txt", "text/plain", "short"),
    );
    expect([...problemsOf(all, small).values()].map(({ text }) => text)).toEqual([
      "small doesn't accept images. Remove it or choose another model.",
      "small doesn't accept PDF files. Remove it or choose another model.",
    ]);
    expect(problemsOf(all, { ...small, images: true, files: true }).size).toBe(0);
    expect(problemsOf(all, null).size).toBe(0);
  });

  it("is said of text that is far too long for it", async () => {
    const all = await filled(file("a.txt", "text/plain", "tide ".repeat(2_000)));
    expect([...problemsOf(all, small).values()]).toEqual([
      {
        text: "small can read only 1,000 tokens. Remove it or choose another model.",
        isModels: true,
      },
    ]);
    expect(problemsOf(all, { ...small, contextTokens: 2_000 }).size).toBe(0);
  });
});

describe("what is sent", () => {
  const bytes = () => createBlobCache(() => Promise.reject(new Error("not asked")));

  it("is what was attached, then the words", async () => {
    const attached = await filled(png(), file("a.txt", "text/plain", "abc"));
    const content = await contentOf({ ...NO_MESSAGE, text: "look", attached }, bytes());
    expect(content).toEqual([
      { type: "image", name: "tide.png", mediaType: "image/png", data: btoa(PNG) },
      { type: "file", name: "a.txt", mediaType: "text/plain", data: btoa("abc") },
      { type: "text", text: "look" },
    ]);
    expect(await contentOf({ ...NO_MESSAGE, text: "look" }, bytes())).toBe("look");
    const alone = await contentOf(
      { ...NO_MESSAGE, text: " ", attached: attached.slice(0, 1) },
      bytes(),
    );
    expect(alone).toHaveLength(1);
  });

  it("is fetched when it was said before", async () => {
    const [attachment] = await filled(png());
    if (attachment === undefined) throw new Error("nothing there");
    const sentAttachment = draftAttachmentOf(attachmentOf(attachment));
    expect(sentAttachment).toMatchObject({ name: "tide.png", hash: attachment.hash, bytes: null });
    const fetchBytes = vi.fn(() => Promise.resolve({ data: btoa(PNG) }));
    const [part] = await contentOf(
      { ...NO_MESSAGE, text: "", attached: [sentAttachment] },
      createBlobCache(fetchBytes),
    );
    expect(part).toMatchObject({ type: "image", data: btoa(PNG) });
    expect(fetchBytes).toHaveBeenCalledExactlyOnceWith(attachment.hash);
    expect(shownContent({ ...NO_MESSAGE, attached: [sentAttachment] })).toMatchObject([
      { hash: attachment.hash },
    ]);
  });
});

describe("bytes", () => {
  it("are fetched once for all who ask, and again when there was no room", async () => {
    const data = btoa("x".repeat(30_000_000));
    const fetchBytes = vi.fn((_: string) => Promise.resolve({ data }));
    const bytes = createBlobCache(fetchBytes);
    const [first, second] = await Promise.all([bytes.get("a", ""), bytes.get("a", "image/png")]);
    expect([first.size, second.type]).toEqual([30_000_000, "image/png"]);
    expect(fetchBytes).toHaveBeenCalledTimes(1);
    await bytes.get("b", "");
    await bytes.get("b", "");
    expect(fetchBytes).toHaveBeenCalledTimes(2);
    await bytes.get("a", "");
    expect(fetchBytes).toHaveBeenCalledTimes(3);
  });

  it("are asked for again when that failed", async () => {
    let isThere = false;
    const bytes = createBlobCache(() =>
      isThere ? Promise.resolve({ data: btoa("x") }) : Promise.reject(new Error("gone")),
    );
    await expect(bytes.get("a", "")).rejects.toThrow("gone");
    isThere = true;
    expect((await bytes.get("a", "")).size).toBe(1);
  });

  it("come back from base64 as they were", async () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const back = await fromBase64(await toBase64(new Blob([all]))).arrayBuffer();
    expect(new Uint8Array(back)).toEqual(all);
  });
});

describe("over a reload", () => {
  async function reloaded(
    typed: readonly DraftAttachment[],
    sent: readonly DraftAttachment[] = [],
  ) {
    createAttachmentStorage(sessionStorage).write("c-1", { typed, sent });
    await until(() => expect(sessionStorage.length).toBe(1));
    return createAttachmentStorage(sessionStorage).read("c-1");
  }

  it("what is attached is there again", async () => {
    const [first, second] = await filled(png("a.png"), png("b.png", "x"));
    if (first === undefined || second === undefined) throw new Error("nothing there");
    const back = await reloaded([first], [second]);
    expect(back.typed[0]).toMatchObject({ name: "a.png", hash: first.hash, state: "ready" });
    expect(await back.typed[0]?.bytes?.text()).toBe(await first.bytes?.text());
    expect(back.sent[0]).toMatchObject({ name: "b.png", hash: second.hash, state: "ready" });
  });

  it("what had no room is there by its name, and what was said before needs none", async () => {
    const [large] = await filled(png("large.png", "x".repeat(1_200_000)));
    if (large === undefined) throw new Error("nothing there");
    const sentAttachment = { ...large, name: "said.png", bytes: null };
    const { typed } = await reloaded([large, sentAttachment]);
    expect(typed.map(({ name, state }) => [name, state])).toEqual([
      ["large.png", { code: "lost" }],
      ["said.png", "ready"],
    ]);
  });

  it("nothing is left of what was sent, and of what is none", async () => {
    const keeping = createAttachmentStorage(sessionStorage);
    await reloaded(await filled(png()));
    keeping.write("c-1", { typed: [], sent: [] });
    expect(sessionStorage.length).toBe(0);
    sessionStorage.setItem("tidewire.attached.c-1", '{"typed":[{"kind":"image"},7],"sent":"x"}');
    expect(keeping.read("c-1")).toEqual({ typed: [], sent: [] });
    expect(createAttachmentStorage(null).read("c-1")).toEqual({ typed: [], sent: [] });
  });
});

it("a page that did not find an attachment leaves the host's copy until it is removed", () => {
  const remember = vi.fn();
  const keeping = createAttachmentStorage(null, {
    recall: async () => new Map(),
    remember,
    flush: vi.fn(),
  });
  keeping.write("c-1", { typed: [lostFile("tides.md")], sent: [] });
  expect(remember).not.toHaveBeenCalled();
  keeping.write("c-1", { typed: [], sent: [] });
  expect(remember.mock.calls).toEqual([["attached.c-1", null]]);
});

describe("what is pasted", () => {
  const transfer = (files: File[], texts: Record<string, string>) =>
    ({
      files,
      types: [...Object.keys(texts), ...(files.length > 0 ? ["Files"] : [])],
      getData: (type: string) => texts[type] ?? "",
    }) as unknown as DataTransfer;

  it("is a file, unless it is a picture of its own words", () => {
    const file = png();
    expect(pastedFiles(transfer([file], {}))).toEqual([file]);
    expect(pastedFiles(transfer([file], { "text/plain": "tide.png" }))).toEqual([file]);
    expect(pastedFiles(transfer([file], { "text/html": "<img>" }))).toEqual([file]);
    const table = { "text/html": "<table>", "text/plain": "a\tb" };
    expect(pastedFiles(transfer([file], table))).toEqual([]);
    expect(pastedFiles(transfer([], { "text/plain": "words" }))).toEqual([]);
  });
});

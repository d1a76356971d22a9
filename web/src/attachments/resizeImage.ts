/** Scales a picture down for sending; models scale larger ones down themselves. */

import { MAX_PICTURE, MAX_SIDE, type PictureType } from "./draftAttachment";

export interface ResizedImage {
  readonly bytes: Blob;
  readonly mediaType: PictureType;
  /** The longer side, if the picture was scaled. */
  readonly scaledTo: number | null;
}

/** Rejects if the page cannot draw these bytes as a picture. */
export type ResizeImage = (bytes: Blob, mediaType: PictureType | null) => Promise<ResizedImage>;

/** Longest side that providers accept in a message with many pictures. */
const MAX_WHOLE_SIDE = 2_000;
const QUALITY = 0.9;

/** `mediaType` is null for other formats, which are always redrawn. */
export const resizeImage: ResizeImage = async (bytes, mediaType) => {
  const picture = await createImageBitmap(bytes);
  try {
    const longer = Math.max(picture.width, picture.height);
    const isSmall = longer <= MAX_SIDE && bytes.size <= MAX_PICTURE;
    const whole =
      mediaType !== null && longer <= MAX_WHOLE_SIDE
        ? (await import("./imageMetadata")).withoutMetadata(
            new Uint8Array(await bytes.arrayBuffer()),
            mediaType,
          )
        : null;
    if (mediaType !== null && whole !== null && isSmall) {
      return { bytes: whole, mediaType, scaledTo: null };
    }
    const part = Math.min(1, MAX_SIDE / longer);
    const resized = await draw(picture, part, mediaType === "image/jpeg");
    // A drawing of few colors can take more bytes scaled than in full size.
    if (mediaType !== null && whole !== null && whole.size <= resized.bytes.size) {
      return { bytes: whole, mediaType, scaledTo: null };
    }
    return { ...resized, scaledTo: part < 1 ? MAX_SIDE : null };
  } finally {
    picture.close();
  }
};

/** Draws as PNG unless it is a photograph: JPEG would spoil sharp edges and transparency. */
async function draw(picture: ImageBitmap, part: number, isPhotograph: boolean) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * part));
  canvas.height = Math.max(1, Math.round(picture.height * part));
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The page cannot draw");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (!isPhotograph) {
    const bytes = await encode(canvas, "image/png");
    if (bytes.size <= MAX_PICTURE / 2) return { bytes, mediaType: "image/png" as const };
    // Too large without loss: drawn on white as JPEG, which has no transparency.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  const bytes = await encode(canvas, "image/jpeg");
  return { bytes, mediaType: "image/jpeg" as const };
}

function encode(canvas: HTMLCanvasElement, mediaType: PictureType): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const onBlob = (bytes: Blob | null) =>
      bytes === null ? reject(new Error("The page cannot draw")) : resolve(bytes);
    canvas.toBlob(onBlob, mediaType, QUALITY);
  });
}

/** German texts for attachments. */
import { amountsIn } from "../amounts";
import type { Strings } from "../types";

const { count, size } = amountsIn("de");

export const attachmentsInGerman: Strings["attachments"] = {
  attach: "Bilder oder Dateien anhängen",
  list: "Anhänge",
  picture: "Bild",
  pictureOf: (place, all) => (all === 1 ? "Bild" : `Bild ${place} von ${all}`),
  file: "Datei",
  remove: (name) => `${name} entfernen`,
  removeRefused: (number) => `Die ${number} Dateien entfernen, die sich nicht senden lassen`,
  reading: "Wird gelesen …",
  waiting: "Wird gesendet, sobald die Dateien bereit sind.",
  scaled: (pixels) => `verkleinert auf ${count(pixels)} px`,
  asText: (tokens) => `als Text, etwa ${count(tokens)} Token`,
  queued: (number) => (number === 1 ? "1 Anhang" : `${number} Anhänge`),

  dropTitle: "Bilder und Dateien hier ablegen",
  dropText: "Sie werden deiner Nachricht hinzugefügt.",

  problems: {
    type: "Dieser Dateityp lässt sich nicht senden. Nimm Bilder, PDFs oder Textdateien.",
    empty: "Diese Datei ist leer.",
    unreadable: "Das lässt sich nicht lesen. Ordner können nicht angehängt werden.",
    lost: "Wurde nicht mit dem Entwurf gespeichert. Hänge es noch einmal an oder entferne es.",
    large: (limit) => `Zu groß. Die Grenze liegt bei ${size(limit)}.`,
    text: (limit) => `Zu viel Text. Eine Nachricht fasst ${size(limit)} an Textdateien.`,
    total: (limit) => `Zusammen zu viel. Eine Nachricht fasst ${size(limit)}.`,
    many: (limit) => `Eine Nachricht fasst höchstens ${limit} Bilder und Dateien.`,
  },
  noPictures: (model) =>
    `${model} nimmt keine Bilder an. Entferne das Bild oder wähle ein anderes Modell.`,
  noFiles: (model) =>
    `${model} nimmt keine PDF-Dateien an. Entferne die Datei oder wähle ein anderes Modell.`,
  tooLong: (model, tokens) =>
    `${model} kann nur ${count(tokens)} Token lesen. Entferne die Datei oder wähle ein anderes Modell.`,
  notSent: "Nicht gesendet. Entferne den Anhang, der sich nicht senden lässt.",
  notSentModel:
    "Nicht gesendet. Entferne den Anhang, den dieses Modell nicht lesen kann, oder wähle ein anderes Modell.",

  open: (name) => `${name} öffnen`,
  gone: "Nicht mehr verfügbar",
  previous: "Voriges Bild",
  next: "Nächstes Bild",
  loading: "Wird geladen …",
  noPreview: "Für diese Datei gibt es keine Vorschau.",
};

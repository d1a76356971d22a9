/** German texts for requests, responses and recordings. */
import type { wireInEnglish } from "../en/wire";
import type { Translated } from "../types";

const MS = (ms: string) => `${ms} ms`;

export const wireInGerman: Translated<typeof wireInEnglish> = {
  show: "Übertragung anzeigen",
  save: "Aufzeichnung speichern",
  title: "Übertragung",
  loading: "Wird geladen …",

  blank: "Schreib eine Nachricht, um ihre Anfrage zu sehen.",
  notHttp: "Dieses Modell wird nicht über HTTP gefragt. Darum gibt es keine Anfrage.",
  nothing: "Die Anfragen dieser Antwort sind nicht aufbewahrt.",
  onlyLatest: "Nur die der letzten 50 Antworten werden aufbewahrt, zusammen bis 20 MB.",
  isOff: "Das Aufbewahren von Anfragen ist ausgeschaltet.",

  request: "Anfrage",
  response: "Antwort",
  headers: (count) => `Kopfzeilen (${count})`,
  noHeaders: "Keine Kopfzeilen",
  body: "Inhalt",
  raw: "Rohtext",
  bodySize: (bytes) => `${bytes} Byte`,
  tooLong: (bytes) => `Der Inhalt mit ${bytes} Byte war zu lang zum Aufbewahren.`,
  cut: (shown, all) => `Die ersten ${shown} von ${all} Zeichen sind zu sehen. Kopiert werden alle.`,
  copyAs: { curl: "Als curl kopieren", python: "Als Python kopieren" },
  copied: "Kopiert. Lege deinen Schlüssel in die Umgebungsvariable, die darin steht.",
  notCopied: "Das ließ sich nicht kopieren. Erlaube den Zugriff auf die Zwischenablage.",

  runsStored: (stored, all) =>
    `Diese Antwort wurde fortgesetzt. Von ${stored} ihrer ${all} Läufe sind die Anfragen gespeichert.`,
  attempts: "Versuche",
  attempt: (number) => `Versuch ${number}`,
  sentAfter: (ms) => `gesendet nach ${MS(ms)}`,
  status: (status) => `Status ${status}`,
  noResponse: "Keine Antwort",
  firstAfter: (ms) => `erste Bytes nach ${MS(ms)}`,
  wholeAfter: (ms) => `vollständig nach ${MS(ms)}`,
  notComplete: "nicht bis zum Ende gelesen",
  received: (bytes) => `${bytes} Byte`,
  stream: (count) => `Datenstrom (${count})`,
  after: MS,
  partlyStored: (shown, all) => `${shown} von ${all} Byte sind aufbewahrt.`,

  recording: "Aufzeichnung",
  openText: "Spiel eine aufgezeichnete Antwort ab. Nichts davon läuft, nichts wird gesendet.",
  choose: "Datei wählen …",
  chooseOther: "Andere Datei wählen …",
  tooLarge: "Diese Datei ist zu groß, um sie hier zu öffnen. Nimm „tidewire replay DATEI“.",
  recordedAt: (model, time) => `${model} · ${time}`,
  inert: "Das ist eine Aufzeichnung. Ihre Werkzeuge laufen nicht, ihre Links öffnen nichts.",
  play: "Abspielen",
  pause: "Anhalten",
  again: "Noch einmal abspielen",
  speed: "Tempo",
  times: (speed) => `${speed}×`,
  back: "Voriges Ereignis",
  next: "Nächstes Ereignis",
  position: "Stelle",
  at: (event, events, ms) => `Ereignis ${event} von ${events} · ${MS(ms)}`,
  filesLeftOut: "Ihre Bilder und Dateien gehören nicht zur Aufzeichnung.",
};

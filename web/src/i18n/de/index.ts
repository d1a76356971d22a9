/** Every text that the page shows. */
import type { EndReason } from "../../bridge/contract";
import { amountsIn } from "../amounts";
import type { Strings } from "../types";
import { attachmentsInGerman } from "./attachments";
import { hostInGerman } from "./hostMessages";
import { preferencesInGerman } from "./settings";
import { toolsInGerman } from "./tools";

const MINUTE_MS = 60_000;
const { count, decimal, dollars } = amountsIn("de");
const EMPTY: Readonly<Record<EndReason, string>> = {
  stop: "Leere Antwort.",
  length: "Leere Antwort: an der Längengrenze abgeschnitten.",
  content_filter: "Leere Antwort: vom Inhaltsfilter des Anbieters abgeschnitten.",
  tool_calls: "Leere Antwort: mit einem Werkzeugaufruf beendet.",
  other: "Leere Antwort: vorzeitig beendet.",
  waiting: "Die Antwort wartet auf deine Entscheidung.",
  budget: "Das Budget war vor dem ersten Wort erreicht.",
  steps: "Die Grenze der Schritte war vor dem ersten Wort erreicht.",
};

export const german: Strings = {
  host: hostInGerman,

  appName: "Tidewire",
  conversation: "Unterhaltung",
  newChat: "Neuer Chat",
  you: "Du",
  assistant: "Antwort",

  message: "Nachricht",
  placeholder: "Nachricht schreiben …",
  send: "Senden",
  stop: "Anhalten",
  retry: "Noch einmal",
  tryAgain: "Erneut versuchen",
  refusedPage:
    "Tidewire nimmt diese Seite nicht an. Lade sie neu oder öffne einen neuen Link: „tidewire link“ gibt einen aus.",
  partFailed: {
    page: "Ein Teil dieser Seite ist ausgefallen. Deine Gespräche sind gespeichert.",
    overlay: "Das konnte nicht geladen werden. Prüfe, ob Tidewire läuft.",
    message: "Diese Nachricht kann nicht angezeigt werden.",
  },
  dismiss: "Schließen",
  jumpToEnd: "Zum Ende",
  keys: "Enter sendet, Umschalt + Enter beginnt eine Zeile, Esc hält an",
  keysBusy: "Strg + Enter fragt das als Nächstes, Esc hält an",
  queued: (text) => `Als Nächstes: ${text}`,
  unqueue: "Zurücknehmen",

  answerActions: "Aktionen für diese Antwort",
  questionActions: "Aktionen für diese Frage",
  edit: "Bearbeiten",
  editQuestion: "Frage bearbeiten",
  editKeeps: "Die alte Frage und ihre Antwort bleiben als andere Fassung.",
  editWaits: "Kann gefragt werden, sobald die Antwort vollständig ist.",
  askAgain: "Fragen",
  cancel: "Abbrechen",
  copy: "Kopieren",
  copied: "Kopiert",
  markdown: {
    copy: "Kopieren",
    copied: "Kopiert",
    copyCode: "Code kopieren",
    selected: "Markiert: Strg+C drücken",
    wrap: "Umbrechen",
    fold: "Einklappen",
    unfold: "Ausklappen",
    footnotes: "Fußnoten",
    formula: "Formel",
    table: "Tabelle",
    backTo: (place: string) => `Zurück zum Verweis ${place}`,
    task: (isDone: boolean) => (isDone ? "Erledigt" : "Offen"),
    picture: (host: string) =>
      host === "" ? "Bild wird nicht angezeigt" : `Bild auf ${host}, nicht geladen`,
  },
  saveCode: "Speichern",
  notCopied: "Die Zwischenablage nimmt es nicht",
  regenerate: "Neu antworten",
  continueAnswer: "Weiter",
  previousVersion: "Vorige Fassung",
  nextVersion: "Nächste Fassung",
  version: (place, count) => `Fassung ${place} von ${count}`,
  attachments: attachmentsInGerman,
  tools: toolsInGerman,
  loadingEarlier: "Was vorher gesagt wurde, wird geholt …",
  gone: "Diese Unterhaltung gibt es nicht mehr.",
  temporary: "Flüchtiger Chat",
  temporaryText: "Flüchtig: Von diesem Chat bleibt nichts auf diesem Rechner.",

  chooseModel: (label) => `${label}: anderes Modell wählen`,
  localModel: "Lokales Modell",
  models: "Modelle",
  findModel: "Modell suchen",
  local: "auf diesem Rechner",
  context: (tokens) =>
    tokens >= 1_000_000
      ? `${decimal(tokens / 1_000_000)} Mio. Kontext`
      : `${Math.round(tokens / 1_000)}k Kontext`,
  price: (input, output) =>
    input === 0 && output === 0 ? "kostenlos" : `${dollars(input)} $ / ${dollars(output)} $`,
  priceInWords: (input, output) =>
    input === 0 && output === 0
      ? "kostenlos"
      : `Eingabe ${dollars(input)} $, Ausgabe ${dollars(output)} $ je Million Token`,
  abilities: {
    images: "sieht Bilder",
    files: "liest Dateien",
    tools: "benutzt Werkzeuge",
    reasoning: "denkt erst nach",
  },
  favourites: "Favoriten",
  recentModels: "Zuletzt benutzt",
  addFavourite: (model) => `${model} als Favorit merken`,
  dropFavourite: (model) => `${model}: kein Favorit mehr`,
  askProviders: "Die Anbieter noch einmal fragen",
  noModelFound: (query) => `Kein Modell heißt „${query}“.`,
  notReady: "Noch nicht bereit",
  setKey: "Schlüssel eintragen",

  preferences: preferencesInGerman,
  settings: "Einstellungen",
  openSettings: "Einstellungen öffnen",
  fetchModel: "Modell holen (93 MB)",
  fetchingModel: (done, total) =>
    total > 0
      ? `Das Modell kommt: ${Math.floor((100 * done) / total)} %`
      : "Das Modell wird gesucht …",
  fetchFailed: "Das Modell konnte nicht geholt werden.",
  close: "Schließen",
  theme: "Aussehen",
  language: "Sprache",
  systemLanguage: "Wie das System",
  themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  withModel: "Mit dem Modell",
  standard: "Standard",
  providers: "Anbieter",
  test: "Prüfen",
  testing: "Wird geprüft …",
  remove: "Entfernen",
  keyFor: (name) => `Schlüssel für ${name}`,
  keyMissing: "Schlüssel einfügen",
  keyThere: (hint, where) =>
    `${hint === null ? "Ein Schlüssel ist da" : `Schlüssel endet auf ${hint}`}${where}`,
  keySources: {
    keychain: ", im Schlüsselbund des Systems",
    session: ", bis Tidewire geschlossen wird",
    environment: ", aus der Umgebung",
  },
  save: "Speichern",
  removeKey: "Schlüssel entfernen",
  removeKeyReally: "Ja, entfernen",
  providerName: "Name",
  address: "Adresse (Basis-URL)",
  keyIfAny: "Schlüssel, falls nötig",
  add: "Hinzufügen",
  backupText: "Alles außer Schlüsseln, als eine Datei im Datenverzeichnis",
  backupNow: "Jetzt sichern",
  backupMade: (name) => `${name} wurde angelegt.`,
  restore: "Wiederherstellen",
  restoreReally: "Alles hierdurch ersetzen",
  restored: "Alles ist wieder wie damals. Was vorher da war, wurde auch gesichert.",
  consent: {
    legend: "Bleibt weg, wenn du es nicht auswählst. Übernimm nur, was du kennst.",
    provider: (name) => `Der Anbieter ${name}`,
    defaultProvider: (whom) => `Neue Chats fragen ${whom}`,
    titleProvider: (whom) => `Titel kommen von ${whom}`,
    keyEnv: (name) => `Schlüssel aus der Variablen ${name}`,
    headers: (names) => `Kopfzeilen ${names}`,
    replaces: "ersetzt deinen",
  },
  size: (bytes) =>
    bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${decimal(bytes / 1_000_000)} MB`,
  about: (version) => `Tidewire ${version}`,

  openSidebar: "Seitenleiste zeigen",
  closeSidebar: "Seitenleiste verbergen",
  conversations: "Unterhaltungen",
  untitled: "Ohne Titel",
  noConversations: "Worüber du sprichst, wird hier aufbewahrt.",
  groups: {
    pinned: "Angeheftet",
    today: "Heute",
    yesterday: "Gestern",
    week: "Letzte 7 Tage",
    month: "Letzte 30 Tage",
  },
  answeringNow: "wird gerade beantwortet",
  search: "Suchen",
  searchHint: "Alles durchsuchen",
  searching: "Es wird gesucht …",
  nothingFound: (query) => `Zu „${query}“ wurde nichts gefunden.`,
  found: (count) => `${count} Treffer`,
  clearSearch: "Suche leeren",
  showMore: "Mehr zeigen",
  menu: "Menü",
  actionsFor: (title) => `Aktionen für ${title}`,
  rename: "Umbenennen",
  renameLabel: "Neuer Name",
  pin: "Anheften",
  unpin: "Lösen",
  delete: "Löschen",
  exportAs: {
    md: "Als Markdown exportieren",
    html: "Als Webseite exportieren",
    json: "Als JSON exportieren",
  },
  exported: (path) => `Geschrieben nach ${path}`,
  deleted: (title) => `„${title}“ wurde gelöscht.`,
  undo: "Rückgängig",
  notices: "Hinweise",
  import: "Importieren",
  importing: (name, percent) => `${name} wird importiert: ${percent} %`,
  imported: (conversations, messages, skipped) => {
    const chats = conversations === 1 ? "1 Unterhaltung" : `${count(conversations)} Unterhaltungen`;
    const said = messages === 1 ? "1 Nachricht" : `${count(messages)} Nachrichten`;
    const rest = skipped > 0 ? `, ${count(skipped)} ausgelassen` : "";
    return `Import fertig: ${conversations > 0 ? `${chats} mit ` : ""}${said}${rest}.`;
  },
  allHere: (skipped) =>
    skipped === 1 ? "Diese Unterhaltung ist schon da." : `Alle ${count(skipped)} sind schon da.`,
  notAnExport: "Das ist kein Export von Tidewire oder ChatGPT.",
  importCancelled: "Der Import wurde abgebrochen; was schon da war, bleibt.",
  refusedAction: (message) => `Das ging nicht: ${message}`,
  notSaved: (problem) => `Im Augenblick kann nichts gespeichert werden: ${problem}`,

  foundFirst: (count: number) => `Die ersten ${count} Treffer. Mehr Wörter ergeben weniger.`,
  foundSoFar: (count) =>
    `Bisher ${count === 0 ? "nichts" : `${count} Treffer`}. Noch ist nicht alles durchsucht.`,
  searchMore: "Weitersuchen",
  searchAdvice:
    "Alle Wörter müssen in einer Nachricht oder einem Titel stehen. Nimm weniger Wörter oder den Anfang von einem; in Anführungszeichen wird eine Wortfolge gesucht.",
  inTitle: "Titel",
  folders: {
    move: "In einen Ordner …",
    title: (title: string) => `„${title}“ in einen Ordner legen`,
    find: "Ordner suchen oder neuen anlegen",
    create: (name: string) => `Neuer Ordner „${name}“`,
    out: "Aus dem Ordner nehmen",
    isHere: "liegt hier",
    none: "Noch gibt es keinen Ordner. Tippe den Namen des ersten.",
    moved: (title: string, folder: string | null) =>
      folder === null
        ? `„${title}“ liegt jetzt in keinem Ordner.`
        : `„${title}“ liegt jetzt in „${folder}“.`,
    rename: "Ordner umbenennen",
    renameLabel: "Neuer Name des Ordners",
    merged: (name: string, other: string) => `Was in „${name}“ lag, liegt jetzt in „${other}“.`,
    remove: "Ordner auflösen",
    removed: (name: string, count: number) =>
      `Den Ordner „${name}“ gibt es nicht mehr. ${
        count === 1 ? "Was darin lag, ist" : `Seine ${count} Unterhaltungen sind`
      } noch da.`,
    actionsFor: (name: string) => `Aktionen für den Ordner ${name}`,
    count: (count: number) => (count === 1 ? "1 Unterhaltung" : `${count} Unterhaltungen`),
  },
  sidebarWidth: "Breite der Seitenleiste",
  details: (count: number) => (count === 1 ? "1 Hinweis" : `${count} Hinweise`),
  dropImport: "Loslassen, um die Unterhaltungen zu importieren",
  copyWhole: "Als Markdown kopieren",
  copiedWhole: "Die ganze Unterhaltung ist in der Zwischenablage.",

  conversationActions: "Aktionen für diese Unterhaltung",
  spending: {
    label: (sentence: string) => `Kontext und Kosten: ${sentence}`,
    title: "Diese Unterhaltung bisher",
    context: "Was das Modell auf einmal liest",
    tokens: (count: string) => `${count} Token`,
    tokensOf: (count: string, limit: string) => `${count} von ${limit} Token`,
    about: (count: string) => `etwa ${count}`,
    short: (count: string) => `${count} Token`,
    narrow:
      "Es ist nicht mehr viel Platz. Ein neuer Chat hilft, oder ein Modell, das mehr lesen kann.",
    answers: "Antworten",
    read: "Token gelesen",
    written: "Token geschrieben",
    cost: "Kosten",
    estimate: "Nach Listenpreis, alle Fassungen mitgezählt.",
    free: "Für diese Antworten nennt niemand einen Preis.",
    unpriced: (count: number) =>
      count === 1 ? "Eine Antwort hat keinen Preis." : `${count} Antworten haben keinen Preis.`,
  },

  emptyTitle: "Was beschäftigt dich?",
  emptyText:
    "Frag, was du willst. Die Antwort erscheint, während sie geschrieben wird, und du kannst sie jederzeit anhalten.",
  emptyLocal: (model) =>
    `Du sprichst mit ${model}, einem sehr kleinen Modell, das auf diesem Rechner läuft. Nichts von dem, was du schreibst, verlässt ihn. Es ist schnell, und es irrt sich oft: gut zum Ausprobieren, nicht als Ratgeber.`,
  firstRun: {
    label: "Andere Modelle",
    more: "Für Fakten, Rechnungen und lange Texte braucht es ein größeres Modell.",
    use: (name: string) => `${name} verwenden`,
    runs: (models: number) =>
      models === 0
        ? "läuft hier"
        : models === 1
          ? "läuft hier, 1 Modell"
          : `läuft hier, ${models} Modelle`,
    chosen: (model: string, name: string) =>
      `${model} von ${name} beantwortet ab jetzt neue Chats. Ändern lässt sich das in den Einstellungen.`,
    keyHere: "Schlüssel vorhanden",
    connect: "Anbieter verbinden",
  },
  suggestionsLabel: "Vorschläge",
  suggestions: [
    {
      title: "Etwas erklären",
      prompt: "Erkläre mit einfachen Worten, warum es Ebbe und Flut gibt.",
    },
    {
      title: "Etwas schreiben",
      prompt: "Schreib einer Kollegin einen kurzen, freundlichen Geburtstagsgruß.",
    },
    { title: "Ideen sammeln", prompt: "Nenne mir fünf Namen für ein kleines Segelboot." },
  ],
  onThisComputer: (model) => `${model} · auf diesem Rechner`,
  withProvider: (model, provider) => `${model} · ${provider}`,

  waiting: "Warten auf das erste Wort …",
  stopping: "Wird angehalten …",
  thinking: "Denkt nach",
  thoughts: "Gedanken",
  thoughtFor: (ms) => `${duration(ms)} nachgedacht`,
  retrying: (attempt, delayMs, why) =>
    `${why} Neuer Versuch in ${duration(delayMs)} (der ${attempt}.).`,
  tryingAgain: (attempt, why) => `${why} Neuer Versuch (der ${attempt}.) …`,

  stopped: "Angehalten",
  interrupted: "Unterbrochen",
  emptyReply: (reason) => (reason === null ? "Vor dem ersten Wort angehalten." : EMPTY[reason]),
  finish: {
    length: "An der Längengrenze abgeschnitten",
    content_filter: "Vom Inhaltsfilter des Anbieters abgeschnitten",
    tool_calls: "Mit einem Werkzeugaufruf beendet",
    other: "Vorzeitig beendet",
    waiting: "Wartet auf deine Entscheidung",
    budget: "Am Budget angehalten",
    steps: "An der Grenze der Schritte angehalten",
  },
  speed: (tokensPerSecond) =>
    `${tokensPerSecond < 10 ? decimal(tokensPerSecond) : Math.round(tokensPerSecond)} Token/s`,
  duration,
  tokens: (count, estimated) => `${estimated ? "etwa " : ""}${count} Token`,

  said: {
    answering: "Die Antwort kommt.",
    finished: "Die Antwort ist vollständig.",
    stopping: "Wird angehalten.",
    stopped: "Angehalten.",
    failed: (message) => `Fehler: ${message}`,
  },

  reconnecting: "Die Verbindung zu Tidewire ist abgerissen. Sie wird wieder aufgebaut …",
  lost: "Tidewire antwortet nicht. Läuft es noch? Diese Seite versucht es weiter.",
  shared: "Du siehst eine Antwort, die mit diesem Fenster geteilt wurde.",
  sharedGone:
    "Diese Antwort ist nicht mit diesem Fenster geteilt, oder sie wird nicht mehr aufbewahrt.",
  ownChat: "Einen eigenen Chat beginnen",

  error: (message) => `Fehler: ${message}`,
  otherModel: "Anderes Modell wählen",
  askLocal: "Das Modell auf diesem Rechner fragen",
  askInNewChat: "In einem neuen Chat fragen",
  retryIn: (ms) =>
    `Der Anbieter bittet, ${duration(ms)} zu warten. Vorher lehnt er vielleicht wieder ab.`,
  retryNow: "Die Wartezeit ist um: Versuch es jetzt.",
  hints: {
    API_KEY_ERROR: "Trage einen anderen Schlüssel ein oder wähle ein anderes Modell.",
    PERMISSION_DENIED: "Wähle ein anderes Modell oder trage einen anderen Schlüssel ein.",
    INSUFFICIENT_QUOTA: "Lade es dort auf oder wähle einen anderen Anbieter.",
    RATE_LIMIT: "Warte ein wenig oder wähle ein anderes Modell.",
    OVERLOADED: "Das gibt sich meist in einer Minute.",
    NETWORK_ERROR: "Prüfe die Verbindung zum Internet oder zum Server des Modells.",
    TIMEOUT: "Wie lange sie dauern darf, steht in den Einstellungen.",
    STREAM_TIMEOUT: "Wie lange es schweigen darf, steht in den Einstellungen.",
    STREAM_INTERRUPTED: "Was schon da ist, bleibt.",
    STREAM_INCOMPLETE: "Vielleicht fehlt das Ende.",
    SERVER_ERROR: "Versuch es noch einmal.",
    CONTEXT_LENGTH: "Frag in einem neuen Chat oder ein Modell, das mehr liest.",
    MODEL_NOT_FOUND: "Wähle ein anderes oder prüfe die Adresse des Anbieters.",
    CONTENT_FILTER: "Frag es anders oder ein anderes Modell.",
    SESSION_BUSY: "Warte, bis sie fertig ist, oder halte sie an.",
    LIMIT: "Halte erst eine andere Antwort an.",
    LOCAL_MODEL_MISSING:
      "Das eingebaute Modell wird einmal geholt und antwortet von da an ohne Netz.",
    LOCAL_MODEL_CRASHED: "Es startet von selbst neu.",
    HOST_LOST:
      "Deine Nachricht steht wieder im Feld. Versuch es, wenn die Verbindung wieder steht.",
    ABORTED: "Starte es wieder und versuch es noch einmal.",
    VALIDATION: "Deine Nachricht steht wieder im Feld. Ändere sie und versuch es noch einmal.",
  },
  retryReasons: {
    RATE_LIMIT: "Das waren zu viele Anfragen in kurzer Zeit.",
    OVERLOADED: "Der Anbieter ist überlastet.",
    NETWORK_ERROR: "Es kommt keine Verbindung zustande.",
    SERVER_ERROR: "Beim Anbieter ist etwas schiefgegangen.",
  },
};

function duration(ms: number): string {
  if (ms < 10_000) return `${decimal(Math.max(ms, 100) / 1_000, true)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** All German texts of the page. */
import type { EndReason } from "../../bridge/contract";
import { amountsIn } from "../amounts";
import type { Strings } from "../types";
import { attachmentsInGerman } from "./attachments";
import { hostInGerman } from "./hostMessages";
import { mcpInGerman } from "./mcp";
import { toolsInGerman } from "./tools";

const MINUTE_MS = 60_000;
const { count, decimal, dollars, size } = amountsIn("de");
const EMPTY: Readonly<Record<EndReason, string>> = {
  stop: "Das Modell hat eine leere Antwort geschickt.",
  length: "Die Antwort hat die Längengrenze erreicht, bevor Text kam.",
  content_filter: "Der Inhaltsfilter des Anbieters hat die Antwort blockiert.",
  tool_calls: "Das Modell hat ein Werkzeug aufgerufen, aber keinen Text geschrieben.",
  other: "Die Antwort endete, bevor Text kam.",
  waiting: "Die Antwort wartet auf deine Entscheidung.",
  budget: "Das Budget war erreicht, bevor Text kam.",
  steps: "Die Schrittgrenze war erreicht, bevor Text kam.",
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
    "Tidewire hat diese Seite nicht angenommen. Lade sie neu oder öffne einen neuen Link.",
  partFailed: {
    page: "Ein Teil dieser Seite ist abgestürzt. Deine Unterhaltungen sind sicher.",
    overlay: "Das konnte nicht geladen werden. Prüfe, ob Tidewire läuft.",
    message: "Diese Nachricht kann nicht angezeigt werden.",
  },
  dismiss: "Schließen",
  jumpToEnd: "Zum Ende",
  keys: "Enter zum Senden, Umschalt+Enter für eine neue Zeile",
  keysBusy: "Enter zum Einreihen, Esc zum Anhalten",
  queued: (text) => `Als Nächstes: ${text}`,

  answerActions: "Aktionen für diese Antwort",
  questionActions: "Aktionen für diese Frage",
  moreActions: "Weitere Aktionen",
  moreAboutAnswer: "Mehr zu dieser Antwort",
  edit: "Bearbeiten",
  editForm: "Formular bearbeiten",
  editQuestion: "Frage bearbeiten",
  editKeeps: "Die ursprüngliche Frage und ihre Antwort bleiben als weitere Version erhalten.",
  editWaits: "Du kannst das fragen, sobald die Antwort vollständig ist.",
  askAgain: "Fragen",
  cancel: "Abbrechen",
  copy: "Kopieren",
  copied: "Kopiert",
  markdown: {
    copy: "Kopieren",
    copied: "Kopiert",
    copyCode: "Code kopieren",
    selected: (keys) => `Markiert: ${keys} drücken`,
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
  codeActions: "Aktionen für diesen Code",
  notCopied: "Kopieren fehlgeschlagen",
  regenerate: "Neu generieren",
  continueAnswer: "Weiter",
  previousVersion: "Vorige Version",
  nextVersion: "Nächste Version",
  version: (place, count) => `Version ${place} von ${count}`,
  attachments: attachmentsInGerman,
  tools: toolsInGerman,
  mcp: mcpInGerman,
  loadingEarlier: "Frühere Nachrichten werden geladen …",
  gone: "Diese Unterhaltung gibt es nicht mehr.",
  temporary: "Temporärer Chat",
  temporaryText: "Temporärer Chat: Auf diesem Rechner wird nichts gespeichert.",

  chooseModel: (label) => `${label}: anderes Modell wählen`,
  localModel: "Lokales Modell",
  findModel: "Modell suchen",
  local: "auf diesem Rechner",
  context: (tokens) =>
    tokens >= 1_000_000
      ? `${decimal(tokens / 1_000_000, true)} Mio. Kontext`
      : `${Math.round(tokens / 1_000)}k Kontext`,
  price: (input, output) =>
    input === 0 && output === 0 ? "kostenlos" : `${dollars(input)} $ / ${dollars(output)} $`,
  abilities: {
    images: "sieht Bilder",
    files: "liest Dateien",
    tools: "nutzt Werkzeuge",
    reasoning: "denkt zuerst nach",
  },
  favourites: "Favoriten",
  recentModels: "Zuletzt verwendet",
  addFavourite: (model) => `${model} zu den Favoriten hinzufügen`,
  dropFavourite: (model) => `${model} aus den Favoriten entfernen`,
  askProviders: "Modelle aktualisieren",
  noModelFound: (query) => `Keine Modelle zu „${query}“ gefunden.`,
  notReady: "Noch einzurichten",
  setKey: "API-Schlüssel eintragen",

  sections: {
    providers: "Anbieter",
    models: "Modelle",
    answers: "Grenzen",
    tools: "Werkzeuge",
    servers: "Server",
    templates: "Vorlagen",
    costs: "Kosten",
    appearance: "Aussehen",
    shortcuts: "Tastenkürzel",
    data: "Daten",
    about: "Über Tidewire",
  },
  actions: {
    newChat: "Neuer Chat",
    newWindow: "Neues Fenster",
    search: "Unterhaltungen durchsuchen",
    sidebar: "Seitenleiste ein- oder ausblenden",
    models: "Modell wählen",
    settings: "Einstellungen",
    shortcuts: "Tastenkürzel",
    undo: "Letztes Löschen rückgängig machen",
    decision: "Zum Aufruf gehen, der auf dich wartet",
    request: "Anfrage anzeigen",
    find: "In dieser Unterhaltung suchen",
    closeWindow: "Fenster schließen",
    fullScreen: "Vollbild",
    quit: "Tidewire beenden",
  },
  openRecording: "Aufzeichnung öffnen …",
  keyNames: {
    ctrl: "Strg",
    shift: "Umschalt",
    alt: "Alt",
    others: { Space: "Leertaste", Delete: "Entf" },
  },
  settings: "Einstellungen",
  openSettings: "Einstellungen öffnen",
  fetchModel: "Modell herunterladen (93 MB)",
  fetchingModel: (done, total) =>
    total > 0
      ? `Modell wird heruntergeladen: ${Math.floor((100 * done) / total)} %`
      : "Das Modell wird gesucht …",
  fetchFailed: "Das Modell konnte nicht heruntergeladen werden.",
  close: "Schließen",
  theme: "Aussehen",
  language: "Sprache",
  systemLanguage: "Systemstandard",
  themes: { system: "Systemstandard", light: "Hell", dark: "Dunkel" },
  withModel: "Modell",
  reset: "Zurücksetzen",
  test: "Prüfen",
  testing: "Wird geprüft …",
  remove: "Entfernen",
  keyFor: (name) => `Schlüssel für ${name}`,
  keyMissing: "API-Schlüssel einfügen",
  keyThere: (hint, source) =>
    `${hint === null ? "Schlüssel gespeichert" : `Schlüssel endet auf ${hint}`}${source}`,
  keySources: {
    keychain: ", im Schlüsselbund des Systems",
    session: ", bis Tidewire beendet wird",
    environment: ", aus der Umgebung",
  },
  save: "Speichern",
  removeKey: "Schlüssel entfernen",
  removeKeyReally: "Ja, entfernen",
  name: "Name",
  address: "Adresse (Basis-URL)",
  keyIfAny: "API-Schlüssel (optional)",
  add: "Hinzufügen",
  backupText:
    "Unterhaltungen, Einstellungen und Anbieter ohne Schlüssel, in einer Datei im Datenordner",
  backupNow: "Jetzt sichern",
  backupMade: (name) => `Sicherung gespeichert als ${name}.`,
  restore: "Wiederherstellen",
  restoreReally: "Alles durch diese Sicherung ersetzen",
  restored: "Sicherung wiederhergestellt. Deine bisherigen Daten wurden vorher gesichert.",
  consent: {
    legend: "Wird ausgelassen, wenn du es nicht auswählst. Wähle nur, was du kennst.",
    provider: (name) => `Anbieter ${name}`,
    defaultProvider: (providerName) => `Neue Chats verwenden ${providerName}`,
    titleProvider: (providerName) => `Titel von ${providerName}`,
    keyEnv: (name) => `Schlüssel aus der Variablen ${name}`,
    headers: (names) => `Kopfzeilen ${names}`,
    missingHeaders: (names) => `ohne die Kopfzeilen ${names}, die in keiner Sicherung stehen`,
    replaces: "ersetzt deinen",
  },
  size,
  about: (version) => `Tidewire ${version}`,

  openSidebar: "Seitenleiste einblenden",
  closeSidebar: "Seitenleiste ausblenden",
  conversations: "Unterhaltungen",
  untitled: "Ohne Titel",
  noConversations: "Hier erscheinen deine Unterhaltungen.",
  groups: {
    pinned: "Angeheftet",
    today: "Heute",
    yesterday: "Gestern",
    week: "Letzte 7 Tage",
    month: "Letzte 30 Tage",
  },
  answeringNow: "antwortet gerade",
  search: "Suchen",
  searchHint: "Chats durchsuchen",
  searching: "Suche läuft …",
  nothingFound: (query) => `Keine Ergebnisse für „${query}“.`,
  found: (count) => `${count} Treffer`,
  clearSearch: "Suche leeren",
  showMore: "Mehr anzeigen",
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
  exported: (path) => `Gespeichert unter ${path}`,
  deleted: (title) => `„${title}“ wurde gelöscht.`,
  undo: "Rückgängig",
  notices: "Benachrichtigungen",
  import: "Import",
  importing: (name, percent) => `${name} wird importiert: ${percent} %`,
  imported: (conversations, messages, skipped) => {
    const chats = conversations === 1 ? "1 Unterhaltung" : `${count(conversations)} Unterhaltungen`;
    const messageCount = messages === 1 ? "1 Nachricht" : `${count(messages)} Nachrichten`;
    const rest = skipped > 0 ? `, ${count(skipped)} ausgelassen` : "";
    return `Import fertig: ${conversations > 0 ? `${chats} mit ` : ""}${messageCount}${rest}.`;
  },
  allHere: (skipped) =>
    skipped === 1
      ? "Nichts Neues: Diese Unterhaltung ist schon da."
      : `Nichts Neues: Alle ${count(skipped)} sind schon da.`,
  notAnExport: "Das ist kein Export von Tidewire oder ChatGPT.",
  importCancelled: "Import abgebrochen. Was schon importiert ist, bleibt erhalten.",
  refusedAction: (message) => `Das hat nicht geklappt. ${message}`,
  notSaved: (problem) => `Änderungen können gerade nicht gespeichert werden. ${problem}`,

  foundFirst: (count: number) =>
    `Die ersten ${count} Treffer. Weitere Wörter grenzen die Suche ein.`,
  foundSoFar: (count) =>
    `Bisher ${count === 0 ? "keine" : count} Treffer. Einige Unterhaltungen sind noch nicht durchsucht.`,
  searchMore: "Weitersuchen",
  searchAdvice:
    "Alle Wörter müssen in derselben Nachricht oder demselben Titel stehen. Nimm weniger Wörter oder den Anfang eines Wortes. Anführungszeichen suchen eine genaue Wortfolge.",
  inTitle: "Titel",
  folders: {
    move: "In Ordner verschieben …",
    title: (title: string) => `„${title}“ in einen Ordner verschieben`,
    find: "Ordner suchen oder anlegen",
    create: (name: string) => `Ordner „${name}“ anlegen`,
    out: "Aus dem Ordner nehmen",
    isHere: "aktueller Ordner",
    none: "Noch keine Ordner. Gib einen Namen ein, um einen anzulegen.",
    moved: (title: string, folder: string | null) =>
      folder === null
        ? `„${title}“ wurde aus dem Ordner genommen.`
        : `„${title}“ wurde nach „${folder}“ verschoben.`,
    rename: "Ordner umbenennen",
    renameLabel: "Neuer Ordnername",
    merged: (name: string, other: string) => `„${name}“ wurde mit „${other}“ zusammengelegt.`,
    remove: "Ordner entfernen",
    removed: (name: string, count: number) =>
      `Der Ordner „${name}“ wurde entfernt. ${
        count === 1 ? "Seine Unterhaltung bleibt" : `Seine ${count} Unterhaltungen bleiben`
      } erhalten.`,
    actionsFor: (name: string) => `Aktionen für den Ordner ${name}`,
    count: (count: number) => (count === 1 ? "1 Unterhaltung" : `${count} Unterhaltungen`),
  },
  sidebarWidth: "Breite der Seitenleiste",
  details: (count: number) => (count === 1 ? "1 Hinweis" : `${count} Hinweise`),
  dropImport: "Loslassen, um die Unterhaltungen zu importieren",
  copyWhole: "Als Markdown kopieren",
  compact: "Frühere Nachrichten zusammenfassen …",
  copiedWhole: "Unterhaltung kopiert.",

  conversationActions: "Aktionen für diese Unterhaltung",
  spending: {
    label: (sentence: string) => `Kontext und Kosten: ${sentence}`,
    title: "Diese Unterhaltung",
    context: "Kontextfenster",
    tokens: (count: string) => `${count} Token`,
    tokensOf: (count: string, limit: string) => `${count} von ${limit} Token`,
    about: (count: string) => `etwa ${count}`,
    short: (count: string) => `${count} Token`,
  },

  emptyTitle: "Was beschäftigt dich?",
  emptyLocal: (model) =>
    `Du sprichst mit ${model}, einem sehr kleinen Modell, das auf diesem Rechner läuft. Nichts, was du schreibst, verlässt ihn. Es ist schnell, irrt sich aber oft: gut zum Ausprobieren, nicht als Ratgeber.`,
  firstRun: {
    label: "Andere Modelle",
    more: "Nimm für Fakten, Mathematik und lange Texte ein größeres Modell.",
    use: (name: string) => `${name} verwenden`,
    runs: (models: number) =>
      models === 0
        ? "läuft hier"
        : models === 1
          ? "läuft hier, 1 Modell"
          : `läuft hier, ${models} Modelle`,
    chosen: (model: string, name: string) =>
      `Neue Chats verwenden jetzt ${model} von ${name}. Das kannst du in den Einstellungen ändern.`,
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

  waiting: "Warten auf die Antwort …",
  stopping: "Wird angehalten …",
  thinking: "Denkt nach",
  thoughts: "Gedanken",
  thoughtFor: (ms) => `${duration(ms)} nachgedacht`,
  retrying: (attempt, delayMs, why) =>
    `${why} Nächster Versuch in ${duration(delayMs)} (Versuch ${attempt}).`,
  tryingAgain: (attempt, why) => `${why} Wird noch einmal versucht (Versuch ${attempt}) …`,

  stopped: "Angehalten",
  interrupted: "Unterbrochen",
  emptyReply: (reason) => (reason === null ? "Angehalten, bevor Text kam." : EMPTY[reason]),
  finish: {
    length: "An der Längengrenze abgeschnitten",
    content_filter: "Vom Inhaltsfilter des Anbieters gestoppt",
    tool_calls: "Mit einem Werkzeugaufruf beendet",
    other: "Vorzeitig beendet",
    waiting: "Angehalten, bis du entscheidest",
    budget: "Angehalten: Budget erreicht",
    steps: "Angehalten: Schrittgrenze erreicht",
  },
  speed: (tokensPerSecond) =>
    `${tokensPerSecond < 10 ? decimal(tokensPerSecond) : Math.round(tokensPerSecond)} Token/s`,
  duration,
  tokens: (count, estimated) => `${estimated ? "etwa " : ""}${count} Token`,

  runStatus: {
    answering: "Die Antwort kommt.",
    finished: "Die Antwort ist vollständig.",
    stopping: "Wird angehalten.",
    stopped: "Angehalten.",
    failed: (message) => `Fehler: ${message}`,
  },

  reconnecting: "Verbindung zu Tidewire verloren. Sie wird wiederhergestellt …",
  lost: "Tidewire antwortet nicht. Prüfe, ob es läuft. Diese Seite versucht es weiter.",
  shared: "Du siehst eine Antwort, die mit diesem Fenster geteilt wurde.",
  sharedGone: "Diese Antwort ist nicht mit diesem Fenster geteilt oder nicht mehr verfügbar.",
  ownChat: "Einen eigenen Chat beginnen",

  error: (message) => `Fehler: ${message}`,
  otherModel: "Anderes Modell wählen",
  askLocal: "Das lokale Modell fragen",
  askInNewChat: "In einem neuen Chat fragen",
  retryIn: (ms) =>
    `Warte ${duration(ms)} bis zum nächsten Versuch. Vorher lehnt der Anbieter vielleicht wieder ab.`,
  retryNow: "Die Wartezeit ist vorbei. Versuch es noch einmal.",
  hints: {
    API_KEY_ERROR: "Trage einen anderen API-Schlüssel ein oder wähle ein anderes Modell.",
    PERMISSION_DENIED: "Wähle ein anderes Modell oder trage einen anderen API-Schlüssel ein.",
    INSUFFICIENT_QUOTA: "Lade das Konto auf oder wähle ein anderes Modell.",
    RATE_LIMIT: "Warte einen Moment oder wähle ein anderes Modell.",
    OVERLOADED: "Das gibt sich meist innerhalb einer Minute.",
    NETWORK_ERROR: "Prüfe deine Internetverbindung oder den Server des Modells.",
    TIMEOUT: "Das Zeitlimit kannst du in den Einstellungen ändern.",
    STREAM_TIMEOUT: "Wie lange gewartet wird, kannst du in den Einstellungen ändern.",
    STREAM_INTERRUPTED: "Der bisherige Text bleibt erhalten.",
    STREAM_INCOMPLETE: "Vielleicht fehlt das Ende.",
    SERVER_ERROR: "Versuch es noch einmal.",
    CONTEXT_LENGTH:
      "Frag in einem neuen Chat oder wähle ein Modell mit einem größeren Kontextfenster.",
    MODEL_NOT_FOUND: "Wähle ein anderes Modell oder prüfe die Adresse des Anbieters.",
    CONTENT_FILTER: "Formuliere deine Nachricht anders oder wähle ein anderes Modell.",
    SESSION_BUSY: "Warte, bis die Antwort fertig ist, oder halte sie an.",
    LIMIT: "Halte erst eine andere Antwort an.",
    LOCAL_MODEL_MISSING: "Lade es einmal herunter, dann kannst du es offline nutzen.",
    LOCAL_MODEL_CRASHED: "Es startet automatisch neu.",
    HOST_LOST: "Deine Nachricht bleibt erhalten. Versuch es, wenn die Verbindung wieder steht.",
    ABORTED: "Starte Tidewire neu und versuch es noch einmal.",
    VALIDATION: "Deine Nachricht bleibt erhalten. Ändere sie und versuch es noch einmal.",
  },
  retryReasons: {
    RATE_LIMIT: "Zu viele Anfragen in kurzer Zeit.",
    OVERLOADED: "Der Anbieter ist überlastet.",
    NETWORK_ERROR: "Es kommt keine Verbindung zustande.",
    SERVER_ERROR: "Beim Anbieter ist ein Fehler aufgetreten.",
  },

  localSuggestions: [
    { title: "Ein Gedicht, auf Englisch", prompt: "Write a short poem about the sea." },
    {
      title: "Eine Geschichte, auf Englisch",
      prompt: "Tell a very short story about a fox and the moon.",
    },
    { title: "Namen, auf Englisch", prompt: "Give me five names for a small sailing boat." },
  ],
  panelWidth: "Breite des Seitenbereichs",

  find: {
    actions: "Treffer",
    count: (place, all, hasMore) => `${count(place)} von ${count(all)}${hasMore ? "+" : ""}`,
    none: "Nicht gefunden",
    previous: "Voriger Treffer",
    next: "Nächster Treffer",
  },

  again: {
    label: "Andere Arten zu antworten",
    by: (model) => `Mit ${model} neu generieren`,
    shorter: "Um eine kürzere Antwort bitten",
    longer: "Um eine längere Antwort bitten",
    shorterPrompt: "Bitte antworte noch einmal, kürzer.",
    longerPrompt: "Bitte antworte noch einmal, ausführlicher.",
  },
};

function duration(ms: number): string {
  if (ms < 10_000) return `${decimal(Math.max(ms, 100) / 1_000, true)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

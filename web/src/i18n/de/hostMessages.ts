/** German translations of the host's messages. */
import { amountsIn } from "../amounts";
import type { HostMessages } from "../hostMessages";
import { localeOf } from "../language";

const { count } = amountsIn("de");
const locale = localeOf("de", navigator.languages);

const KINDS: Readonly<Record<string, string>> = {
  image: "Das Bild",
  audio: "Die Tonaufnahme",
  recording: "Die Aufnahme",
  video: "Das Video",
};

function when(ms: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(ms);
}

export const hostInGerman: HostMessages = {
  errors: {
    ABORTED: "Tidewire wird beendet.",
    TIMEOUT: "Die Antwort hat länger gedauert als erlaubt.",
    STREAM_TIMEOUT: "Das Modell hat zu lange geschwiegen.",
    API_KEY_ERROR: "Der Schlüssel wurde nicht angenommen.",
    RATE_LIMIT: "Zu viele Anfragen in kurzer Zeit.",
    NETWORK_ERROR: "Es kommt keine Verbindung zustande.",
    UNKNOWN_ERROR: "Etwas ist unerwartet schiefgegangen.",
    VALIDATION: "Das kann Tidewire so nicht annehmen.",
    LIMIT: "Das ist zu viel auf einmal.",
    NOT_FOUND: "Das gibt es nicht oder nicht mehr.",
    SESSION_BUSY: "Es wird noch eine Antwort geschrieben.",
    UNSUPPORTED_PROVIDER: "Dieser Anbieter lässt sich hier nicht verwenden.",
    PERMISSION_DENIED: "Der Anbieter erlaubt das mit diesem Schlüssel nicht.",
    INSUFFICIENT_QUOTA: "Das Konto bei diesem Anbieter hat kein Guthaben mehr.",
    OVERLOADED: "Der Anbieter ist überlastet.",
    CONTEXT_LENGTH: "Die Unterhaltung ist länger, als dieses Modell lesen kann.",
    MODEL_NOT_FOUND: "Der Anbieter hat dieses Modell nicht.",
    CONTENT_FILTER: "Der Anbieter hat es abgelehnt, darauf zu antworten.",
    INVALID_REQUEST: "Der Anbieter nimmt die Anfrage so nicht an.",
    SERVER_ERROR: "Beim Anbieter ist ein Fehler aufgetreten.",
    STREAM_INTERRUPTED: "Die Verbindung ging während der Antwort verloren.",
    STREAM_INCOMPLETE: "Die Antwort endete unerwartet.",
    PROTOCOL_ERROR: "Der Server antwortet nicht so, wie es seine Schnittstelle verlangt.",
    LOCAL_MODEL_MISSING: "Die Datei des Modells fehlt.",
    LOCAL_MODEL_CRASHED: "Das Modell auf diesem Rechner ist stehen geblieben.",
    HOST_LOST: "Tidewire antwortet nicht.",
    TOOL_UNKNOWN: "Dieses Werkzeug gibt es nicht.",
    TOOL_INVALID: "Der Aufruf des Werkzeugs ist ungültig.",
    TOOL_FAILED: "Das Werkzeug ist fehlgeschlagen.",
    TOOL_TIMEOUT: "Das Werkzeug hat zu lange gebraucht.",
    BUDGET: "Ein Budget ist erreicht.",
    STORAGE_ERROR: "Auf dem Datenträger lässt sich etwas nicht lesen oder schreiben.",
    STORAGE_UNAVAILABLE: "Gerade lässt sich nichts speichern.",
  },
  reasons: {
    NO_KEY: "Für diesen Anbieter ist kein Schlüssel eingetragen.",
    KEY_CHARACTERS:
      "Der Schlüssel enthält Zeichen, die in keinem Schlüssel vorkommen. Füge ihn noch einmal ein.",
    NO_ADDRESS: "Dieser Anbieter braucht eine Adresse.",
    BAD_ADDRESS: "Die Adresse muss mit http:// oder https:// beginnen.",
    PLAIN_HTTP:
      "Die Verbindung zu diesem Rechner ist nicht verschlüsselt: Andere im Netz könnten den Schlüssel und die Unterhaltung mitlesen. Nimm https://.",
    REDIRECTED:
      "Der Server leitet zu einer anderen Adresse weiter. Dorthin wird der Schlüssel nicht gesendet. Stimmt die neue Adresse, ändere die Basis-URL.",
    NO_STREAM:
      "Der Server schickt etwas anderes als eine Antwort. Prüfe die Adresse und ob dieses Netz eine Anmeldung verlangt.",
    NAME_TAKEN: "Einen Anbieter mit diesem Namen gibt es schon.",
    NO_FILE: "Gib den vollständigen Pfad einer Datei an.",
    FILE_ELSEWHERE: "Die Datei liegt auf einem anderen Rechner. Kopiere sie auf diesen.",
    NO_MODEL_FILE: "Das ist keine vollständige Modelldatei. Wähle eine vollständige GGUF-Datei.",
    UNKNOWN_PROVIDER: "Diesen Anbieter gibt es nicht mehr.",
    TOO_LONG: "Die Nachrichten sind zusammen zu lang.",
    DISK_FULL: "Der Datenträger ist voll. Schaffe Platz und versuch es noch einmal.",
    DISK_FAULTY: "Der Datenträger arbeitet nicht richtig.",
    FILE_LOCKED:
      "Ein anderes Programm sperrt die Datei mit den Unterhaltungen. Schließe es und versuch es noch einmal.",
    READ_ONLY: "In die Datei mit den Unterhaltungen darf nicht geschrieben werden.",
    CANNOT_OPEN: "Die Datei mit den Unterhaltungen lässt sich nicht öffnen.",
    DAMAGED:
      "Die Datei mit den Unterhaltungen ist beschädigt. Starte Tidewire neu, dann wird sie repariert.",
    NO_MEMORY: "Dafür reicht der Arbeitsspeicher nicht.",
    TOO_SLOW: "Das Lesen hat zu lange gedauert und wurde abgebrochen. Versuch es noch einmal.",
    TOO_MANY_IMPORTS: "Es wird schon importiert. Warte, bis ein Import fertig ist.",
    NOT_IDLE: "Warte, bis alle Antworten und Importe fertig sind.",
    RESTORING: "Gerade wird eine Sicherung wiederhergestellt. Versuch es danach noch einmal.",
    NO_CONVERSATIONS: "In dieser Datei stehen keine Unterhaltungen.",
    NO_CONVERSATIONS_IN_ZIP: "In dieser ZIP-Datei gibt es keine conversations.json.",
    ZIP_UNREADABLE: "Die ZIP-Datei ist verschlüsselt oder auf unbekannte Weise gepackt.",
    IMPORT_BROKEN:
      "Die Datei ist ab einer Stelle beschädigt. Was davor lesbar war, ist importiert.",
    NO_RECORDING: "Diese Datei ist keine vollständige Aufzeichnung einer Antwort.",
    NOT_KEPT: "Von den Anfragen dieser Antwort ist nichts aufbewahrt.",
    USAGE_DAMAGED:
      "Die Datei usage.db im Datenordner ist beschädigt. Wie viel ausgegeben wurde, ist deshalb unbekannt, und mit einem Budget wird kein Modell gefragt. Um bei null anzufangen, beende Tidewire und verschiebe die Datei.",
    VERDICTS_UNREADABLE:
      "Deine Entscheidungen über Werkzeuge sind nicht lesbar. Bis du tools.json im Datenordner reparierst oder löschst, wirst du bei jedem Aufruf gefragt.",
  },
  activities: {
    starting: "Wird gestartet …",
    asking: "Das Modell wird gefragt …",
    loading: "Das Modell wird geladen …",
    reading: "Das Modell liest die Unterhaltung …",
  },
  notices: {
    TEMPERATURE_DROPPED: ({ model, limit }) =>
      limit == null
        ? `Bei ${modelNameOf(model)} lässt sich die Temperatur nicht einstellen.`
        : `Bei ${modelNameOf(model)} geht die Temperatur nur bis ${count(limit)}. Es gilt der Standardwert.`,
    MAX_TOKENS_LOWERED: ({ model, limit }) =>
      `Eine Antwort von ${modelNameOf(model)} hat höchstens ${count(limit ?? 0)} Token.`,
    SYSTEM_PROMPT_DROPPED: ({ model }) =>
      `Mit ${modelNameOf(model)} lassen sich keine Anweisungen verwenden.`,
    HISTORY_TRIMMED: ({ model, leftOut }) =>
      leftOut === 1
        ? `Die älteste Nachricht passt nicht mehr in das Kontextfenster von ${modelNameOf(model)} und wurde weggelassen.`
        : `Die ${count(leftOut ?? 0)} ältesten Nachrichten passen nicht mehr in das Kontextfenster von ${modelNameOf(model)} und wurden weggelassen.`,
    ELICITATION_REFUSED: ({ model }) => {
      const subject = model == null ? "Ein Server wollte" : `Für ${model} wollte ein Server`;
      return `${subject} etwas erfragen, das kein Formular erfragen darf. Es wurde abgelehnt.`;
    },
    TOOLS_DROPPED: ({ model }) => `${subjectOf(model)} kann keine Werkzeuge verwenden.`,
    EFFORT_DROPPED: ({ model }) =>
      `Bei ${modelNameOf(model)} lässt sich diese Denktiefe nicht einstellen. Es gilt die des Modells.`,
    RESULTS_LEFT_OUT: ({ model }) =>
      `Lange Ergebnisse früherer Werkzeugaufrufe passen nicht mehr in das Kontextfenster von ${modelNameOf(model)} und wurden weggelassen.`,
    REPETITION_STOPPED: ({ model }) =>
      `${subjectOf(model)} hat sich nur noch wiederholt. Die Antwort wurde deshalb angehalten.`,
    PARTS_LEFT_OUT: ({ model }) =>
      `Mit ${modelNameOf(model)} lassen sich Bilder und Dateien früherer Nachrichten nicht verwenden.`,
  },
  remarks: {
    STORE_REPAIRED: ({ folder, complete, backupAt }) =>
      `Die Datei mit den Unterhaltungen war beschädigt. ${
        typeof backupAt === "number"
          ? `Die Sicherung vom ${when(backupAt)} wurde wiederhergestellt, und neuere lesbare Nachrichten wurden ergänzt`
          : "Was lesbar war, wurde gerettet"
      }: ${
        complete === 1 ? "Es scheint nichts zu fehlen" : "Vielleicht fehlt etwas"
      }. Die beschädigte Datei liegt in ${folder}.`,
    SETTING_IGNORED: ({ file, name }) =>
      `${file}: „${name}“ hat keinen brauchbaren Wert und wird ignoriert.`,
    SETTINGS_UNREADABLE: ({ file }) =>
      `Die Einstellungen ließen sich nicht lesen und wurden zurückgesetzt. Die alte Datei bleibt als ${file} erhalten.`,
    SETTINGS_NOT_READ: ({ file }) =>
      `${file} ist gerade nicht lesbar und bleibt unverändert. Es gelten die letzten Einstellungen oder die Standardwerte.`,
    NO_KEYCHAIN: () =>
      "Hier gibt es keinen Schlüsselbund: Der Schlüssel bleibt nur bis zum Ende der Sitzung.",
    KEYCHAIN_SILENT: () =>
      "Der Schlüsselbund antwortet nicht: Der Schlüssel bleibt nur bis zum Ende der Sitzung.",
    KEY_NOT_KEPT: () =>
      "Der Schlüsselbund hat den Schlüssel nicht gespeichert: Er bleibt nur bis zum Ende der Sitzung.",
    KEY_NOT_DELETED: () => "Der Schlüsselbund hat den Schlüssel nicht gelöscht: Entferne ihn dort.",
    KEY_OF_OTHER_HOST: ({ host, wanted }) =>
      `Der Schlüssel ist für ${host}. Trage einen für ${wanted} ein.`,
    CONVERSATION_LEFT_OUT: () => "Eine Unterhaltung war nicht lesbar und wurde ausgelassen.",
    ATTACHMENT_LEFT_OUT: ({ title, kind, name }) =>
      `${title}: ${KINDS[String(kind)] ?? "Ein Anhang"} ${name === "" ? "ohne Namen" : name} ist nicht dabei.`,
    MORE_LEFT_OUT: () => "… und weitere",
    ADDRESS_MENDED: ({ address }) => `Die Adresse wurde ergänzt: ${address}`,
  },
  quote: (words) => `Der Anbieter schreibt: „${words}“`,
  sentence: (_own, instead) => instead,
};

/** The model in the dative, after a preposition. */
function modelNameOf(model: string | null | undefined): string {
  return model ?? "diesem Modell";
}

/** The model at the start of a sentence, in the nominative. */
function subjectOf(model: string | null | undefined): string {
  return model ?? "Dieses Modell";
}

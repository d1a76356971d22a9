/** Saves a code block as a file. */
import { useContext } from "react";
import { ConversationsContext } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { download } from "../../lib/download";
import type { Code } from "../../markdown";
import { useToasts } from "../../ui/toasts/toastStore";
import { useDownloads } from "../../ui/useDownloads";

/** Extensions of languages that differ from the language's name. */
const ENDINGS: Readonly<Record<string, string>> = {
  bash: "sh",
  csharp: "cs",
  dockerfile: "dockerfile",
  javascript: "js",
  kotlin: "kt",
  markdown: "md",
  perl: "pl",
  powershell: "ps1",
  python: "py",
  ruby: "rb",
  rust: "rs",
  shell: "sh",
  typescript: "ts",
  yaml: "yml",
};

export function SaveCode({ text, language }: Code) {
  const conversations = useContext(ConversationsContext);
  const toasts = useToasts();
  const downloads = useDownloads();
  // A page that only watches an answer cannot save files.
  if (conversations === null) return null;
  const { saveText } = conversations;

  async function save(): Promise<void> {
    const file = { name: fileNameOf(language), text: text.endsWith("\n") ? text : `${text}\n` };
    if (downloads) download({ ...file, mediaType: "text/plain" });
    else toasts.say(strings.exported(await saveText(file)));
  }

  return (
    <button
      type="button"
      onClick={() => {
        save().catch((error) => toasts.say(strings.refusedAction(reasonOf(error))));
      }}
    >
      {strings.saveCode}
    </button>
  );
}

export function fileNameOf(language: string): string {
  const known = language.toLowerCase();
  const ending = ENDINGS[known] ?? (/^[a-z]\w{0,7}$/.test(known) ? known : "txt");
  return `code.${ending}`;
}

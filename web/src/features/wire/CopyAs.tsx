/** Copies a request as a program that sends it. */
import { useState } from "react";
import type { WireCode, WireRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { wireTexts } from "../../i18n/wire";
import { copyText } from "../../lib/clipboard";
import { Button } from "../../ui/Button";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import styles from "./wire.module.css";

const LANGUAGES: readonly WireCode["language"][] = ["curl", "python"];

export function CopyAs({ request }: { readonly request: WireRequest }) {
  const { code } = useConversations().client.wire;
  const [said, setSaid] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  async function copy(language: WireCode["language"]): Promise<void> {
    setSaid(null);
    const isCopied = await copyText(await code({ request, language }));
    setSaid(isCopied ? wireTexts.copied : wireTexts.notCopied);
  }

  return (
    <>
      <div className={styles.buttons}>
        {LANGUAGES.map((language) => (
          <Button
            key={language}
            isFree={!isBusy && request.body !== null}
            onClick={() => attempt(copy(language))}
          >
            {wireTexts.copyAs[language]}
          </Button>
        ))}
      </div>
      <Notice>{said}</Notice>
      <Problem>{problem}</Problem>
    </>
  );
}

/** A request: method, address, headers and body. */
import { useMemo, useState } from "react";
import type { WireCode, WireHeader, WireRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { count } from "../../i18n/format";
import { wireTexts } from "../../i18n/wire";
import { copyText } from "../../lib/clipboard";
import { Button } from "../../ui/Button";
import { Check } from "../../ui/form/Check";
import { Notice, Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { TextBlock } from "../tools/TextBlock";
import { Verbatim } from "../tools/Verbatim";
import styles from "./wire.module.css";

/** More characters would keep the page from answering for a moment. */
const MOST_SHOWN = 100_000;
const LANGUAGES: readonly WireCode["language"][] = ["curl", "python"];

export function RequestView({ request }: { readonly request: WireRequest }) {
  const { method, url, headers, body, bodyBytes } = request;
  return (
    <section className={styles.wire} aria-label={wireTexts.request}>
      <h3>{wireTexts.request}</h3>
      <p className="mono" dir="ltr">
        <b>{method}</b> <Verbatim text={url} />
      </p>
      <Headers headers={headers} />
      {body === null ? (
        <p className="soft">{wireTexts.tooLong(count(bodyBytes))}</p>
      ) : (
        <Body text={body} bytes={bodyBytes} />
      )}
      <CopyAs request={request} />
    </section>
  );
}

function Body({ text, bytes }: { readonly text: string; readonly bytes: number }) {
  const [isRaw, setIsRaw] = useState(false);
  const formatted = useMemo(() => prettyJson(text), [text]);
  const whole = isRaw || formatted === null ? text : formatted;
  return (
    <>
      <div className={`wrap ${styles.line}`}>
        <span className="soft">{wireTexts.bodySize(count(bytes))}</span>
        {formatted !== null && (
          <Check checked={isRaw} onChange={setIsRaw}>
            {wireTexts.raw}
          </Check>
        )}
      </div>
      <LongText label={wireTexts.body} text={whole} />
    </>
  );
}

/** A text of any length: the beginning of a long one is shown, and all of it is copied. */
export function LongText({ label, text }: { readonly label: string; readonly text: string }) {
  const isLong = text.length > MOST_SHOWN;
  const shown = isLong ? text.slice(0, MOST_SHOWN) : text;
  return (
    <>
      <TextBlock label={label} text={shown} wholeText={text} />
      {isLong && <p className="soft">{wireTexts.cut(count(MOST_SHOWN), count(text.length))}</p>}
    </>
  );
}

export function Headers({ headers }: { readonly headers: readonly WireHeader[] }) {
  if (headers.length === 0) return <p className="soft">{wireTexts.noHeaders}</p>;
  return (
    <details className={styles.headers}>
      <Summary>{wireTexts.headers(headers.length)}</Summary>
      <dl className="mono" dir="ltr">
        {headers.map(({ name, value }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may be there twice, and none moves
          <div key={place}>
            <dt>
              <Verbatim text={name} />
            </dt>
            <dd>
              <Verbatim text={value} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Copies a request as a program that sends it. */
function CopyAs({ request }: { readonly request: WireRequest }) {
  const { code } = useConversations().client.wire;
  const [notice, setNotice] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  async function copy(language: WireCode["language"]): Promise<void> {
    setNotice(null);
    const isCopied = await copyText(await code({ request, language }));
    setNotice(isCopied ? wireTexts.copied : wireTexts.notCopied);
  }

  return (
    <>
      <div className="wrap">
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
      <Notice>{notice}</Notice>
      <Problem>{problem}</Problem>
    </>
  );
}

/** Formats JSON; null for other texts. */
function prettyJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

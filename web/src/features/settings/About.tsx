/** The version of Tidewire, and the details for a bug report. */
import { useRef, useState } from "react";
import type { Bridge } from "../../bridge/bridge";
import { strings } from "../../i18n";
import { shownLanguage } from "../../i18n/language";
import { settingsTexts as words } from "../../i18n/settings";
import { copyText } from "../../lib/clipboard";
import { useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import formStyles from "../../ui/form/form.module.css";
import { Notice } from "../../ui/Problem";

export interface AboutProps {
  readonly host: ReturnType<Bridge["host"]>;
  readonly kind: Bridge["kind"];
}

export function About({ host, kind }: AboutProps) {
  const { providers } = useSettingsState();
  const [notice, setNotice] = useState<string | null>(null);
  const list = useRef<HTMLDListElement>(null);
  const facts = [
    [words.facts.version, host?.appVersion ?? ""],
    [words.facts.platform, host?.platform ?? ""],
    [words.facts.shownIn, words.shownIn[kind === "pywebview" ? "window" : "browser"]],
    [words.facts.engine, navigator.userAgent],
    [strings.language, `${shownLanguage()} (${navigator.languages.join(", ")})`],
    [
      strings.sections.providers,
      // Only ids: other fields may name a person's files.
      providers
        .map(({ id, problem }) => (problem === null ? `${id}: ${words.works}` : id))
        .join(", "),
    ],
  ] as const;

  async function copy(): Promise<void> {
    const isCopied = await copyText(facts.map((fact) => fact.join(": ")).join("\n"));
    if (!isCopied && list.current !== null) getSelection()?.selectAllChildren(list.current);
    setNotice(isCopied ? strings.copied : strings.notCopied);
  }

  return (
    <section className={formStyles.section}>
      <h3>{strings.about(host?.appVersion ?? "")}</h3>
      <p>
        {words.aboutText} {words.licence}
      </p>
      <dl ref={list} className={formStyles.facts}>
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div className={formStyles.row}>
        <p className={formStyles.text}>{words.factsText}</p>
        <Button onClick={() => void copy()}>{words.copyFacts}</Button>
      </div>
      <Notice>{notice}</Notice>
    </section>
  );
}

/** The result of a connection test in a sentence, with its times or a remedy. */
import { hintFor, quoteOf, sentenceOf, strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import styles from "../../../ui/form/form.module.css";
import { Notice } from "../../../ui/Problem";
import type { ConnectionTest } from "./useConnectionTest";

export function TestResult({ trial }: { readonly trial: ConnectionTest }) {
  const { isBusy, report, reason } = trial;
  if (isBusy) {
    return (
      <p className={styles.text} role="status">
        {strings.testing}
      </p>
    );
  }
  if (report === null && reason === null) return null;
  if (report === null || report.problem !== null) {
    const failure = report?.problem ?? null;
    const hint = failure && hintFor(failure.code);
    const said = failure === null ? reason : sentenceOf(failure);
    const quote = quoteOf(failure?.words);
    return (
      <Notice isBad>
        {said}
        {hint !== null && ` ${hint}`}
        {quote !== null && ` ${quote}`}
      </Notice>
    );
  }
  const { modelId, firstMs, totalMs, models } = report;
  return (
    <Notice>
      {firstMs === null || totalMs === null
        ? strings.host.sentence(report.sentence, words.works)
        : words.testGood(modelId, strings.duration(firstMs), strings.duration(totalMs))}
      {models.length > 0 && ` ${words.modelCount(models.length)}.`}
    </Notice>
  );
}

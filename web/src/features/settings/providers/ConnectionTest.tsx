/** The connection test of a provider. */
import { useCallback, useState } from "react";
import type { TrialReport, TrialRequest } from "../../../bridge/contract";
import { hintFor, quoteOf, sentenceOf, strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettings } from "../../../settings/useSettings";
import formStyles from "../../../ui/form/form.module.css";
import { Notice } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";

/** Tests a provider with one tiny request. `reason` says why the test itself could not run. */
export function useConnectionTest() {
  const { providers } = useSettings();
  const [report, setReport] = useState<TrialReport | null>(null);
  const { reason, isBusy, attempt } = useAsyncAction();
  const run = useCallback(
    (request: TrialRequest) => {
      setReport(null);
      attempt(providers.test(request).then(setReport));
    },
    [providers, attempt],
  );
  return { isBusy, report, reason, run };
}

/** The result of the test in a sentence, with its times or a remedy. */
export function TestResult({ trial }: { readonly trial: ReturnType<typeof useConnectionTest> }) {
  const { isBusy, report, reason } = trial;
  if (isBusy) {
    return (
      <p className={formStyles.text} role="status">
        {strings.testing}
      </p>
    );
  }
  if (report === null && reason === null) return null;
  if (report === null || report.problem !== null) {
    const failure = report?.problem ?? null;
    const hint = failure && hintFor(failure.code);
    const sentence = failure === null ? reason : sentenceOf(failure);
    const quote = quoteOf(failure?.words);
    return (
      <Notice isBad>
        {sentence}
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

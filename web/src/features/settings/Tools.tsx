/** The tools on this computer, their folder, and permanent decisions about them. */
import { useCallback, useEffect, useState } from "react";
import type { GrantSummary, ToolSummary } from "../../bridge/contract";
import { locale, strings } from "../../i18n";
import { copyText } from "../../lib/clipboard";
import { withEscapes } from "../../lib/hiddenCharacters";
import { requestName } from "../../settings/toolNames";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

const SAMPLE = `def greet(name: str) -> str:
    """Greets somebody by name."""
    return f"Hello, {name}!"
`;
const FLAGS = ["reads", "brings", "sends"] as const;

export function Tools() {
  const { tools, place } = useSettings();
  const [list, setList] = useState<readonly ToolSummary[] | null>(null);
  const [grants, setGrants] = useState<readonly GrantSummary[] | null>(null);
  const [folder, setFolder] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();
  const words = strings.tools;

  const load = useCallback(async () => {
    const [data, all, kept] = await Promise.all([place(), tools.list(), tools.grants()]);
    setFolder(folderIn(data.data));
    setList(all);
    setGrants(kept);
  }, [place, tools]);
  useEffect(() => attempt(load()), [attempt, load]);

  async function enable(tool: ToolSummary, all: readonly ToolSummary[]): Promise<void> {
    const enabled = !tool.enabled;
    setList(all.map((one) => (one === tool ? { ...one, enabled } : one)));
    try {
      setList(await tools.enable({ name: requestName(tool, all), enabled }));
    } catch (error) {
      setList(all);
      throw error;
    }
  }

  async function revoke(id: string): Promise<void> {
    await tools.revoke(id);
    setGrants(await tools.grants());
  }

  return (
    <>
      <section className={parts.section}>
        <h3>{words.list}</h3>
        <p className={parts.text}>{words.listText}</p>
        <Problem>{problem}</Problem>
        <ul className={parts.list}>
          {list?.map((tool) => (
            <li key={`${tool.source}/${tool.name}`} className={parts.row}>
              <label className={parts.check}>
                <input
                  type="checkbox"
                  role="switch"
                  aria-checked={tool.enabled}
                  aria-label={words.switch(withEscapes(tool.name))}
                  checked={tool.enabled}
                  disabled={tool.problem !== undefined}
                  onChange={() => attempt(enable(tool, list))}
                />
                <span className={parts.words}>
                  {withEscapes(tool.name)}{" "}
                  <small className="soft">
                    {withEscapes(tool.source)} · {words.kinds[tool.kind]}
                  </small>
                  {tool.description !== "" && <p>{withEscapes(tool.description)}</p>}
                  <p>{flagsOf(tool)}</p>
                </span>
              </label>
              {tool.problem !== undefined && <Problem>{withEscapes(tool.problem)}</Problem>}
            </li>
          ))}
        </ul>
        {list?.every(({ kind }) => kind !== "python") && (
          <>
            <p className={parts.text}>{words.empty}</p>
            <pre className={parts.text} dir="ltr">
              {SAMPLE}
            </pre>
          </>
        )}
        <Button className={parts.start} isFree={!isBusy} onClick={() => attempt(load())}>
          {words.reload}
        </Button>
      </section>
      <section className={parts.section}>
        <h3>{words.folder}</h3>
        <p className={parts.text}>{words.folderText}</p>
        {folder !== null && (
          <div className={parts.row}>
            <p className={parts.text} dir="ltr">
              {folder}
            </p>
            <CopyPath path={folder} />
          </div>
        )}
      </section>
      <section className={parts.section}>
        <h3>{words.grants}</h3>
        {grants?.length === 0 && <p className={parts.text}>{words.noGrants}</p>}
        <ul className={parts.list}>
          {grants?.map((grant) => (
            <li key={grant.id} className={parts.row}>
              <span className={parts.words}>
                {words.verdicts[grant.verdict]}: {withEscapes(grant.tool)}{" "}
                <small className="soft">{withEscapes(grant.source)}</small>
                {Object.keys(grant.pattern).length > 0 && (
                  <p>{words.where(withEscapes(rulesOf(grant)))}</p>
                )}
                {grant.suspended && <p>{words.suspended}</p>}
              </span>
              <Button
                isFree={!isBusy}
                aria-label={words.revokeOf(withEscapes(grant.tool))}
                onClick={() => attempt(revoke(grant.id))}
              >
                {words.revoke}
              </Button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function CopyPath({ path }: { readonly path: string }) {
  const [outcome, setOutcome] = useState<"copied" | "notCopied" | null>(null);
  return (
    <Button
      onClick={() => void copyText(path).then((done) => setOutcome(done ? "copied" : "notCopied"))}
    >
      {outcome === null ? strings.tools.copyFolder : strings[outcome]}
    </Button>
  );
}

function flagsOf(tool: ToolSummary): string {
  const { flags } = strings.tools;
  const set = FLAGS.filter((flag) => tool[flag]).map((flag) => flags[flag]);
  return set.length === 0 ? flags.none : listOf(set);
}

function rulesOf({ pattern }: GrantSummary): string {
  const { rules, ruleIn } = strings.tools;
  return listOf(
    Object.entries(pattern).map(([name, { match, value }]) => ruleIn(name, rules[match], value)),
  );
}

const listOf = (parts: readonly string[]): string =>
  new Intl.ListFormat(locale, { type: "unit" }).format(parts);

/** The tools folder of the data directory, in the system's path syntax. */
function folderIn(data: string): string {
  const slash = data.includes("\\") ? "\\" : "/";
  return `${data}${slash}tools`;
}

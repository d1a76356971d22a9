/** The settings dialog, with a list of sections at its side. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Bridge } from "../../bridge/bridge";
import { strings } from "../../i18n";
import { SECTIONS, type Section } from "../../settings/sections";
import { useSettings } from "../../settings/useSettings";
import { Dialog } from "../../ui/Dialog";
import { Problem } from "../../ui/Problem";
import { Tabs } from "../../ui/panel/Tabs";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { ShortcutSettings } from "../shortcuts/ShortcutSettings";
import { TemplateLibrary } from "../templates/TemplateLibrary";
import { About } from "./About";
import { Appearance } from "./Appearance";
import { Costs } from "./Costs";
import { Data } from "./Data";
import { Defaults } from "./Defaults";
import { Limits } from "./Limits";
import { Providers } from "./providers/Providers";
import { Servers } from "./Servers";
import styles from "./SettingsDialog.module.css";
import { Tools } from "./Tools";

export interface SettingsDialogProps {
  /** The section shown first. */
  readonly section: Section;
  readonly host: ReturnType<Bridge["host"]>;
  readonly kind: Bridge["kind"];
  readonly onClose: () => void;
}

export function SettingsDialog({ section, host, kind, onClose }: SettingsDialogProps) {
  const { load, loadProviders } = useSettings();
  const [shown, setShown] = useState(section);
  const { reason, attempt } = useAsyncAction();
  const sides = useRef<HTMLDivElement>(null);

  useEffect(() => attempt(Promise.all([load(), loadProviders()])), [load, loadProviders, attempt]);

  // The focus starts at the open section. An effect of the section itself may move it on.
  useLayoutEffect(
    () => sides.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus(),
    [],
  );

  // Every section starts at its top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it depends on the section
  useEffect(() => void sides.current?.lastElementChild?.scrollTo(0, 0), [shown]);

  return (
    <Dialog title={strings.settings} className={styles.dialog} onClose={onClose}>
      <div ref={sides} className={styles.sides}>
        <Tabs
          label={strings.settings}
          tabs={SECTIONS.map((name) => [name, strings.sections[name]])}
          axis="both"
          shown={shown}
          onShow={setShown}
          listClass={styles.tabs}
          tabClass="row-button"
          panelClass={styles.panel}
        >
          <Problem>{reason}</Problem>
          {shown === "providers" && <Providers />}
          {shown === "models" && <Defaults />}
          {shown === "answers" && <Limits />}
          {shown === "tools" && <Tools />}
          {shown === "servers" && <Servers />}
          {shown === "templates" && <TemplateLibrary />}
          {shown === "costs" && <Costs />}
          {shown === "appearance" && <Appearance />}
          {shown === "shortcuts" && <ShortcutSettings />}
          {shown === "data" && <Data />}
          {shown === "about" && <About host={host} kind={kind} />}
        </Tabs>
      </div>
    </Dialog>
  );
}

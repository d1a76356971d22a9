/** One template of the fake host, which can be filled in and not changed. */
import type { Handlers, TemplateDetail } from "../contract";
import { refusal } from "./refusal";

const SUMMARY = {
  name: "review",
  title: "Review",
  description: "Reviews a piece of code",
  version: "0123456789abcdef",
  updatedAt: 0,
};
const DETAIL: TemplateDetail = {
  ...SUMMARY,
  text: "{% system %}You review {{ language }}.{% endsystem %}\nReview this:\n{{ code }}",
  inputs: [
    { name: "language", type: "string", title: "Language", required: true },
    { name: "code", type: "text", title: "Code", required: true },
  ],
};
export type FakeTemplates = Pick<Handlers["templates"], "list" | "get" | "render">;

export function createFakeTemplates(): FakeTemplates {
  function get({ name }: { readonly name: string }): TemplateDetail {
    if (name !== DETAIL.name) throw refusal("NOT_FOUND", `There is no template ${name}`);
    return DETAIL;
  }
  return {
    list: () => [SUMMARY],
    get,
    render({ name, values }) {
      const { version } = get({ name });
      const system = `You review ${String(values.language)}.`;
      return { name, version, system, user: `Review this:\n${String(values.code)}` };
    },
  };
}

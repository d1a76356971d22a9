/** Examples of GitHub's extensions to CommonMark. */

const AUTOLINKS = [
  "www.example.org",
  "See www.example.org/tides for the table.",
  "See www.example.org.\n\nSee www.example.org/a.b.",
  "www.example.org/search?q=High+(spring)\n\nwww.example.org/search?q=High+(spring)))",
  "(www.example.org/search?q=High+(spring))\n\n(www.example.org/search?q=High+(spring)",
  "www.example.org/search?q=(spring))+tide",
  "www.example.org/search?q=tide&lang=en\n\nwww.example.org/search?q=tide&lang;",
  "www.example.org/he<lp",
  "http://example.org\n\n(See https://sub.example.org/search?q=High+(spring))",
  "https://example.org/a_b_c and https://example.org/*star*",
  "Tide at https://example.org, and at https://example.net!",
  "*https://example.org/emphasis*",
  "**https://example.org/strong**",
  "`https://example.org/code` is code",
  "ask@example.org",
  "ask@mail+box.example is none, but ask+box@mail.example is.",
  "a.b-c_d@example.org\n\na.b-c_d@example.org.\n\na.b-c_d@example.org-\n\na.b-c_d@example.org_",
  "- https://example.org\n- ask@example.org",
  "| site |\n| --- |\n| https://example.org |",
  "<https://example.org> and <ask@example.org>",
  "[https://example.org](https://example.org/other)",
];

const STRIKES = [
  "~~Low~~ High, ~low~ tide",
  "This ~~spans a\n\nnew paragraph~~.",
  "This ~~~is not~~~ struck.",
  "~~**bold** and *soft*~~",
  "**bold ~~struck~~ bold**",
  "a~~b~~c",
  "~~ not ~~",
  "~~`code`~~",
  "~~[link](https://example.org)~~",
];

const TABLES = [
  "| tide | metres |\n| --- | --- |\n| high | 4.2 |",
  "| tide | metres |\n:-: | -----------:\nhigh | 4.2",
  "| f\\|oo |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |",
  "| tide | metres |\n| --- | --- |\n| high | 4.2 |\n> quoted",
  "| tide | metres |\n| --- | --- |\n| high | 4.2 |\nlow\n\nafter",
  "| tide | metres |\n| --- |\n| high |",
  "| tide | metres |\n| --- | --- |\n| high |\n| low | 0.3 | more |",
  "| tide | metres |\n| --- | --- |",
  "Before\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\nAfter",
  "a | b\n--|--\n1 | 2",
  "| a |\n|---|\n| **b** and `c` |",
  "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |",
  "| a |\n| - |\n\ntext",
  "- item\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |",
  "> | a | b |\n> |---|---|\n> | 1 | 2 |",
  "| a |\n|---|\n| 1 |\n# Heading",
  "| a |\n|---|\n| 1 |\n- item",
  "| a |\n|---|\n| 1 |\n```\ncode\n```",
  "Text\n| a | b |\n|---|---|\n| 1 | 2 |",
  "|  | b |\n|---|---|\n| 1 |  |",
  "| a | b |\n|---|---|\n| [x](https://example.org) | ~~y~~ |",
];

const TASKS = [
  "- [ ] ebb\n- [x] flood",
  "- [x] ebb\n  - [ ] neap\n  - [x] spring\n- [ ] flood",
  "1. [ ] ebb\n2. [X] flood",
  "* [ ] ebb\n\n* [x] flood",
  "- [ ]ebb",
  "- [] ebb",
  "- [x]\n- [ ]",
  "- [ ] **bold** task",
  "- [ ] ebb\n\n  more of it",
  "text [ ] no task",
  "- text [x] no task",
  "- [ ] one\n- two",
];

const FOOTNOTES = [
  "Tides[^1] turn.\n\n[^1]: Twice a day.",
  "One[^a], two[^b], one again[^a].\n\n[^b]: Second.\n\n[^a]: First.",
  "Tides[^1] turn.\n\n[^1]: Twice a day,\n    or nearly.\n\n    And again.",
  "Tides[^1] turn.",
  "Tides turn.\n\n[^1]: Nobody refers to this.",
  "Tides[^note].\n\n[^note]: With `code` and *emphasis*.\n\nText after it.",
  "Tides[^1].\n\n[^1]: One.\n[^2]: Two.\n\nAnd[^2].",
  "Tides[^1].\n\n[^1]: - a list\n    - in it",
  "- Tides[^1]\n\n[^1]: Twice.",
  "| a[^1] |\n|---|\n| b |\n\n[^1]: In a table.",
  "Tides[^1].\n\n[^1]: First.\n[^1]: Second of the same name.",
  "Tides[^1] and[^2].\n\n[^1]: See[^2].\n[^2]: Seen.",
];

export const GFM_EXAMPLES: readonly string[] = [
  ...AUTOLINKS,
  ...STRIKES,
  ...TABLES,
  ...TASKS,
  ...FOOTNOTES,
];

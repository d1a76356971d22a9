"""The npm package: packed, unpacked into a page of its own, compiled, rendered and run."""

import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devtools.npm_package import package
from devtools.setup import Setup
from shell import __version__
from tests.chromium import driver, headless, new_page
from tests.command import ROOT
from tests.host_process import HostProcess

ASK = """
import { useLlmInference } from "tidewire/react";
import { Markdown } from "tidewire/markdown";

export function Ask() {
  const { response, runInference, isLoading, status } = useLlmInference({ providerId: "echo" });
  return (
    <>
      <button onClick={() => runInference([{ role: "user", content: "# High *water*" }])}>
        Ask
      </button>
      <p>{status}</p>
      <Markdown text={response} live={isLoading} onOpenLink={() => {}} />
    </>
  );
}
"""
PAGE = """
import { createRoot } from "react-dom/client";
import { connect, createLlm, HostError, type Llm } from "tidewire";
import { LlmProvider } from "tidewire/react";
import "tidewire/markdown.css";
import { Ask } from "./Ask.jsx";

const host = await connect();
const llm: Llm = createLlm(host.bridge);
const refused = await host.call<number>("no.method").catch((error: unknown) => error);
document.title = refused instanceof HostError ? refused.code : "not refused";
const root = document.querySelector("main");
if (root !== null) createRoot(root).render(<LlmProvider llm={llm}><Ask /></LlmProvider>);
"""
SERVER = """
import { renderToString } from "react-dom/server";
import { connect } from "tidewire";
import { LlmProvider } from "tidewire/react";
import { Markdown } from "tidewire/markdown";
import { Ask } from "./Ask.jsx";

const llm = {} as Parameters<typeof LlmProvider>[0]["llm"];
const props = { text: "# Tides\\n\\nTwice a *day*.", live: false, onOpenLink() {} };
console.log(renderToString(<LlmProvider llm={llm}><Ask /><Markdown {...props} /></LlmProvider>));
console.log(await connect().catch((error: unknown) => `refused: ${error}`));
"""
STRICT = {
    "target": "ES2022",
    "lib": ["ES2023", "DOM"],
    "jsx": "react-jsx",
    "strict": True,
    "noEmit": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "types": ["vite/client", "node"],
}


@pytest.fixture(scope="module")
def folder(setup: Setup) -> Iterator[Path]:
    """A page of another program, in which the package is installed from its packed file.

    It lies inside the project, where React, Vite and TypeScript are found.
    """
    parent = ROOT / ".bench"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="npm-", dir=parent) as name:
        page_folder = Path(name)
        packed = package(setup, *setup.node(), page_folder)
        with tarfile.open(packed) as archive:
            archive.extractall(page_folder, filter="data")
        (page_folder / "node_modules").mkdir()
        (page_folder / "package").rename(page_folder / "node_modules" / "tidewire")
        for file, text in {"Ask.tsx": ASK, "page.tsx": PAGE, "server.tsx": SERVER}.items():
            (page_folder / file).write_text(text, "utf-8")
        (page_folder / "package.json").write_text('{"type": "module"}', "utf-8")
        (page_folder / "index.html").write_text(
            '<!doctype html><main></main><script type="module" src="/page.tsx"></script>', "utf-8"
        )
        yield page_folder


def run(setup: Setup, folder: Path, script: str, *arguments: str) -> str:
    node, _ = setup.node()
    command = [node, script, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vite(setup: Setup, folder: Path, *arguments: str) -> None:
    run(setup, folder, setup.script("vite/bin/vite.js"), "build", "--logLevel", "warn", *arguments)


def test_what_it_names_is_in_it(folder: Path) -> None:
    installed = folder / "node_modules" / "tidewire"
    manifest = json.loads((installed / "package.json").read_text("utf-8"))
    assert manifest["version"] == __version__
    assert manifest["peerDependencies"] == {"react": ">=19"}
    assert "react" not in manifest["dependencies"]
    named = json.dumps(manifest["exports"]).split('"')
    files = [name for name in named if name.startswith("./dist")]
    assert len(files) == 7
    assert [name for name in files if not (installed / name).is_file()] == []
    foreign = [p.name for p in installed.rglob("*") if ".test." in p.name or "fake" in str(p)]
    assert foreign == []


@pytest.mark.parametrize(
    ("module", "resolution"), [("ESNext", "bundler"), ("NodeNext", "NodeNext")]
)
def test_a_strict_page_compiles(setup: Setup, folder: Path, module: str, resolution: str) -> None:
    options = {**STRICT, "module": module, "moduleResolution": resolution}
    config = folder / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": options, "include": ["*.tsx"]}), "utf-8")
    run(setup, folder, setup.script("typescript/bin/tsc"), "-p", str(config))
    # A mistake is found, so the types are there.
    wrong = folder / "wrong.tsx"
    wrong.write_text('import { connect } from "tidewire"; (await connect()).call(5);', "utf-8")
    with pytest.raises(AssertionError, match="TS2345"):
        run(setup, folder, setup.script("typescript/bin/tsc"), "-p", str(config))
    wrong.unlink()


def test_a_server_renders_it_without_a_window(setup: Setup, folder: Path) -> None:
    vite(setup, folder, "--ssr", "server.tsx", "--outDir", "server")
    html = run(setup, folder, "server/server.js")
    assert "<p>idle</p>" in html
    assert "Tides" in html
    assert "<em>day</em>" in html
    assert "refused: HostError: " in html


@pytest.mark.browser
def test_a_page_of_it_asks_a_model(setup: Setup, folder: Path, tmp_path: Path) -> None:
    vite(setup, folder, "--outDir", "built")
    host = ("shell", "serve", "--no-open", "--data-dir", str(tmp_path))
    with (
        driver() as playwright,
        headless(playwright) as browser,
        HostProcess(*host, "--page", str(folder / "built")) as program,
    ):
        page = new_page(browser)
        page.goto(str(program.json_line()["url"]))
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_role("heading", name="High water")).to_be_visible()
        expect(page.get_by_text("done")).to_be_visible()
        expect(page).to_have_title("NOT_FOUND")
